package thrift

import (
	"encoding/binary"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
)

// keepUpTo is how much memory a connection keeps for answers that come in parts.
const keepUpTo = 1 << 20

// conn reads the answers of one connection. It implements [transport.Conn].
type conn struct {
	codec    *codec
	upgraded bool // answers come behind a ResponseHeader
	waiting  bool

	// The request that is being answered.
	seq  int32
	name []byte
	call *call // nil: not in the IDL

	buf    []byte // what has come of an answer that did not come at once
	headed bool   // buffered: the message's head has been read, and the walker is under way
	walker walker
	scan   jsonScan
	reader reader
	out    []byte
}

// Start implements [transport.Conn].
func (c *conn) Start(req *load.Request) {
	c.waiting, c.headed, c.scan = !req.OneWay, false, jsonScan{}
	if c.buf = c.buf[:0]; cap(c.buf) > keepUpTo {
		c.buf = nil
	}
	c.seq, c.name, c.call = 0, nil, nil
	if at := len(c.codec.prefix); len(req.Wire) > at {
		if h, ok, _ := c.codec.readHead(&c.reader, req.Wire[at:]); ok {
			c.seq, c.name, c.call = h.seq, h.name, c.codec.calls[string(h.name)]
		}
	}
}

// Parse implements [transport.Conn].
func (c *conn) Parse(src []byte, eof bool, resp *load.Response) (n int, done bool, err error) {
	if !c.waiting {
		if len(src) > 0 {
			err = ErrUnasked
		} else if eof {
			err = transport.ErrEarlyClose
		}
		resp.Close = resp.Close || err != nil
		return 0, false, err
	}
	b, before := src, len(c.buf)
	if before > 0 {
		c.buf = append(c.buf, src...)
		b = c.buf
	}
	from, end, ok, err := c.find(b)
	switch {
	case err != nil:
	case ok:
		err = c.judge(b[from:end], resp)
		resp.HeaderLen = int64(end - len(b[from:end]))
		n = end - before
	default:
		n = len(src)
		if before == 0 {
			c.buf = append(c.buf, src...)
		}
		if eof {
			err = transport.ErrEarlyClose
		}
	}
	done = ok && err == nil
	if done || err != nil {
		c.waiting = false
	}
	resp.Close = err != nil
	return n, done, err
}

// find looks for the answer in b, which begins where it does. The message is b[from:end].
func (c *conn) find(b []byte) (from, end int, ok bool, err error) {
	if c.codec.carrier == buffered {
		end, ok, err = c.unframed(b)
		return 0, end, ok, err
	}
	from, end, ok, err = c.frame(b)
	switch {
	case !ok || err != nil:
	case c.codec.carrier == header:
		at, err := payload(b[from:end], c.codec.protocol)
		return from + at, end, err == nil, err
	case c.upgraded:
		c.walker.compact, c.walker.limit = false, int(c.codec.config.FrameLimit)
		c.walker.start(0)
		if done, err := c.walker.walk(b[from:end]); err != nil || !done {
			return 0, 0, false, orShort(err)
		}
		from += c.walker.at
	}
	return from, end, ok, err
}

// frame looks for a frame.
func (c *conn) frame(b []byte) (from, end int, ok bool, err error) {
	if len(b) < lengthSize {
		return 0, 0, false, nil
	}
	n := int64(int32(binary.BigEndian.Uint32(b)))
	switch {
	case n <= 0:
		return 0, 0, false, ErrFrame
	case n > c.codec.config.FrameLimit:
		return 0, 0, false, ErrLimit
	case int64(len(b)-lengthSize) < n:
		return 0, 0, false, nil
	}
	return lengthSize, lengthSize + int(n), true, nil
}

// unframed looks for the end of a message that no length is told of.
func (c *conn) unframed(b []byte) (end int, ok bool, err error) {
	limit := c.codec.config.FrameLimit
	if c.codec.protocol == jsonProtocol {
		ok, err = c.scan.scan(b)
		if int64(c.scan.at) > limit {
			return 0, false, ErrLimit
		}
		return c.scan.at, ok, err
	}
	if !c.headed {
		h, ok, err := c.codec.readHead(&c.reader, b)
		if !ok || err != nil {
			return 0, false, err
		}
		c.headed = true
		c.walker.compact, c.walker.limit = c.codec.protocol == compactProtocol, int(limit)
		c.walker.start(h.body)
	}
	ok, err = c.walker.walk(b)
	return c.walker.at, ok, err
}

// verify walks over the arguments or the result of a message whose head has been read with r, and returns the id of the first
// field.
func (c *codec) verify(r *reader, w *walker, message []byte, h head) (first int32, err error) {
	if c.protocol == jsonProtocol {
		first = r.skipStruct()
		r.close(']')
		if r.space(); r.err == nil && r.at < len(message) {
			r.err = ErrExcess
		}
		return first, r.err
	}
	w.compact, w.limit = c.protocol == compactProtocol, len(message)
	w.start(h.body)
	done, err := w.walk(message)
	switch {
	case err != nil || !done:
		return 0, orShort(err)
	case w.at < len(message):
		return 0, ErrExcess
	}
	return w.first, nil
}

func orShort(err error) error {
	if err == nil {
		return ErrShort
	}
	return err
}
