package engine

import (
	"errors"

	"github.com/iagoloadgen/iago/internal/poller"
	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
)

// connected goes on once c is open: with what the protocol says first, or with its request.
func (s *shard) connected(c *conn) {
	if err := s.poll.Connected(c.handle); err != nil {
		s.dialFailed(c, causeOf(err))
		return
	}
	s.opened(c)
}

func (s *shard) opened(c *conn) {
	s.pools[c.target].fails, s.pools[c.target].downUntil = 0, 0
	s.now = s.clock()
	if s.cfg.Preface != nil && !s.set.all[c.target].TLS {
		var err error
		if c.out, err = s.cfg.Preface(c.out, &c.head.item.req, c.server.AddrPort); err != nil {
			s.lose(c, causeEncode, nil)
			return
		}
	}
	if g, ok := c.codec.(transport.Greeter); ok {
		if before := len(c.out); s.greet(c, g) > before {
			return
		}
	}
	s.start(c)
}

// greet sends what the protocol says first, behind a preface; it returns how much there is to be sent.
func (s *shard) greet(c *conn, g transport.Greeter) int {
	before := len(c.out)
	c.out = g.Greet(c.out)
	n := len(c.out)
	if n > before {
		c.state = connGreeting
		s.flush(c)
	}
	return n
}

// welcome gives the codec what has come in answer to its greeting; true: there is no reason to read on.
func (s *shard) welcome(c *conn, b []byte, eof bool) bool {
	n, said, done, err := c.codec.(transport.Greeter).Welcome(b, eof, c.out)
	b, c.out = b[n:], said
	switch {
	case err != nil:
		s.lose(c, s.closeCause(c, causeOf(err)), nil)
		return true
	case eof || len(b) > len(s.buf)/2:
		s.lose(c, s.closeCause(c, causeClosedEarly), nil)
		return true
	}
	c.left = append(c.left[:0], b...)
	if done {
		c.gotAny = false
		s.start(c)
		return c.state != connBusy
	}
	gen := c.gen
	s.flush(c)
	return c.gen != gen
}

// begin sends f on an open connection.
func (s *shard) begin(c *conn, f *flight) {
	c.attach(f)
	if c.depth > 1 {
		s.send(c, f)
		s.room(c)
		return
	}
	c.gotAny = false
	s.start(c)
}

// start writes the request that c was opened for, or taken up again.
func (s *shard) start(c *conn) {
	c.state = connBusy
	s.send(c, c.head)
	if s.cfg.Pipeline > 1 && c.state == connBusy {
		s.room(c)
	}
}

// send writes f's request behind what is being written on c.
func (s *shard) send(c *conn, f *flight) {
	req := &f.item.req
	if c.head == f {
		c.listen()
	}
	if f.first < 0 {
		f.first = s.now
		s.rec.firstByte(f)
	}
	if s.cfg.Pipeline > 1 || c.stamp != nil || len(c.out) > 0 || len(c.rest) > 0 || req.OneWay || f.prefix != nil {
		s.sendCopy(c, f)
		return
	}
	c.rest, c.held = req.Wire, nil
	if req.Hold > 0 {
		c.rest, c.held = req.Wire[:req.Hold], req.Wire[req.Hold:]
		s.holds.set(s.now+holdFor, c, f.attempt)
	}
	s.flush(c)
}

// sendCopy writes f's request by way of a buffer: it is changed on the way, or goes out together with others, or
// its memory is given back before it has gone out. A part that would be held back is not.
func (s *shard) sendCopy(c *conn, f *flight) {
	req := &f.item.req
	c.out = append(c.out, f.prefix...)
	from := len(c.out)
	c.out = append(c.out, req.Wire...)
	if c.stamp != nil {
		c.stamp.Stamp(c.out[from:], req)
	}
	c.queued += int64(len(f.prefix) + len(req.Wire))
	f.upTo = c.queued
	if req.OneWay {
		c.oneWays++
	}
	if s.cfg.Pipeline <= 1 {
		s.flush(c)
		return
	}
	if !c.dirty {
		c.dirty = true
		s.dirty = append(s.dirty, dirtyConn{c, c.gen})
	}
}

// dirtyConn is a connection with something to write at the end of the pass.
type dirtyConn struct {
	c   *conn
	gen uint32
}

// flushAll writes what has come together for each connection.
func (s *shard) flushAll() {
	for i := 0; i < len(s.dirty); i++ {
		d := s.dirty[i]
		if d.c.gen != d.gen || !d.c.dirty {
			continue
		}
		d.c.dirty = false
		s.flush(d.c)
	}
	s.dirty = s.dirty[:0]
	if s.sockets != nil {
		s.sockets.flush(s)
	}
}

// release sends the part of the request that was held back.
func (s *shard) release(c *conn) {
	if c.held == nil || c.state != connBusy {
		return
	}
	c.rest, c.held = c.held, nil
	s.flush(c)
}

// flush writes what there is to write, as far as there is room.
func (s *shard) flush(c *conn) {
	for {
		copied := len(c.rest) == 0
		b := c.rest
		if copied {
			if b = c.out; len(b) == 0 {
				break
			}
		}
		n, err := s.write(c, b, copied)
		s.rec.cur.BytesSent += int64(n)
		if copied {
			c.out = append(c.out[:0], c.out[n:]...)
		} else {
			c.rest = c.rest[n:]
		}
		switch {
		case err == nil:
		case errors.Is(err, poller.ErrAgain):
			s.oneWaysGone(c)
			s.wantWrite(c, true)
			return
		default:
			s.writeFailed(c, err)
			return
		}
	}
	if c.want {
		gen := c.gen
		if s.wantWrite(c, false); c.gen != gen {
			return
		}
	}
	s.oneWaysGone(c)
}

// oneWaysGone ends the requests without an answer that have been written whole.
func (s *shard) oneWaysGone(c *conn) {
	if c.oneWays == 0 || c.state != connBusy {
		return
	}
	written := c.queued - int64(len(c.out))
	var before *flight
	for f := c.head; f != nil && f.upTo <= written; {
		next := f.next
		if !f.item.req.OneWay {
			before, f = f, next
			continue
		}
		if c.oneWays--; before == nil {
			c.head = next
		} else {
			before.next = next
		}
		if next == nil {
			c.tail = before
		}
		c.depth--
		f.next, f.conn = nil, nil
		s.rec.completed(f, c.target, 0, s.now, s.now)
		s.freeSlotOf(f)
		s.land(f, outcome{resp: s.noAnswer(), target: c.target, end: s.now})
		if before == nil && next != nil {
			c.listen()
		}
		f = next
	}
	if c.head == nil {
		c.resp.Close = c.resp.Close || c.ended
		s.keepOrClose(c)
	} else {
		s.room(c)
	}
	s.afterOutcome(true, false)
}

// noAnswer stands for the answer of a request that has none.
func (s *shard) noAnswer() *load.Response {
	s.none.Keep = s.cfg.Keep // it may change places with a connection's
	s.none.Reset()
	return &s.none
}

func (s *shard) freeSlotOf(f *flight) {
	if f.depth == 0 {
		s.freeSlot(true)
	}
}

// writeFailed looks for an answer that the target gave before it closed; without one the requests have failed.
func (s *shard) writeFailed(c *conn, err error) {
	gen, f := c.gen, c.head
	s.readable(c)
	if c.gen == gen && c.head == f && f != nil {
		s.lose(c, causeOf(err), nil)
	}
}

func (s *shard) wantWrite(c *conn, on bool) {
	c.want = on
	if err := s.poll.WantWrite(c.handle, c.token(), on); err != nil {
		s.lose(c, causeOf(err), nil)
	}
}

// write hands bytes to the kernel, through TLS where there is one. now: at once, so that b may change afterwards.
func (s *shard) write(c *conn, b []byte, now bool) (int, error) {
	switch {
	case c.tls != nil:
		return c.tls.write(s.poll, c.handle, b, now)
	case now:
		return s.poll.WriteNow(c.handle, b)
	}
	return s.poll.Write(c.handle, b)
}

// flushMore goes on writing where there was no room before.
func (s *shard) flushMore(c *conn) {
	if c.tls != nil {
		if done, err := c.tls.flush(s.poll, c.handle); err != nil {
			s.writeFailed(c, err)
			return
		} else if !done {
			s.wantWrite(c, true)
			return
		}
	}
	s.flush(c)
}

// redirect sends f, which is on no connection any more, to another target, and nowhere else.
func (s *shard) redirect(f *flight, target int) {
	if f.item.fixed { // shared: the wire is the same for all, but which target is meant is not
		it := *f.item
		it.fixed = false
		f.item = &it
	}
	f.item.target, f.item.pinned = int32(target), true
	f.redirects++
	s.sendOn(f, target)
}

// sendOn sends f, which is on no connection any more and encoded for target, there. The limits on connections do not bind it, because
// a request that is under way cannot wait.
func (s *shard) sendOn(f *flight, target int) {
	p := s.pools[target]
	switch {
	case p.idle.last != nil:
		c := p.idle.last
		p.idle.remove(c)
		s.begin(c, f)
	case p.roomy.first != nil:
		s.begin(p.roomy.first, f)
	default:
		c, err := s.beginConn(target, f.item)
		if c != nil {
			s.dialing(c, f, err)
			return
		}
		s.failed(f, causeOf(err))
	}
}
