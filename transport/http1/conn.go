package http1

import (
	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
)

// state says what the next byte belongs to.
type state uint8

const (
	idle       state = iota // no answer is awaited
	statusLine              // HTTP/1.1 200 OK
	header                  // a header line, or the empty one after them
	content                 // left bytes of content
	untilClose              // content until the connection ends
	chunkSize               // a chunk's size line
	chunkData               // left bytes of a chunk
	chunkEnd                // CRLF after a chunk
	trailer                 // a line after the last chunk
)

// conn reads the answers of one connection. It implements [transport.Conn].
type conn struct {
	config *Config
	state  state

	// The request that is being answered.
	isHead, isConnect bool
	final             bool // it is the connection's last, by our own word
	held              bool // its body is kept back until the server asks for it

	// The answer so far.
	continued bool  // a 100 has come that Parse has not told of yet
	status    int   // as the latest status line has it
	headLen   int64 // bytes before the content
	body      int64 // bytes of content
	closes    bool  // the connection ends with this answer
	framing   framing

	left    int64 // bytes of content or chunk to come
	room    int64 // bytes that the head or trailer section may still take
	scanned int   // bytes of an incomplete line that need not be looked at again

	// A header that a continuation line may still belong to: set only between calls, or where one follows.
	pending kind
	value   []byte

	begin int // where in the bytes at hand the head begins; -1: in earlier ones
	last  lastHead

	kept *load.Response // where the answer itself is wanted: what Parse fills; else nil
}

// Start implements [transport.Conn].
func (c *conn) Start(req *load.Request) {
	c.state = statusLine
	c.isHead, c.isConnect = string(req.Method) == "HEAD", string(req.Method) == "CONNECT"
	c.final, c.held = !c.config.KeepAlive, req.Hold > 0
	for i := range req.Header {
		if f := &req.Header[i]; equalFold(f.Name, "connection") && hasElement(f.Value, "close") {
			c.final = true
		}
	}
	c.continued, c.status, c.headLen, c.body, c.closes = false, 0, 0, 0, false
	c.framing = noFraming
	c.left, c.room, c.scanned, c.pending = 0, c.config.HeaderLimit, 0, other
}

// Parse implements [transport.Conn].
func (c *conn) Parse(src []byte, eof bool, resp *load.Response) (n int, done bool, err error) {
	if c.state == idle && len(src) > 0 {
		return 0, false, ErrUnasked
	}
	c.begin = -1
	if c.kept = nil; resp.Keep > 0 {
		c.kept = resp
	}
	for more := c.state != idle; more && err == nil; {
		var k int
		k, more, err = c.step(src, n)
		n += k
		done = c.state == idle
		more = more && !done
	}
	if eof && !done && err == nil {
		if c.state == untilClose {
			c.state, done = idle, true
		} else {
			err = transport.ErrEarlyClose
		}
	}
	resp.Status, resp.Body, resp.HeaderLen = c.status, c.body, c.headLen
	resp.Close = c.closes || err != nil
	if c.continued {
		resp.Continue, c.continued = true, false
	}
	return n, done, err
}

// step reads on in the current state, at all[from:]. more says that another state has been reached, which may find something to do.
func (c *conn) step(all []byte, from int) (n int, more bool, err error) {
	src := all[from:]
	switch c.state {
	case statusLine:
		if n, more, err = c.again(src); more {
			return n, true, err
		}
		c.begin = from
		n, more, err = c.readStatus(src)
		c.headLen += int64(n)
	case header:
		n, more, err = c.readHeader(src)
		c.headLen += int64(n)
		if more {
			if c.begin >= 0 && c.status >= 200 {
				c.remember(all[c.begin:from+n], c.status, c.framing)
			}
			err = c.endHead()
		}
	case content:
		if n = c.take(src); c.left == 0 {
			c.state = idle
		}
	case untilClose:
		n, err = c.takeAll(src)
	default:
		return c.stepChunked(src)
	}
	return n, more, err
}

// take consumes at most left bytes of content.
func (c *conn) take(src []byte) int {
	n := min(int64(len(src)), c.left)
	c.left -= n
	c.body += n
	if c.kept != nil {
		c.kept.AppendContent(src[:n])
	}
	return int(n)
}

// takeAll consumes content that has no announced end.
func (c *conn) takeAll(src []byte) (n int, err error) {
	n = len(src)
	if limit := c.config.BodyLimit; limit > 0 && int64(n) > limit-c.body {
		n, err = int(limit-c.body), ErrBodyLimit
	}
	c.body += int64(n)
	if c.kept != nil {
		c.kept.AppendContent(src[:n])
	}
	return n, err
}

// announce is told of size more bytes of content.
func (c *conn) announce(size int64) error {
	if limit := c.config.BodyLimit; limit > 0 && size > limit-c.body {
		return ErrBodyLimit
	}
	c.left = size
	return nil
}

// line finds the end of the line that src begins with: text bytes, then LF or CRLF, size bytes in all; size is 0 where
// the end has not come yet. It fails at a stray control byte, or once the line is longer than room, whether its end has
// come or not. No byte is looked at twice.
func (c *conn) line(src []byte, room int64, tooLong error) (text, size int, err error) {
	i := control(src, min(c.scanned, len(src)))
	if endsAt(src, i) && int64(i)+2 <= room {
		c.scanned = 0
		return i, i + 2, nil
	}
	return c.oddLine(src, i, room, tooLong)
}

// endsAt tells whether there is a CRLF at i.
func endsAt(src []byte, i int) bool { return i+1 < len(src) && src[i] == '\r' && src[i+1] == '\n' }

// oddLine is line where it is not simply there: i is the index of the first control byte, or len(src).
func (c *conn) oddLine(src []byte, i int, room int64, tooLong error) (text, size int, err error) {
	c.scanned = i
	size = min(i+1, len(src))
	lastCR := i < len(src) && src[i] == '\r'
	if lastCR && size < len(src) && src[size] == '\n' {
		size++
	}
	switch {
	case int64(size) > room:
		return 0, 0, tooLong
	case i == len(src), lastCR && size == len(src) && size == i+1:
		return 0, 0, nil
	case src[size-1] != '\n':
		return 0, 0, ErrControl
	}
	c.scanned = 0
	return i, size, nil
}
