package delay

import (
	"context"
	"net"
	"sync"
)

// pair is a client's connection with the server's that goes with it.
type pair struct {
	ctx    context.Context
	cancel context.CancelFunc
	client net.Conn

	mu     sync.Mutex
	server net.Conn // nil before it is dialed
	broken bool
}

func newPair(ctx context.Context, client net.Conn) *pair {
	one := &pair{client: client}
	one.ctx, one.cancel = context.WithCancel(ctx)
	return one
}

// join takes the server's connection. False: the pair was reset meanwhile, and the connection is closed.
func (one *pair) join(server net.Conn) bool {
	one.mu.Lock()
	defer one.mu.Unlock()
	if one.broken {
		_ = server.Close()
		return false
	}
	one.server = server
	return true
}

// reset ends both connections at once and hard: what is on its way is lost, and both ends are told by a reset.
func (one *pair) reset() {
	one.mu.Lock()
	defer one.mu.Unlock()
	if one.broken {
		return
	}
	one.broken = true
	one.cancel()
	for _, c := range []net.Conn{one.client, one.server} {
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // if it is gone, it needs no reset
		}
		if c != nil {
			_ = c.Close()
		}
	}
}

// close ends what is left of the pair in the ordinary way.
func (one *pair) close() {
	one.mu.Lock()
	defer one.mu.Unlock()
	one.broken = true
	one.cancel()
	_ = one.client.Close()
	if one.server != nil {
		_ = one.server.Close()
	}
}
