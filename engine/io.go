package engine

import (
	"errors"
	"io"

	"github.com/iagoloadgen/iago/internal/poller"
	"github.com/iagoloadgen/iago/transport"
)

var errLineLimit = &transport.Malformed{Cause: "more than 128 KiB without an end of line"}

// attempt begins a's attempt on c.
func (s *shard) attempt(c *conn, a arrival) {
	c.at, c.attempt, c.first, c.gotAny = a, s.now, -1, false
	c.resp.Reset()
	s.busy.push(c)
	s.rec.sent(a.item, s.now)
}

// begin sends a on an open connection.
func (s *shard) begin(c *conn, a arrival) {
	c.state = connBusy
	s.attempt(c, a)
	s.start(c)
}

// start writes c's request.
func (s *shard) start(c *conn) {
	req := &c.at.item.req
	c.codec.Start(req)
	c.state, c.rest, c.held = connBusy, req.Wire, nil
	if req.Hold > 0 {
		c.rest, c.held = req.Wire[:req.Hold], req.Wire[req.Hold:]
		s.holds.set(s.now+holdFor, c)
	}
	c.first = s.now
	s.rec.firstByte(c)
	s.flush(c)
}

// release sends the part of the request that was held back.
func (s *shard) release(c *conn) {
	if c.held == nil || c.state != connBusy {
		return
	}
	c.rest, c.held = c.held, nil
	s.flush(c)
}

// flush writes what is left of the request, as far as there is room.
func (s *shard) flush(c *conn) {
	for len(c.rest) > 0 {
		n, err := s.write(c, c.rest)
		s.rec.cur.BytesSent += int64(n)
		c.rest = c.rest[n:]
		switch {
		case err == nil:
		case errors.Is(err, poller.ErrAgain):
			s.wantWrite(c, true)
			return
		default:
			s.writeFailed(c, err)
			return
		}
	}
	if c.want {
		s.wantWrite(c, false)
	}
}

// writeFailed looks for an answer that the target gave before it closed; without one the request has failed.
func (s *shard) writeFailed(c *conn, err error) {
	gen, attempt := c.gen, c.attempt
	s.readable(c)
	if c.gen == gen && c.attempt == attempt && c.state == connBusy {
		s.fail(c, causeOf(err))
	}
}

func (s *shard) wantWrite(c *conn, on bool) {
	c.want = on
	if err := s.poll.WantWrite(c.handle, c.token(), on); err != nil {
		s.fail(c, causeOf(err))
	}
}

// write hands bytes to the kernel, through TLS where there is one.
func (s *shard) write(c *conn, b []byte) (int, error) {
	if c.tls == nil {
		return s.poll.Write(c.handle, b)
	}
	return c.tls.write(s.poll, c.handle, b)
}

// handle sees to one event. Those of connections that are gone by now are passed over.
func (s *shard) handle(ev *poller.Event) {
	slot := uint32(ev.Token)
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
		if c.gen == gen && c.state == connBusy && ev.Flags&poller.Readable != 0 {
			s.readable(c) // the target spoke first
		}
	case connIdle:
		s.idleEvent(c)
	case connBusy:
		if ev.Flags&poller.Writable != 0 && c.want {
			gen := c.gen
			s.flushMore(c)
			if c.gen != gen || c.state != connBusy {
				return
			}
		}
		if ev.Flags&poller.Readable != 0 {
			s.readable(c)
		}
	}
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

func (s *shard) connected(c *conn) {
	if err := s.poll.Connected(c.handle); err != nil {
		s.dialFailed(c, causeOf(err))
		return
	}
	s.pools[c.target].fails, s.pools[c.target].downUntil = 0, 0
	s.now = s.clock()
	s.start(c)
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

// readable reads c's answer as far as it has come.
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
		}
		eof := errors.Is(err, io.EOF)
		if err != nil && !eof {
			s.fail(c, s.closeCause(c, causeOf(err)))
			return
		}
		if s.parse(c, s.buf[:k+n], eof) || n < len(s.buf)-k && c.tls == nil && !c.ended {
			return
		}
	}
}

// parse gives the codec what has arrived; true: the request has its outcome.
func (s *shard) parse(c *conn, b []byte, eof bool) bool {
	for {
		n, done, err := c.codec.Parse(b, eof, &c.resp)
		b = b[n:]
		switch {
		case err != nil:
			s.fail(c, s.closeCause(c, causeOf(err)))
			return true
		case done:
			if len(b) > 0 || eof || c.ended || len(c.rest) > 0 || c.held != nil || c.want {
				c.resp.Close = true // a connection whose state is in doubt is not used again
			}
			s.complete(c)
			return true
		case eof:
			s.fail(c, s.closeCause(c, causeClosedEarly))
			return true
		}
		if !c.resp.Continue {
			break
		}
		c.resp.Continue = false
		gen, attempt := c.gen, c.attempt
		s.release(c)
		if c.gen != gen || c.attempt != attempt || c.state != connBusy {
			return true
		}
		if len(b) == 0 {
			break
		}
	}
	if len(b) > len(s.buf)/2 {
		s.fail(c, causeOf(errLineLimit))
		return true
	}
	c.left = append(c.left[:0], b...)
	return false
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

// complete ends c's request with its answer.
func (s *shard) complete(c *conn) {
	s.busy.remove(c)
	s.rec.completed(c, s.now)
	c.left = c.left[:0]
	s.giveBack(c.at.item)
	c.at.item = nil
	s.keepOrClose(c)
	s.afterOutcome(true)
}

// fail ends c's request without an answer, and the connection with it.
func (s *shard) fail(c *conn, cause string) {
	s.busy.remove(c)
	s.rec.failed(c, s.now, cause)
	s.giveBack(c.at.item)
	c.at.item = nil
	s.closeConn(c)
	s.afterOutcome(false)
}

// abandon ends c's request without an outcome.
func (s *shard) abandon(c *conn) {
	s.busy.remove(c)
	s.rec.abandoned(c, s.now)
	s.giveBack(c.at.item)
	c.at.item = nil
	s.closeConn(c)
}

// afterOutcome goes on after an outcome: a waiting request may have its turn.
func (s *shard) afterOutcome(ok bool) {
	if s.cfg.Closed {
		s.closed.outcome(s, ok)
		s.closed.take(s) // at once: a target that is kept busy need not be woken for each batch
	}
	if s.waiting.len() > 0 {
		s.drain()
	}
}
