package dns

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
)

const zone = `$ORIGIN example.
$TTL 300
@ SOA ns hostmaster 1 3600 600 86400 300
@ NS ns
ns A 192.0.2.53
www A 192.0.2.1
www A 192.0.2.2
www AAAA 2001:db8::1
alias CNAME www
odd\.name TXT "a b" "c"
*.wild TXT "any"
sub NS ns.sub
ns.sub A 192.0.2.54
big TXT "%s"
big TXT "%s"
`

const knotConf = `server:
    rundir: %[1]q
    listen: 127.0.0.1@%[2]d
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: %[1]q
log:
  - target: stderr
    any: warning
template:
  - id: default
    storage: %[1]q
    journal-content: none
remote:
  - id: nobody
    address: 127.0.0.1@%[2]d
zone:
  - domain: example
    file: example.zone
  - domain: lame
    master: nobody
`

// knot starts a name server that we did not write, with zones of the test's own, and returns its address. It answers for example;
// lame it cannot load.
func knot(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("knotd")
	if err != nil {
		path = "/usr/sbin/knotd" // not on everybody's path
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatal("knotd is not installed; `make deps` installs it (Debian's package knot)")
	}
	dir, port := t.TempDir(), freePort(t)
	long := strings.Repeat("x", 250)
	for name, text := range map[string]string{
		"example.zone": fmt.Sprintf(zone, long+"1", long+"2"),
		"knot.conf":    fmt.Sprintf(knotConf, dir, port),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(path, "-c", filepath.Join(dir, "knot.conf"))
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
	})
	address := fmt.Sprintf("127.0.0.1:%d", port)
	q := new(dns.Msg)
	q.SetQuestion("www.example.", dns.TypeA)
	for range 1000 {
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("knotd: %v\n%s", err, log.Bytes())
		default:
		}
		for _, network := range []string{"udp", "tcp"} {
			c := dns.Client{Net: network, Timeout: time.Second}
			if a, _, err := c.Exchange(q, address); err == nil && a.Rcode == dns.RcodeSuccess && network == "tcp" {
				return address
			}
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("knotd does not answer")
	return ""
}

// freePort returns a port of 127.0.0.1 that nobody uses, over TCP or over UDP.
func freePort(t *testing.T) int {
	t.Helper()
	for range 100 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		port := l.Addr().(*net.TCPAddr).Port
		u, err := net.ListenPacket("udp", l.Addr().String())
		l.Close()
		if err == nil {
			u.Close()
			return port
		}
	}
	t.Fatal("no free port")
	return 0
}

// client asks over one socket or connection through the codec.
type client struct {
	codec  transport.Datagrams
	target *load.Target
	conn   net.Conn
	stream transport.Conn
	key    uint64
}

func dial(t *testing.T, address string, target *load.Target, change func(*Config)) *client {
	t.Helper()
	network := "tcp"
	if target.Datagram {
		network = "udp"
	}
	conn, err := net.Dial(network, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	codec := newCodec(t, change)
	return &client{codec: codec, target: target, conn: conn, stream: codec.NewConn()}
}

// ask sends a line and returns the outcome's name and what is kept. edit changes the message before it is sent.
func (c *client) ask(t *testing.T, line string, edit func(msg []byte)) (status string, lines []string) {
	t.Helper()
	req, resp := &load.Request{Body: []byte(line)}, &load.Response{Keep: 10000}
	wire, err := c.codec.AppendRequest(nil, req, c.target)
	if err != nil {
		t.Fatal(err)
	}
	if edit != nil {
		edit(message(t, wire, c.target))
	}
	if c.target.Datagram {
		c.key++
		c.codec.Stamp(wire, c.key)
	} else {
		c.stream.(transport.Stamper).Stamp(wire, req)
		c.stream.Start(req)
	}
	if _, err := c.conn.Write(wire); err != nil {
		t.Fatal(err)
	}
	if err := c.read(resp); err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	lines = strings.Split(strings.TrimRight(string(resp.Content), "\n"), "\n")
	slices.Sort(lines)
	return c.codec.StatusName(resp.Status), lines
}

func (c *client) read(resp *load.Response) error {
	buf, have := make([]byte, 65537), 0
	for {
		n, err := c.conn.Read(buf[have:])
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if have += n; !c.target.Datagram {
			if _, done, perr := c.stream.Parse(buf[:have], err != nil, resp); done || perr != nil {
				return perr
			}
			continue
		}
		key, found, err := c.codec.ParseDatagram(buf[:n], resp)
		if err == nil && (key != c.key || !found) {
			err = fmt.Errorf("key %d, found %v; want %d", key, found, c.key)
		}
		return err
	}
}

// TestKnot: outcomes and answers of a server that we did not write, over UDP and over TCP.
func TestKnot(t *testing.T) {
	address := knot(t)
	setType := func(kind uint16) func([]byte) {
		return func(msg []byte) { binary.BigEndian.PutUint16(msg[len(msg)-11-4:], kind) }
	}
	for _, c := range []struct {
		line   string
		edit   func(msg []byte)
		status string // over UDP
		stream string // over TCP; empty: the same; -: it closes, or answers in many messages
		want   []string
	}{
		{"www.example", nil, "NOERROR", "", []string{"www.example. 300 IN A 192.0.2.1", "www.example. 300 IN A 192.0.2.2"}},
		{"www.example. aaaa in", nil, "NOERROR", "", []string{"www.example. 300 IN AAAA 2001:db8::1"}},
		{"alias.example AAAA", nil, "NOERROR", "", []string{"alias.example. 300 IN CNAME www.example.", "www.example. 300 IN AAAA 2001:db8::1"}},
		{`odd\.name.example TXT`, nil, "NOERROR", "", []string{`odd\.name.example. 300 IN TXT "a b" "c"`}},
		{`\097ny.wild.example TYPE16`, nil, "NOERROR", "", []string{`any.wild.example. 300 IN TXT "any"`}},
		{"www.example MX", nil, "nodata", "", []string{""}},
		{"host.sub.example", nil, "referral", "", []string{""}},
		{"nothing.example", nil, "NXDOMAIN", "", []string{""}},
		{"www.elsewhere", nil, "REFUSED", "", []string{""}},
		{"www.example A CH", nil, "REFUSED", "", []string{""}},
		{"www.lame", nil, "SERVFAIL", "", []string{""}},
		{"example", func(msg []byte) { msg[11] = 2 }, "FORMERR", "-", nil},
		{"example", setType(dns.TypeAXFR), "NOTIMP", "-", nil},
		{"elsewhere", setType(dns.TypeIXFR), "NOTAUTH", "-", nil},
		{"example", func(msg []byte) { msg[len(msg)-5] = 1 }, "BADVERS", "", nil},
		{"big.example TXT", nil, "truncated", "NOERROR", nil},
	} {
		for _, target := range []*load.Target{overUDP, overTCP} {
			want := c.status
			if !target.Datagram && c.stream != "" {
				want = c.stream
			}
			if want == "-" {
				continue
			}
			one := dial(t, address, target, func(c *Config) { c.EDNS.Size = 512 })
			for range 2 {
				status, lines := one.ask(t, c.line, c.edit)
				if status != want || c.want != nil && !slices.Equal(lines, c.want) {
					t.Errorf("%.60s, datagram %v: %s %q; want %s %q", c.line, target.Datagram, status, lines, want, c.want)
				}
			}
		}
	}
}
