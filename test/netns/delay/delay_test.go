package delay

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// memory is a listener whose connections are pipes in memory, on which synctest keeps the time.
type memory struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (m *memory) Accept() (net.Conn, error) {
	select {
	case c := <-m.conns:
		return c, nil
	case <-m.closed:
		return nil, net.ErrClosed
	}
}

func (m *memory) Close() error   { m.once.Do(func() { close(m.closed) }); return nil }
func (m *memory) Addr() net.Addr { return &net.UnixAddr{} }

const each = 300 * time.Millisecond

// simulated is a proxy in memory with a client, and the server's end.
func simulated(t *testing.T) (p *Proxy, client, server net.Conn) {
	t.Helper()
	l := &memory{conns: make(chan net.Conn), closed: make(chan struct{})}
	servers := make(chan net.Conn, 1)
	p = New(t, l, func(context.Context) (net.Conn, error) {
		near, far := net.Pipe()
		servers <- far
		return near, nil
	}, each)
	client, near := net.Pipe()
	began := time.Now()
	l.conns <- near
	server = <-servers
	if d := time.Since(began); d != each {
		t.Errorf("the server was dialed after %v, expected %v", d, each)
	}
	return p, client, server
}

// arrivals reads n bytes and tells when each came.
func arrivals(c net.Conn, n int) <-chan []time.Duration {
	began, done := time.Now(), make(chan []time.Duration, 1)
	go func() {
		var list []time.Duration
		b := make([]byte, 1)
		for range n {
			if _, err := io.ReadFull(c, b); err != nil {
				break
			}
			list = append(list, time.Since(began))
		}
		done <- list
	}()
	return done
}

func send(t *testing.T, c net.Conn, b byte) {
	t.Helper()
	if _, err := c.Write([]byte{b}); err != nil {
		t.Error(err)
	}
}

func expect(t *testing.T, got <-chan []time.Duration, want ...time.Duration) {
	t.Helper()
	list := <-got
	if len(list) != len(want) {
		t.Fatalf("arrived at %v, expected %v", list, want)
	}
	for i := range want {
		if list[i] != want[i] {
			t.Errorf("arrived at %v, expected %v", list, want)
			return
		}
	}
}

func TestDelay(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct {
		name string
		play func(t *testing.T, p *Proxy, from net.Conn)
		want []time.Duration
	}{
		{"each takes the delay", func(t *testing.T, _ *Proxy, from net.Conn) {
			send(t, from, 1)
			time.Sleep(100 * ms)
			send(t, from, 2)
		}, []time.Duration{each, each + 100*ms}},
		{"order is kept when the delay shrinks", func(t *testing.T, p *Proxy, from net.Conn) {
			send(t, from, 1)
			time.Sleep(100 * ms)
			p.SetDelay(0)
			send(t, from, 2)
			time.Sleep(300 * ms)
			send(t, from, 3)
		}, []time.Duration{each, each, 400 * ms}},
		{"a cut holds back", func(t *testing.T, p *Proxy, from net.Conn) {
			send(t, from, 1)
			time.Sleep(400 * ms)
			p.Cut()
			p.Cut()
			send(t, from, 2)
			time.Sleep(1000 * ms)
			send(t, from, 3)
			time.Sleep(100 * ms)
			p.Mend()
			p.Mend()
		}, []time.Duration{each, 1500 * ms, 1700 * ms}},
	} {
		for _, back := range []bool{false, true} {
			t.Run(c.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					p, client, server := simulated(t)
					from, to := client, server
					if back {
						from, to = server, client
					}
					got := arrivals(to, len(c.want))
					c.play(t, p, from)
					expect(t, got, c.want...)
				})
			})
		}
	}
}

func TestNoConnectionDuringACut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &memory{conns: make(chan net.Conn), closed: make(chan struct{})}
		began, dialed := time.Now(), make(chan time.Duration, 1)
		p := New(t, l, func(context.Context) (net.Conn, error) {
			dialed <- time.Since(began)
			return nil, errors.New("refused")
		}, each)
		p.Cut()
		client, near := net.Pipe()
		l.conns <- near
		time.Sleep(time.Second)
		p.Mend()
		if d := <-dialed; d != time.Second {
			t.Errorf("the server was dialed after %v", d)
		}
		if _, err := client.Read(make([]byte, 1)); err == nil {
			t.Error("the client is not told that the server refused")
		}
	})
}

// real is a proxy over TCP to a server that handle serves.
func real(t *testing.T, delay time.Duration, handle func(net.Conn)) (*Proxy, *net.TCPConn) {
	t.Helper()
	listen := func() net.Listener {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		return l
	}
	server := listen()
	var served sync.WaitGroup
	t.Cleanup(served.Wait)
	served.Go(func() {
		for {
			c, err := server.Accept()
			if err != nil {
				return
			}
			served.Go(func() { defer c.Close(); handle(c) })
		}
	})
	t.Cleanup(func() { server.Close() })
	var d net.Dialer
	p := New(t, listen(), func(ctx context.Context) (net.Conn, error) { return d.DialContext(ctx, "tcp", server.Addr().String()) }, delay)
	c, err := net.Dial("tcp", p.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	return p, c.(*net.TCPConn)
}

func TestBytesAreKept(t *testing.T) {
	_, c := real(t, 20*time.Millisecond, func(c net.Conn) { _, _ = io.Copy(c, c) })
	sent := make([]byte, 16<<20)
	rand.NewChaCha8([32]byte{1}).Read(sent)
	go func() {
		_, _ = c.Write(sent)
		_ = c.CloseWrite() // the server ends when it has read all; its answer still comes
	}()
	got, err := io.ReadAll(c)
	if err != nil || !bytes.Equal(got, sent) {
		t.Errorf("sent %d bytes, got %d other ones, %v", len(sent), len(got), err)
	}
}

func TestBreak(t *testing.T) {
	broken := make(chan error, 1)
	p, c := real(t, 0, func(c net.Conn) {
		_, err := io.Copy(c, c)
		broken <- err
	})
	if _, err := c.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	if n := p.Connections(); n != 1 {
		t.Errorf("%d connections", n)
	}
	p.Break()
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("client: %v, expected a reset", err)
	}
	if err := <-broken; !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("server: %v, expected a reset", err)
	}
}

func TestResetPasses(t *testing.T) {
	_, c := real(t, time.Millisecond, func(c net.Conn) {
		_, _ = c.Read(make([]byte, 1))
		_ = c.(*net.TCPConn).SetLinger(0) // closing resets
	})
	if _, err := c.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("client: %v, expected the server's reset", err)
	}
}
