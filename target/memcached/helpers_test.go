package memcached

import (
	"bufio"
	"context"
	"io"
	"net"
	"os/exec"
	"os/user"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/iagoloadgen/iago/target/stream"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds every wait of a test for something that ought to come at once.
const patience = 20 * time.Second

func start(t testing.TB, o Options) *stream.Server {
	t.Helper()
	if o.Listen == "" {
		o.Listen = "127.0.0.1:0"
	}
	s, err := Start(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// peer is a client that speaks bytes.
type peer struct {
	net.Conn
	t testing.TB
	r *bufio.Reader
}

func dial(t testing.TB, network, address string) *peer {
	t.Helper()
	c, err := net.Dial(network, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(patience))
	return &peer{c, t, bufio.NewReader(c)}
}

// mark is a request whose answer is known: what comes before it answers what was sent before it.
const mark = "mn\r\n"

// ask sends requests and returns all of their answers.
func (p *peer) ask(requests string) string {
	p.t.Helper()
	if _, err := io.WriteString(p, requests+mark); err != nil {
		p.t.Fatal(err)
	}
	var out string
	for {
		line, err := p.r.ReadString('\n')
		if err != nil {
			p.t.Fatalf("%.80q: %q: %v", requests, out+line, err)
		}
		if line == "MN\r\n" {
			return out
		}
		out += line
	}
}

// startReal starts the memcached of Debian's package of that name, and returns its socket.
func startReal(t *testing.T) string {
	t.Helper()
	socket := t.TempDir() + "/s"
	args := []string{"-s", socket}
	if u, err := user.Current(); err == nil && u.Uid == "0" {
		args = append(args, "-u", "root")
	}
	c := exec.Command("memcached", args...)
	if err := c.Start(); err != nil {
		t.Fatalf("%v (Debian's package memcached)", err)
	}
	t.Cleanup(func() {
		c.Process.Kill()
		c.Wait()
	})
	for end := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		if c, err := net.Dial("unix", socket); err == nil {
			c.Close()
			return socket
		}
		if time.Now().After(end) {
			t.Fatal("memcached does not start")
		}
	}
}
