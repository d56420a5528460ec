package redis

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
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

func dial(t testing.TB, network, address string) net.Conn {
	t.Helper()
	c, err := net.Dial(network, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(patience))
	return c
}

// startReal starts the redis-server of Debian's package of that name, and returns its address.
func startReal(t *testing.T, args ...string) string {
	t.Helper()
	socket := t.TempDir() + "/s"
	c := exec.Command("redis-server", append([]string{"--port", "0", "--unixsocket", socket, "--save", "", "--dir", t.TempDir()}, args...)...)
	if err := c.Start(); err != nil {
		t.Fatalf("%v (Debian's package redis-server)", err)
	}
	t.Cleanup(func() {
		c.Process.Kill()
		c.Wait()
	})
	for end := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		if _, err := os.Stat(socket); err == nil {
			if c, err := net.Dial("unix", socket); err == nil {
				c.Close()
				return socket
			}
		}
		if time.Now().After(end) {
			t.Fatal("redis-server does not start")
		}
	}
}

// readReply reads one reply, RESP2 or RESP3, and returns its bytes.
func readReply(r *bufio.Reader) (string, error) {
	line, err := r.ReadString('\n')
	if err != nil {
		return line, err
	}
	var n int
	fmt.Sscanf(line[1:], "%d", &n)
	out := line
	switch line[0] {
	case '$':
		if n < 0 {
			return out, nil
		}
		b := make([]byte, n+2)
		for i := range b {
			if b[i], err = r.ReadByte(); err != nil {
				return out, err
			}
		}
		return out + string(b), nil
	case '%':
		n *= 2
	case '*', '~':
	default:
		return out, nil
	}
	for range max(n, 0) {
		part, err := readReply(r)
		out += part
		if err != nil {
			return out, err
		}
	}
	return out, nil
}

// encode makes an array of bulk strings.
func encode(args ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "*%d\r\n", len(args))
	for _, a := range args {
		fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(a), a)
	}
	return b.String()
}
