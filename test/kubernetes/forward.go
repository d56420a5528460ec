//go:build linux

package kubernetes

import (
	"context"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// forwarder takes connections on the machine's loopback to an address that a host of the cluster reaches.
type forwarder struct {
	dial     func(context.Context) (net.Conn, error)
	listener net.Listener
	running  sync.WaitGroup
	cancel   context.CancelFunc

	mu    sync.Mutex
	conns map[net.Conn]bool // nil when it is closed
}

// Forward returns an address of 127.0.0.1 that leads, by way of a host, to an address of the cluster's: a test reaches a pod's port, or a
// server on a host, with any client. It ends with the cluster.
func (c *Cluster) Forward(host, address string) (string, error) {
	if _, err := c.host(host); err != nil {
		return "", err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("kubernetes: forward: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	f := &forwarder{listener: l, cancel: cancel, conns: map[net.Conn]bool{}}
	f.dial = func(ctx context.Context) (net.Conn, error) {
		ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		return c.Dial(ctx, host, "tcp", address)
	}
	c.mu.Lock()
	c.forwarders = append(c.forwarders, f)
	c.mu.Unlock()
	f.running.Go(func() { f.accept(ctx) })
	return l.Addr().String(), nil
}

// accept serves until the listener is closed.
func (f *forwarder) accept(ctx context.Context) {
	for {
		from, err := f.listener.Accept()
		if err != nil {
			return
		}
		f.running.Go(func() { f.join(ctx, from) })
	}
}

// join passes bytes both ways until both sides have ended. A side that cannot be reached shows as a connection closed at once.
func (f *forwarder) join(ctx context.Context, from net.Conn) {
	defer from.Close()
	to, err := f.dial(ctx)
	if err != nil {
		return
	}
	defer to.Close()
	if !f.keep(from, to) {
		return
	}
	defer f.drop(from, to)
	var back sync.WaitGroup
	back.Go(func() { pass(from, to) })
	pass(to, from)
	back.Wait()
}

// pass copies to the end, and passes on that it has come.
func pass(to, from net.Conn) {
	if _, err := io.Copy(to, from); err != nil {
		to.Close() // a broken connection has no half that is of use
		from.Close()
		return
	}
	if half, ok := to.(*net.TCPConn); ok {
		_ = half.CloseWrite()
	}
}

// keep remembers connections for close, unless it has come already.
func (f *forwarder) keep(conns ...net.Conn) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.conns == nil {
		return false
	}
	for _, c := range conns {
		f.conns[c] = true
	}
	return true
}

func (f *forwarder) drop(conns ...net.Conn) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range conns {
		delete(f.conns, c)
	}
}

// close ends all connections and waits for the goroutines.
func (f *forwarder) close() {
	f.cancel()
	f.listener.Close()
	f.mu.Lock()
	for c := range f.conns {
		c.Close()
	}
	f.conns = nil
	f.mu.Unlock()
	f.running.Wait()
}
