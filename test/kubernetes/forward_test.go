//go:build linux

package kubernetes

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"time"
)

// forward starts a forwarder that dials so.
func forward(t *testing.T, dial func(context.Context) (net.Conn, error)) *forwarder {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	f := &forwarder{dial: dial, listener: l, cancel: cancel, conns: map[net.Conn]bool{}}
	f.running.Go(func() { f.accept(ctx) })
	t.Cleanup(f.close)
	return f
}

// reach connects to a forwarder, and never waits long.
func reach(t *testing.T, f *forwarder) *net.TCPConn {
	t.Helper()
	c, err := net.Dial("tcp", f.listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	return c.(*net.TCPConn)
}

// echo is a server that answers with everything once its client has ended.
func echo(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { l.Close(); <-done })
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			all, _ := io.ReadAll(c)
			_, _ = c.Write(all)
			c.Close()
		}
	}()
	return l
}

func TestForwardPassesBytesAndEnds(t *testing.T) {
	server := echo(t)
	f := forward(t, func(ctx context.Context) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", server.Addr().String())
	})
	for range 3 {
		c := reach(t, f)
		_, _ = io.WriteString(c, "there and back")
		_ = c.CloseWrite()
		if all, err := io.ReadAll(c); string(all) != "there and back" || err != nil {
			t.Errorf("%q, %v", all, err)
		}
	}
}

func TestForwardToNobody(t *testing.T) {
	f := forward(t, func(context.Context) (net.Conn, error) { return nil, errors.New("nobody") })
	c := reach(t, f)
	if n, err := c.Read(make([]byte, 1)); n != 0 || err == nil {
		t.Errorf("%d, %v", n, err)
	}
}

// TestForwardCloses: closing ends connections that are open, and one that is being made.
func TestForwardCloses(t *testing.T) {
	server := echo(t)
	f := forward(t, func(ctx context.Context) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", server.Addr().String())
	})
	open := reach(t, f)
	_, _ = io.WriteString(open, "x")
	stuck := forward(t, func(ctx context.Context) (net.Conn, error) { <-ctx.Done(); return nil, ctx.Err() })
	waiting := reach(t, stuck)
	f.close()
	stuck.close()
	for _, c := range []net.Conn{open, waiting} {
		if _, err := io.ReadAll(c); errors.Is(err, context.DeadlineExceeded) {
			t.Error("a connection is open still")
		}
	}
}
