// Package delay is a TCP proxy that takes its time, for tests of what a far or a broken network does: bytes arrive a fixed time after they were
// sent, in their order, in both directions. It can be cut, mended and broken.
package delay

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"
)

// Proxy stands between clients and a server. Its methods are safe for concurrent use.
//
// The client's connection is accepted by this machine's kernel, so connecting looks fast; the server is dialed one delay later. All that
// comes after it, the end of a connection included, takes the delay.
type Proxy struct {
	listener net.Listener
	dial     func(context.Context) (net.Conn, error)
	ctx      context.Context
	cancel   context.CancelFunc
	work     sync.WaitGroup

	mu    sync.Mutex
	each  time.Duration
	open  chan struct{} // closed while bytes may pass
	pairs map[*pair]struct{}
}

// New starts a proxy: connections to l go on by dial, each way taking as long as told. It is closed when the test ends.
func New(t testing.TB, l net.Listener, dial func(context.Context) (net.Conn, error), each time.Duration) *Proxy {
	p := &Proxy{listener: l, dial: dial, each: each, open: make(chan struct{}), pairs: map[*pair]struct{}{}}
	close(p.open)
	p.ctx, p.cancel = context.WithCancel(context.Background())
	p.work.Go(p.accept)
	t.Cleanup(p.Close)
	return p
}

// Addr is where clients connect to.
func (p *Proxy) Addr() net.Addr { return p.listener.Addr() }

// SetDelay changes the delay of what is sent from now on. Order is kept: bytes never overtake earlier ones.
func (p *Proxy) SetDelay(each time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.each = each
}

// Cut holds everything back, as a network does that loses every packet: connections stay, nothing passes, and new ones come to nothing.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.open:
		p.open = make(chan struct{})
	default: // is cut
	}
}

// Mend ends a cut. What was held back passes at once, in order, as when TCP sends again.
func (p *Proxy) Mend() {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.open:
	default:
		close(p.open)
	}
}

// Break resets every connection, on both sides and at once; new ones are served.
func (p *Proxy) Break() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for one := range p.pairs {
		one.reset()
	}
}

// Connections is how many connections of clients are open.
func (p *Proxy) Connections() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.pairs)
}

// Close ends the proxy with all its connections and waits for it.
func (p *Proxy) Close() {
	p.cancel()
	_ = p.listener.Close() // the test may have closed it
	p.Break()
	p.work.Wait()
}

func (p *Proxy) accept() {
	for {
		c, err := p.listener.Accept()
		if err != nil {
			return // closed
		}
		one := newPair(p.ctx, c)
		p.mu.Lock()
		p.pairs[one] = struct{}{}
		p.mu.Unlock()
		p.work.Go(func() { p.serve(one) })
	}
}

// serve connects to the server and passes bytes until the connection has ended on both sides.
func (p *Proxy) serve(one *pair) {
	defer func() {
		p.mu.Lock()
		delete(p.pairs, one)
		p.mu.Unlock()
		one.close()
	}()
	if !p.await(one.ctx, time.Now().Add(p.delay())) {
		return
	}
	server, err := p.dial(one.ctx)
	if err != nil {
		one.reset()
		return
	}
	if !one.join(server) {
		return
	}
	var both sync.WaitGroup
	both.Go(func() { p.pass(one, one.server, one.client) })
	both.Go(func() { p.pass(one, one.client, one.server) })
	both.Wait()
}

func (p *Proxy) delay() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.each
}

// await waits until the moment has come and no cut is in the way. False: the connection has ended.
func (p *Proxy) await(ctx context.Context, at time.Time) bool {
	timer := time.NewTimer(time.Until(at))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return false
	}
	for {
		p.mu.Lock()
		open := p.open
		p.mu.Unlock()
		select {
		case <-open:
			return ctx.Err() == nil
		case <-ctx.Done():
			return false
		}
	}
}
