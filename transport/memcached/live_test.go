package memcached

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
)

// startServer starts Debian's memcached on a socket of its own or, where socket is empty, on a port of the loopback interface that
// the kernel chooses, and returns a connection to it.
func startServer(t *testing.T, socket string) net.Conn {
	t.Helper()
	path, err := exec.LookPath("memcached")
	if err != nil {
		t.Fatal("no memcached: `make deps` installs Debian's package memcached")
	}
	portFile := filepath.Join(t.TempDir(), "port")
	args := []string{"-m", "16", "-t", "1", "-U", "0"}
	if socket != "" {
		args = append(args, "-s", socket)
	} else {
		args = append(args, "-l", "127.0.0.1", "-p", "-1") // which port it is stands in the file
	}
	if os.Getuid() == 0 {
		args = append(args, "-u", "root")
	}
	var said bytes.Buffer
	c := exec.Command(path, args...)
	c.Stderr, c.Env = &said, append(os.Environ(), "MEMCACHED_PORT_FILENAME="+portFile)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Kill()
		_ = c.Wait()
	})
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(2 * time.Millisecond) {
		network, address := "unix", socket
		if socket == "" {
			written, _ := os.ReadFile(portFile)
			_, number, _ := strings.Cut(strings.TrimSpace(string(written)), "TCP INET: ")
			network, address = "tcp", "127.0.0.1:"+number
		}
		conn, err := net.Dial(network, address)
		if err == nil {
			t.Cleanup(func() { conn.Close() })
			return conn
		}
		if time.Now().After(deadline) {
			_ = c.Process.Kill()
			_ = c.Wait()
			t.Fatalf("memcached does not listen on %s: %v; it says: %s", address, err, said.Bytes())
		}
	}
}

// peer speaks to a server through the codec, as the engine does.
type peer struct {
	t     *testing.T
	codec transport.Codec
	conn  net.Conn
	state transport.Conn
	got   []byte // and not consumed so far
}

func newPeer(t *testing.T, conn net.Conn, change func(*Config)) *peer {
	codec := newCodec(t, change)
	return &peer{t: t, codec: codec, conn: conn, state: codec.NewConn()}
}

func (p *peer) send(requests ...*load.Request) {
	p.t.Helper()
	var wire []byte
	for _, req := range requests {
		var err error
		if wire, err = p.codec.AppendRequest(wire, req, nil); err != nil {
			p.t.Error(err)
		}
	}
	if _, err := p.conn.Write(wire); err != nil {
		p.t.Error(err)
	}
}

// receive reads one answer.
func (p *peer) receive(req *load.Request, keep int64) *load.Response {
	p.t.Helper()
	resp, buf := &load.Response{Keep: keep}, make([]byte, 64<<10)
	_ = p.conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	p.state.Start(req)
	for {
		n, done, err := p.state.Parse(p.got, false, resp)
		p.got = p.got[n:]
		if err != nil {
			p.t.Fatalf("%.80q: %v at %.80q", req.Body, err, p.got)
		}
		if done {
			return resp
		}
		k, err := p.conn.Read(buf)
		if err != nil {
			p.t.Fatalf("%.80q: %v after %.80q", req.Body, err, p.got)
		}
		p.got = append(p.got, buf[:k]...)
	}
}

// ask sends a command and returns its outcome by name, its content, and the header field of its first line.
func (p *peer) ask(line string) (status, content, first string) {
	p.t.Helper()
	req := body(line)
	p.send(req)
	resp := p.receive(req, 1<<20)
	if len(resp.Header) > 0 {
		first = string(resp.Header[0].Value)
	}
	return p.codec.StatusName(resp.Status), string(resp.Content), first
}

// conversation is every command, with every outcome that can be had. {cas} is the number that the last gets told. A content that
// begins with "~" is to be contained only.
var conversation = []struct{ line, status, content string }{
	{"get a", "miss", ""},
	{"set a 7 0 hello world", "stored", ""},
	{"get a", "hit", "hello world"},
	{"add a 0 0 other", "not stored", ""},
	{"add b 0 0 5", "stored", ""},
	{"replace c 0 0 x", "not stored", ""},
	{"replace b 0 0 41", "stored", ""},
	{"append c 0 0 x", "not stored", ""},
	{"append a 0 0 !", "stored", ""},
	{"prepend c 0 0 x", "not stored", ""},
	{"prepend a 0 0 2\r\n> \r\n", "stored", ""},
	{"get a b", "hit", "> hello world!41"},
	{"get a b c", "partial", "> hello world!41"},
	{"get c d", "miss", ""},
	{"get a a", "hit", "> hello world!> hello world!"},
	{"gets c b", "partial", "41"},
	{"gets b", "hit", "41"},
	{"cas b 0 0 {cas} 42", "stored", ""},
	{"cas b 0 0 {cas} 43", "exists", ""},
	{"cas c 0 0 {cas} 43", "not found", ""},
	{"incr b 8", "number", "50"},
	{"decr b 60", "number", "0"},
	{"incr c 1", "not found", ""},
	{"incr a 1", "CLIENT_ERROR cannot increment or decrement non-numeric value", ""},
	{"touch a 100", "touched", ""},
	{"touch c 100", "not found", ""},
	{"gat 100 a", "hit", "> hello world!"},
	{"gats 100 b c", "partial", "0 "}, // it keeps its length, as protocol.txt says
	{"gat 0 c", "miss", ""},
	{"delete b", "deleted", ""},
	{"delete b 0", "not found", ""},
	{"set e 0 -1 gone at once", "stored", ""},
	{"get e", "miss", ""},
	{"set empty 0 0 ", "stored", ""},
	{"get empty", "hit", ""},
	{"set bytes 0 0 9\r\n\r\nEND\r\n\x00\xff\r\n", "stored", ""},
	{"get bytes", "hit", "\r\nEND\r\n\x00\xff"},
	{"verbosity 0", "ok", ""},
	{"version", "ok", "~."},
	{"stats", "ok", "~STAT cmd_get "},
	{"stats items", "ok", "~STAT items:"},
	{"stats settings", "ok", "~STAT maxbytes "},
	{"stats slabs", "ok", "~STAT "},
	{"stats sizes", "ok", "~STAT sizes_status"},
	{"stats detail on", "ok", ""},
	{"stats detail dump", "ok", ""},
	{"stats cachedump 1 10", "ok", "~"},
	{"stats reset", "ok", ""},
	{"stats nonsense", "ERROR", ""},

	{"mn", "no-op", ""},
	{"mg m", "miss", ""},
	{"mg m v q", "miss", ""},
	{"ms m 2 T0 c\r\nhi\r\n", "stored", ""},
	{"mg m", "hit", ""},
	{"mg m s v t k Oabc", "hit", "hi"},
	{"mg m v q", "hit", "hi"},
	{"mg m q", "hit", ""},
	{"me m", "hit", "~m exp="},
	{"me n", "miss", ""},
	{"ms m 1 ME\r\nx\r\n", "not stored", ""},
	{"ms m 1 C1\r\nx\r\n", "exists", ""},
	{"ms n 1 C1\r\nx\r\n", "not found", ""},
	{"ms m 70 q", "quiet", ""},
	{"mg m v", "hit", fill70},
	{"ms m 1 ME q\r\nx\r\n", "not stored", ""},
	{"ms m 1 MX\r\nx\r\n", "CLIENT_ERROR invalid mode for ms M token", ""},
	{"ma n", "not found", ""},
	{"ma n N0 J13", "number", ""},
	{"ma n v D5", "number", "18"},
	{"ma n MD D100 v", "number", "0"},
	{"ma n q", "quiet", ""},
	{"ma n C1", "exists", ""},
	{"ma m", "CLIENT_ERROR cannot increment or decrement non-numeric value", ""},
	{"md n C1", "exists", ""},
	{"md n", "deleted", ""},
	{"md n", "not found", ""},
	{"md m q", "quiet", ""},
	{"mg a !", "CLIENT_ERROR invalid flag", ""},
	{"mg Zm9v b k v", "miss", ""},
	{"ms Zm9v 3 b\r\nbar\r\n", "stored", ""},
	{"get foo", "hit", "bar"},

	{"flush_all 0", "ok", ""},
	{"flush_all", "ok", ""},
	{"get a", "miss", ""},
	{"set big 0 0 1100000\r\n" + strings.Repeat("x", 1100000), "SERVER_ERROR object too large for cache", ""},
	{"get big", "miss", ""},
	{"set big 0 0 1000000\r\n" + strings.Repeat("y", 1000000), "stored", ""},
	{"get big", "hit", strings.Repeat("y", 1000000)},
}

func big(c *Config) { c.ValueLimit = 2 << 20 }

func TestMemcached(t *testing.T) {
	for _, socket := range []string{"", filepath.Join(t.TempDir(), "s")} {
		p := newPeer(t, startServer(t, socket), big)
		said := make([]string, len(conversation)) // each line as it was sent
		unique := ""
		for i, step := range conversation {
			said[i] = strings.ReplaceAll(step.line, "{cas}", unique)
			status, content, first := p.ask(said[i])
			want, part := strings.CutPrefix(step.content, "~")
			if status != step.status || content != step.content && (!part || !strings.Contains(content, want)) {
				t.Errorf("%.80q: %s %.100q %.100s; want %s %.100q", said[i], status, content, first, step.status, step.content)
			}
			if strings.HasPrefix(step.line, "gets b") {
				unique = first[strings.LastIndexByte(first, ' ')+1:]
			}
		}
		pipelined(t, said)
	}
}

// pipelined says all of it at once to a fresh server; the outcomes must be the same.
func pipelined(t *testing.T, said []string) {
	p := newPeer(t, startServer(t, ""), big)
	requests := make([]*load.Request, len(said))
	for i, line := range said {
		requests[i] = body(line)
	}
	sent := make(chan struct{})
	go func() { // the server stops reading when nobody reads from it
		defer close(sent)
		p.send(requests...)
	}()
	for i, req := range requests {
		resp := p.receive(req, 0)
		if got := p.codec.StatusName(resp.Status); got != conversation[i].status {
			t.Errorf("pipelined: %.80q: %s, want %s", said[i], got, conversation[i].status)
		}
	}
	<-sent
	if len(p.got) > 0 {
		t.Errorf("pipelined: %.80q is left", p.got)
	}
}

// TestMemcachedNoReply: commands without answers do what they say, and nothing is said to them.
func TestMemcachedNoReply(t *testing.T) {
	p := newPeer(t, startServer(t, ""), func(c *Config) { c.NoReply = true })
	for _, line := range []string{"set a 0 0 5", "add b 0 0 x", "append b 0 0 y", "incr a 2", "touch a 100", "verbosity 0", "set c 0 0 z", "delete c", "cas a 0 0 999 z"} {
		req := body(line)
		p.send(req)
		if !req.OneWay {
			t.Errorf("%s awaits an answer", line)
		}
	}
	if status, content, _ := p.ask("get a b c"); status != "partial" || content != "7xy" {
		t.Errorf("%s %q, want 7 and xy", status, content)
	}
	p.send(body("flush_all"))
	if status, _, _ := p.ask("get a b c"); status != "miss" {
		t.Errorf("after flush_all: %s", status)
	}
}

// TestMemcachedRefusedData: where the server takes data for commands after it has refused their line, the connection is given up.
func TestMemcachedRefusedData(t *testing.T) {
	p := newPeer(t, startServer(t, ""), nil)
	req := body("ms a 7 Tx\r\nversion\r\n")
	p.send(req)
	if resp := p.receive(req, 0); !resp.Close || !p.codec.ServerError(resp.Status) {
		t.Errorf("%s, close %v", p.codec.StatusName(resp.Status), resp.Close)
	}
}
