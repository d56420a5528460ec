package http

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/iagoloadgen/iago/target/cert"
	"github.com/iagoloadgen/iago/target/model"
)

// portable serves each connection with a goroutine, over TLS too. It takes up the next request of a connection
// only when it is done with the one before, so a pipelined request arrives when the answer before it has left.
// A request's arrival is when its last byte was read; answers leave up to about 1 ms late, as the system's timers do.
type portable struct {
	s        *Server
	listener net.Listener
	config   *tls.Config // nil: no TLS
	t        *tally
	wg       sync.WaitGroup

	mu    sync.Mutex
	conns map[net.Conn]struct{} // nil once stopped
}

func newPortable(ctx context.Context, s *Server) (path, error) {
	p := &portable{s: s, t: newTally(), conns: map[net.Conn]struct{}{}}
	if s.options.TLS {
		var err error
		if p.config, s.pem, err = cert.Config(s.options.CertFile, s.options.KeyFile, s.options.Listen, "http/1.1"); err != nil {
			return nil, fmt.Errorf("target/http: %w", err)
		}
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", s.options.Listen)
	if err != nil {
		return nil, fmt.Errorf("target/http: %w", err)
	}
	p.listener, s.addr, s.tallies = l, l.Addr(), []*tally{p.t}
	return p, nil
}

func (p *portable) run() { p.wg.Go(p.accept) }

func (p *portable) end() {
	p.mu.Lock()
	open := p.conns
	p.conns = nil
	p.mu.Unlock()
	_ = p.listener.Close() // nobody is left to be told
	for c := range open {
		_ = c.Close()
	}
	p.wg.Wait()
}

// accept takes connections until the listener is closed. Other errors (descriptors have run out) are waited out.
func (p *portable) accept() {
	for {
		c, err := p.listener.Accept()
		if err != nil {
			if !p.s.life.SleepUntil(p.s.now() + int64(10*time.Millisecond)) {
				return
			}
			continue
		}
		if !p.s.life.Thaw() || !p.admit(c) {
			_ = c.Close()
			return
		}
		p.wg.Go(func() { p.serve(c) })
	}
}

// admit notes c as open; false: the path has ended.
func (p *portable) admit(c net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.conns == nil {
		return false
	}
	p.conns[c] = struct{}{}
	p.s.connected()
	return true
}

// leave closes c and forgets it.
func (p *portable) leave(c net.Conn) {
	_ = c.Close() // it may be closed already
	p.mu.Lock()
	delete(p.conns, c)
	p.mu.Unlock()
	p.s.disconnected()
}

// client is one connection.
type client struct {
	*portable
	raw  net.Conn
	rw   net.Conn // raw, or TLS on it
	w    *bufio.Writer
	sess session
}

func (p *portable) serve(raw net.Conn) {
	defer p.leave(raw)
	c := &client{portable: p, raw: raw, rw: raw, sess: session{limits: p.s.options.limits()}}
	counted := &counter{Conn: raw, t: p.t}
	c.rw = counted
	if p.config != nil {
		c.rw = tls.Server(counted, p.config)
	}
	c.w = bufio.NewWriterSize(c.rw, 16<<10)
	buf, n := make([]byte, 16<<10), 0
	for {
		if n == len(buf) {
			buf = append(buf, make([]byte, len(buf))...)
		}
		m, err := c.rw.Read(buf[n:])
		n += m
		arrival := p.s.now()
		if m > 0 && !p.s.life.Thaw() {
			return
		}
		used, ok := c.feed(buf[:n], arrival)
		if c.w.Flush() != nil || !ok || err != nil {
			return
		}
		n = copy(buf, buf[used:n])
	}
}

// feed serves what is whole in src, of which the last byte came in at arrival; false: the connection is done with.
func (c *client) feed(src []byte, arrival int64) (used int, ok bool) {
	for used < len(src) {
		n, what, bad := c.sess.next(src[used:])
		used += n
		var r reply
		c.t.mu.Lock()
		switch {
		case bad != nil:
			r = c.s.desk.refuse(bad, arrival, c.t)
		case what == wantsGoing:
			r = c.s.desk.goOn(arrival)
		case what == complete:
			r = c.s.desk.take(&c.sess, arrival, c.t)
		}
		c.t.mu.Unlock()
		if bad == nil && what == more {
			break
		}
		if !c.carryOut(&r, bad != nil || used < len(src)) {
			return used, false
		}
		if used < len(src) {
			arrival = c.s.now()
		}
	}
	return used, true
}

// carryOut does what r says at the moment that it says; false: the connection is done with. What it writes goes out
// with the next flush; unread says that the client has sent what will not be read.
func (c *client) carryOut(r *reply, unread bool) bool {
	if waits := r.kind == model.Hang || r.depart > c.s.now(); waits && c.w.Flush() != nil {
		c.abandon(r)
		return false
	}
	if r.kind == model.Hang {
		_, _ = io.Copy(io.Discard, c.rw) // until the client gives up
		return false
	}
	if !c.s.life.SleepUntil(r.depart) || !c.s.life.Thaw() {
		c.abandon(r)
		return false
	}
	switch r.kind {
	case model.Close:
		return false
	case model.Reset:
		reset(c.raw)
		return false
	case model.Garbage:
		_, _ = c.w.Write(garbage) // the connection ends either way
		return false
	}
	if r.stats {
		r.answer = c.s.statsAnswer(&c.sess.req)
	}
	c.t.mu.Lock()
	c.t.answered(r, c.s.now()-r.depart, c.s.desk.timed)
	c.t.mu.Unlock()
	_, _ = c.w.Write(r.answer.head) // an error stays in w
	_, _ = c.w.Write(r.answer.body)
	if !r.last {
		return true
	}
	if c.w.Flush() == nil {
		c.finish(unread)
	}
	return false
}

func (c *client) abandon(r *reply) {
	c.t.mu.Lock()
	defer c.t.mu.Unlock()
	c.t.abandon(r)
}

// finish ends the connection so that the client gets all of the answer, even if it is still sending: closing with
// bytes unread would reset the connection (RFC 9112, section 9.6).
func (c *client) finish(unread bool) {
	half, ok := c.rw.(interface{ CloseWrite() error })
	if !ok {
		half, ok = c.raw.(interface{ CloseWrite() error })
	}
	if !unread || !ok || half.CloseWrite() != nil {
		return
	}
	_ = c.rw.SetReadDeadline(time.Now().Add(lingering))
	_, _ = io.Copy(io.Discard, c.rw) // until the client has closed, or lingered too long
}

// reset makes the connection's end a reset.
func reset(c net.Conn) {
	if t, ok := c.(*net.TCPConn); ok {
		_ = t.SetLinger(0) // if it fails, the connection is gone already
	}
}

// counter counts the bytes of a connection.
type counter struct {
	net.Conn
	t *tally
}

func (c *counter) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.t.mu.Lock()
	c.t.received += int64(n)
	c.t.mu.Unlock()
	return n, err
}

func (c *counter) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.t.mu.Lock()
	c.t.sent += int64(n)
	c.t.mu.Unlock()
	return n, err
}
