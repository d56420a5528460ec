package thrift

import (
	"bufio"
	"errors"
	"io"
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

// The interface of a service that this module knows nothing of: with an include, a union, an exception, a map of lists, an
// inherited method, and methods that the server lacks.
var shopIDL = map[string]string{
	"types.thrift": `
namespace py shop_types
enum Size { SMALL = 1, LARGE = 5 }
struct Item { 1: required string name, 2: Size size = Size.SMALL, 3: optional double price, 4: optional binary picture }
union Payment { 1: i64 cents, 2: string voucher }
exception OutOfStock { 1: string item, 2: i32 left }
`,
	"shop.thrift": `
include "types.thrift"
namespace py shop
typedef map<string, list<types.Item>> Shelves
service Base { void ping() }
service Shop extends Base {
  types.Item find(1: string name) throws (1: types.OutOfStock out)
  Shelves shelves(1: list<string> names)
  string pay(1: types.Payment how)
  oneway void visit(1: string who)
  i32 visits()
  string crash()
  i64 sum(1: list<i64> numbers)
}
service Newer extends Shop { void later() }
`,
}

// shop writes the IDL to a folder and has Debian's compiler make Python of it.
func shop(t *testing.T) (file, generated string) {
	t.Helper()
	dir := t.TempDir()
	file, generated = filepath.Join(dir, "shop.thrift"), filepath.Join(dir, "generated")
	for name, text := range shopIDL {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(generated, 0o700); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("thrift", "-r", "--gen", "py", "-out", generated, file).CombinedOutput(); err != nil {
		t.Fatalf("thrift (Debian: thrift-compiler): %v: %s", err, out)
	}
	return file, generated
}

// python starts a server with Debian's library (python3-thrift), which only the system's own Python has.
func python(t *testing.T, arguments ...string) (address string) {
	t.Helper()
	cmd := exec.Command("/usr/bin/python3", append([]string{"testdata/server.py"}, arguments...)...)
	cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close()
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	port, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("the server does not tell its port: %v", err)
	}
	return "127.0.0.1:" + strings.TrimSpace(port)
}

// link is a connection with its codec.
type link struct {
	t     *testing.T
	codec transport.Codec
	conn  transport.Conn
	net   net.Conn
	left  []byte
}

func dial(t *testing.T, codec transport.Codec, address string) *link {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	return join(t, codec, c)
}

// join begins a connection, with the greeting if there is one.
func join(t *testing.T, codec transport.Codec, c net.Conn) *link {
	t.Helper()
	t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	l := &link{t: t, codec: codec, conn: codec.NewConn(), net: c}
	greeter, ok := l.conn.(transport.Greeter)
	if !ok {
		return l
	}
	l.write(greeter.Greet(nil))
	for done := false; !done; {
		eof := l.read()
		n, said, ok, err := greeter.Welcome(l.left, eof, nil)
		if err != nil || len(said) > 0 {
			t.Fatalf("welcome: %q, %v", said, err)
		}
		l.left, done = l.left[n:], ok
	}
	return l
}

func (l *link) write(b []byte) {
	l.t.Helper()
	if _, err := l.net.Write(b); err != nil {
		l.t.Fatal(err)
	}
}

func (l *link) read() (eof bool) {
	l.t.Helper()
	b := make([]byte, 7) // in small pieces
	n, err := l.net.Read(b)
	if err != nil && !errors.Is(err, io.EOF) {
		l.t.Fatal(err)
	}
	l.left = append(l.left, b[:n]...)
	return err != nil
}

// call sends req and returns the answer's status and content.
func (l *link) call(method, body string) (status, content string) {
	l.t.Helper()
	req := &load.Request{Method: []byte(method), Body: []byte(body)}
	var err error
	if req.Wire, err = l.codec.AppendRequest(nil, req, nil); err != nil {
		l.t.Fatal(err)
	}
	sent := append([]byte(nil), req.Wire...)
	if s, ok := l.conn.(transport.Stamper); ok {
		s.Stamp(sent, req)
	}
	l.write(sent)
	if req.OneWay {
		return "sent", ""
	}
	l.conn.Start(req)
	resp := &load.Response{Keep: 1 << 20}
	for {
		eof := l.read()
		n, done, err := l.conn.Parse(l.left, eof, resp)
		l.left = l.left[n:]
		if err != nil {
			return err.Error(), ""
		}
		if done {
			return l.codec.StatusName(resp.Status), string(resp.Content)
		}
	}
}

type exchange struct{ method, args, status, content string }

// shopCalls are calls of the service with their answers; visits come last, since one-way calls have none to wait for.
var shopCalls = []exchange{
	{"ping", `{}`, "ok", `{}`},
	{"find", `{"name": "hat"}`, "ok", `{"success":{"name":"hat","size":"LARGE","price":2.5,"picture":"AP8="}}`},
	{"find", `{"name": "gone"}`, "exception OutOfStock", `{"exception":"OutOfStock","value":{"item":"gone","left":-3}}`},
	{"shelves", `{"names": ["é"]}`, "ok", `{"success":{"é":[{"name":"é0","size":"SMALL"},{"name":"é1","size":"SMALL"},{"name":"é2","size":"SMALL"}]}}`},
	{"pay", `{"how": {"cents": 9007199254740993}}`, "ok", `{"success":"cents 9007199254740993"}`},
	{"pay", `{"how": {"voucher": "\"x\""}}`, "ok", `{"success":"voucher \"x\""}`},
	{"sum", `{"numbers": [9007199254740992, 1]}`, "ok", `{"success":9007199254740993}`},
	{"crash", ``, "application exception: internal error", `{"message":"Internal error","application_exception":"internal error"}`},
	{"later", ``, "application exception: unknown method", `{"message":"Unknown function later","application_exception":"unknown method"}`},
	{"visit", `{"who": "me"}`, "sent", ""},
	{"visits", `{}`, "ok", `{"success":1}`},
}

// The IDL alone tells how to call a service of another language, over all transports and protocols that its library has, in
// all its kinds of servers.
func TestPythonServers(t *testing.T) {
	file, generated := shop(t)
	servers := [][3]string{
		{"simple", "framed", "binary"},
		{"simple", "buffered", "json"},
		{"simple", "header", "binary"},
		{"threaded", "buffered", "binary"},
		{"threaded", "framed", "json"},
		{"threaded", "header", "compact"},
		{"pool", "framed", "compact"},
		{"pool", "buffered", "compact"},
		{"nonblocking", "framed", "binary"},
		{"nonblocking", "framed", "compact"},
		{"forking", "buffered", "binary"},
	}
	for _, s := range servers {
		t.Run(strings.Join(s[:], "/"), func(t *testing.T) {
			t.Parallel()
			codec := newCodec(t, func(c *Config) {
				c.IDL, c.Service, c.Transport, c.Protocol = file, "Newer", s[1], s[2]
				if s[1] == "header" {
					c.Info = map[string]string{"caller": "iago", "trace": "1"}
				}
			})
			dial(t, codec, python(t, generated, s[0], s[1], s[2])).all(shopCalls)
		})
	}
}
