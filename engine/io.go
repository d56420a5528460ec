package engine

import (
	"errors"
	"io"

	"github.com/iagoloadgen/iago/internal/poller"
	"github.com/iagoloadgen/iago/transport"
)

var errLineLimit = &transport.Malformed{Cause: "more than 128 KiB without an end of line"}

// handle sees to one event. Those of connections that are gone by now are passed over.
func (s *shard) handle(ev *poller.Event) {
	slot := uint32(ev.Token)
	if s.sockets != nil {
		s.sockets.handle(s, ev)
		return
	}
	if int(slot) >= len(s.conns) {
		return
	}
	c := s.conns[slot]
	if c.gen != uint32(ev.Token>>32) || !c.hasFD {
		return
	}
	if ev.Flags&poller.Ended != 0 {
		c.ended = true
	}
	switch c.state {
	case connDialing:
		gen := c.gen
		s.connected(c)
		if c.gen == gen && ev.Flags&poller.Readable != 0 && (c.state == connBusy || c.state == connGreeting) { // the target spoke first
			s.readable(c)
		}
	case connIdle:
		s.idleEvent(c)
	case connBusy, connGreeting:
		if ev.Flags&poller.Writable != 0 && c.want {
			gen := c.gen
			s.flushMore(c)
			if c.gen != gen || c.state != connBusy && c.state != connGreeting {
				return
			}
		}
		if ev.Flags&poller.Readable != 0 {
			s.readable(c)
		}
	}
}

// idleEvent sees to a kept connection that the target closes or speaks on unasked: it is not used again.
func (s *shard) idleEvent(c *conn) {
	n, err := s.read(c, s.buf)
	if n == 0 && errors.Is(err, poller.ErrAgain) && !c.ended {
		return
	}
	s.rec.cur.BytesReceived += int64(n)
	s.closeConn(c)
}

func (s *shard) read(c *conn, b []byte) (int, error) {
	if c.tls == nil {
		return s.poll.Read(c.handle, b)
	}
	return c.tls.read(s.poll, c.handle, b)
}

// readable reads c's answers as far as they have come.
func (s *shard) readable(c *conn) {
	for {
		k := copy(s.buf, c.left)
		n, err := s.read(c, s.buf[k:])
		s.now = s.clock()
		if errors.Is(err, poller.ErrAgain) {
			return
		}
		s.rec.cur.BytesReceived += int64(n)
		if n > 0 {
			c.gotAny = true
			c.heard = s.now
		}
		eof := errors.Is(err, io.EOF)
		if err != nil && !eof {
			s.lose(c, s.closeCause(c, causeOf(err)), nil)
			return
		}
		b := s.buf[:k+n]
		if c.state == connGreeting {
			if s.welcome(c, b, eof) {
				return
			}
		} else if s.parse(c, b, eof) {
			return
		}
		if n < len(s.buf)-k && c.tls == nil && !c.ended {
			return
		}
	}
}

// parse gives the codec what has arrived; true: there is no reason to read on.
func (s *shard) parse(c *conn, b []byte, eof bool) bool {
	for {
		n, done, err := c.codec.Parse(b, eof, &c.resp)
		b = b[n:]
		switch {
		case err != nil:
			s.lose(c, s.closeCause(c, causeOf(err)), nil)
			return true
		case done:
			gen := c.gen
			if !s.answered(c, b, eof, s.now) {
				// Records of TLS that have come in are not told of again.
				return c.tls == nil || c.gen != gen || c.state != connBusy
			}
			continue
		case eof:
			s.lose(c, s.closeCause(c, causeClosedEarly), nil)
			return true
		}
		if !c.resp.Continue {
			break
		}
		c.resp.Continue = false
		f, gen := c.head, c.gen
		s.release(c)
		if c.gen != gen || c.head != f || c.state != connBusy {
			return true
		}
		if len(b) == 0 {
			break
		}
	}
	if len(b) > len(s.buf)/2 {
		s.lose(c, causeOf(errLineLimit), nil)
		return true
	}
	c.left = append(c.left[:0], b...)
	if s.silence > 0 && c.gotAny {
		s.quiets.set(s.now+s.silence, c, c.heard)
	}
	return false
}

// answered sees to c's first request, whose answer's last byte came at end; rest is what has come behind it. It tells whether that
// may hold the next one's answer.
func (s *shard) answered(c *conn, rest []byte, eof bool, end int64) (more bool) {
	last := c.depth == 1
	if last && (len(rest) > 0 || eof || c.ended || len(c.rest) > 0 || len(c.out) > 0 || c.held != nil || c.want) {
		c.resp.Close = true // a connection whose state is in doubt is not used again
	}
	c.left = c.left[:0]
	gen := c.gen
	s.complete(c, end)
	if last || c.gen != gen {
		return false
	}
	c.gotAny = len(rest) > 0
	return len(rest) > 0 || eof
}

// hush ends the answers that silence ends.
func (s *shard) hush() {
	for c, heard := s.quiets.due(s.now); c != nil; c, heard = s.quiets.due(s.now) {
		if c.state != connBusy || c.heard != heard || !c.gotAny {
			continue
		}
		if p, ok := c.codec.(transport.Patient); ok && p.Silent(&c.resp) {
			s.answered(c, nil, false, heard)
		}
	}
}

// closeCause tells the ways apart in which a connection ends without an answer.
func (s *shard) closeCause(c *conn, cause string) string {
	switch {
	case c.gotAny || cause != causeClosedEarly && cause != causeReset:
		return cause
	case !c.fresh && cause == causeReset:
		return causeResetKept
	case !c.fresh:
		return causeClosedKept
	case cause == causeClosedEarly:
		return causeClosedBefore
	}
	return cause
}

// complete ends c's first request with its answer, or sends it on to where the answer points.
func (s *shard) complete(c *conn, end int64) {
	f := c.detach()
	depth, target := f.depth, -1
	if c.resp.Redirect > 0 {
		target = s.redirected(&c.resp)
	}
	moved := target >= 0 && f.redirects < maxRedirects
	if moved {
		f.prefix = append([]byte(nil), c.resp.RedirectPrefix...)
	} else {
		s.rec.completed(f, c.target, c.resp.Status, s.now, end)
		s.land(f, outcome{resp: &c.resp, target: c.target, end: end})
	}
	switch {
	case c.head == nil:
		s.keepOrClose(c)
	case c.resp.Close:
		s.lose(c, causeBehindClose, nil)
	default:
		c.fresh = false
		c.listen()
		s.room(c)
	}
	if moved {
		s.redirect(f, target)
	}
	s.afterOutcome(true, !moved && depth == 0)
}

// lose ends c and all its requests: which (nil: the first) for the given cause, the others because of it.
func (s *shard) lose(c *conn, cause string, which *flight) {
	if which == nil {
		which = c.head
	}
	slots := 0
	for c.head != nil {
		f, why := c.detach(), cause
		if f != which && cause != causeCutOff && cause != causeBehindClose {
			why = causeBehind
		}
		if f.depth == 0 {
			slots++
		}
		s.rec.failed(f, c.target, s.now, why)
		s.land(f, outcome{cause: why, target: c.target, end: s.now})
	}
	s.closeConn(c)
	for range slots {
		s.freeSlot(false)
	}
	s.afterOutcome(false, false)
}

// failFlight ends f for the given cause.
func (s *shard) failFlight(f *flight, cause string) {
	if f.sock != nil {
		s.sockets.fail(s, f, cause)
		return
	}
	s.lose(f.conn, cause, f)
}

// abandon ends f without an outcome, and its connection.
func (s *shard) abandon(f *flight) {
	c := f.conn
	s.rec.abandoned(f, s.now)
	s.busy.remove(f)
	s.giveBack(f.item)
	if c != nil {
		f.conn = nil
		if c.state != connFree {
			c.head, c.tail, c.depth = nil, nil, 0
			s.closeConn(c)
		}
	}
}

// freeSlot lets closed mode go on after an outcome.
func (s *shard) freeSlot(ok bool) {
	if s.cfg.Closed {
		s.closed.outcome(s, ok)
	}
}

// afterOutcome goes on after an outcome: a waiting request may have its turn.
func (s *shard) afterOutcome(ok, slot bool) {
	if s.cfg.Closed {
		if slot {
			s.closed.outcome(s, ok)
		}
		s.closed.take(s) // at once: a target that is kept busy need not be woken for each batch
	}
	if s.waiting > 0 {
		s.drain()
	}
}
