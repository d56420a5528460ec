package stream

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"time"

	"github.com/iagoloadgen/iago/target/figures"
	"github.com/iagoloadgen/iago/target/model"
)

const (
	firstBuffer  = 16 << 10
	keptBuffer   = 1 << 20  // a larger one is given back once it is empty
	largestInput = 64 << 20 // no request is longer; sessions have limits of their own below it
	lingering    = time.Second
)

// conn is one connection, read by one goroutine.
type conn struct {
	*Server
	raw     net.Conn
	rw      net.Conn // raw, or TLS on it
	session Session
	out     outlet
	buf     []byte // its first filled bytes have been read and not consumed
	filled  int
	scratch []byte // for the answer being made
	batch   figures.Batch
	arrival int64      // of what was read last
	ahead   []byte     // read while an answer waited
	endErr  error      // what ended that
	over    bool       // nothing more is read as a request
	how     model.Kind // what ended it, if a fault did
}

func (s *Server) serve(raw net.Conn) {
	c := &conn{Server: s, raw: raw, rw: raw, buf: make([]byte, firstBuffer)}
	if s.config != nil {
		c.rw = tls.Server(raw, s.config)
	}
	c.session = s.protocol.NewSession(c)
	defer c.session.Close()
	c.out = &direct{c: c}
	if s.model.Timed() {
		c.out = newDelayed(c)
	}
	for !c.over && s.Thaw() && c.read() {
	}
	c.out.end()
	c.finish()
}

// read reads once and works on what came; false: nothing more will come.
func (c *conn) read() bool {
	n, err := c.input(c.buf[c.filled:])
	c.arrival = c.Now()
	c.filled += n
	c.batch.Received += int64(n)
	if err == nil || errors.Is(err, io.EOF) {
		c.take(err != nil)
	}
	c.out.flush()
	return err == nil
}

// count adds what was seen since the last time to the figures.
func (c *conn) count() { c.tally.Add(&c.batch, c.arrival) }

// take works on all requests that have come whole.
func (c *conn) take(eof bool) {
	rest := c.buf[:c.filled]
	for !c.over && (len(rest) > 0 || eof) {
		n, kind, err := c.session.Next(rest, eof)
		if err != nil {
			c.refuse(err)
			break
		}
		if n == 0 {
			break
		}
		rest = rest[n:]
		c.batch.Kinds = append(c.batch.Kinds, kind)
		c.obey(c.model.Arrive(c.arrival))
	}
	c.filled = copy(c.buf, rest)
	c.fit()
}

// fit makes the buffer larger when it is full, and small again when it is empty.
func (c *conn) fit() {
	switch {
	case c.over:
	case c.filled == 0 && len(c.buf) > keptBuffer:
		c.buf = make([]byte, firstBuffer)
	case c.filled == largestInput:
		c.refuse(&Malformed{Cause: "request too large"})
	case c.filled == len(c.buf):
		c.buf = append(c.buf, make([]byte, len(c.buf))...)
	}
}

// obey does with the request just read what the model says.
func (c *conn) obey(fate model.Fate) {
	r := reply{depart: fate.Depart, kind: fate.Kind}
	if fate.Kind != model.Hang {
		c.batch.Sojourns = append(c.batch.Sojourns, fate.Depart-c.arrival)
	}
	b := c.scratch[:0]
	switch fate.Kind {
	case model.Close, model.Reset, model.Hang:
	case model.Garbage:
		b = append(b, c.protocol.Garbage...)
	case model.Error:
		b = c.session.Fail(b, fate.Status)
	default:
		b, r.last = c.session.Answer(b)
	}
	if c.scratch = b; cap(b) > keptBuffer {
		c.scratch = nil
	}
	if len(b) == 0 && !r.faulty() {
		c.batch.OneWay++
		c.over = r.last
		return
	}
	r.answers = !r.faulty()
	r.bytes = b
	c.over = r.last || r.faulty()
	c.how = r.kind
	c.out.put(r)
}

// refuse ends the connection over bytes that are no request.
func (c *conn) refuse(err error) {
	c.over = true
	bad, ok := errors.AsType[*Malformed](err)
	if !ok {
		bad = &Malformed{Cause: "unreadable"}
	}
	c.tally.Refused(bad.Cause)
	c.out.put(reply{bytes: bad.Answer, depart: c.arrival, last: true})
}

// finish ends the connection after its last answer: so that the client gets all of it even if it is still sending, for closing with bytes
// unread would reset the connection.
func (c *conn) finish() {
	if c.how == model.Hang {
		_, _ = io.Copy(io.Discard, c.rw) // until the client gives up
		return
	}
	half, ok := c.rw.(interface{ CloseWrite() error })
	if !c.over || c.how == model.Close || !ok || half.CloseWrite() != nil {
		return
	}
	_ = c.rw.SetReadDeadline(time.Now().Add(lingering))
	_, _ = io.Copy(io.Discard, c.rw) // until the client has closed, or lingered too long
}

// reset makes the connection's end a reset, where its kind has one.
func reset(c net.Conn) {
	if t, ok := c.(*net.TCPConn); ok {
		_ = t.SetLinger(0) // if it fails, the connection is gone already
	}
	_ = c.Close()
}
