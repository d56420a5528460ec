package memtext

import (
	"bytes"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
)

// Bounds of an answer, in bytes.
const (
	LineLimit   = 8 << 10  // of a line, its end included
	AnswerLimit = 16 << 20 // of all lines of an answer
)

// Rules are what a protocol makes of the lines of an answer.
type Rules interface {
	// Start is that of [transport.Conn].
	Start(req *load.Request)
	// Line is given the next line, without its end and with no control byte in it. It calls [Conn.Value] where a value follows, and
	// [Conn.End] where the answer ends with the line.
	Line(line []byte, c *Conn) error
}

// state says what the next byte belongs to.
type state uint8

const (
	idle     state = iota // no answer is awaited
	inLine                // a line
	inValue               // left bytes of a value
	valueEnd              // CRLF after a value
)

// Conn reads the answers of one connection. It implements [transport.Conn].
type Conn struct {
	rules      Rules
	valueLimit int64
	blanks     bool

	state   state
	left    int64 // bytes of the value to come
	scanned int   // bytes of an incomplete line that hold no line end
	last    bool  // the answer ends with the value
	status  int
	room    int64 // bytes that lines may still have
	lines   int64 // bytes that are not content
	content int64
	closes  bool

	resp *load.Response // what Parse fills, while it runs
}

// NewConn returns the state of a fresh connection. blanks: empty lines between answers mean nothing.
func NewConn(rules Rules, valueLimit int64, blanks bool) *Conn {
	return &Conn{rules: rules, valueLimit: valueLimit, blanks: blanks}
}

// Start implements [transport.Conn].
func (c *Conn) Start(req *load.Request) {
	c.state, c.left, c.last, c.scanned = inLine, 0, false, 0
	c.status, c.room, c.lines, c.content, c.closes = 0, AnswerLimit, 0, 0, false
	c.rules.Start(req)
}

// Parse implements [transport.Conn].
func (c *Conn) Parse(src []byte, eof bool, resp *load.Response) (n int, done bool, err error) {
	if c.state == idle {
		n, err = c.unasked(src)
		if eof && err == nil {
			err = transport.ErrEarlyClose
		}
		resp.Close = resp.Close || err != nil
		return n, false, err
	}
	c.resp = resp
	for more := true; more && err == nil; {
		var k int
		k, more, err = c.step(src[n:])
		n += k
		more = more && c.state != idle
	}
	c.resp = nil
	if done = c.state == idle && err == nil; eof && !done && err == nil {
		err = transport.ErrEarlyClose
	}
	if resp.Status = 0; done {
		resp.Status = c.status
	}
	resp.Body, resp.HeaderLen = c.content, c.lines
	resp.Close = c.closes || err != nil
	return n, done, err
}

// unasked judges bytes that come between answers.
func (c *Conn) unasked(src []byte) (n int, err error) {
	for c.blanks && endsAt(src, n) {
		n += 2
	}
	if rest := src[n:]; len(rest) > 0 && (!c.blanks || len(rest) > 1 || rest[0] != '\r') {
		return n, ErrUnasked
	}
	return n, nil
}

// step reads on in the current state. more says that there may be something left to do.
func (c *Conn) step(src []byte) (n int, more bool, err error) {
	switch c.state {
	case inLine:
		return c.readLine(src)
	case inValue:
		n = int(min(int64(len(src)), c.left))
		c.left -= int64(n)
		c.content += int64(n)
		if c.resp.Keep > 0 {
			c.resp.AppendContent(src[:n])
		}
		if c.left > 0 {
			return n, false, nil
		}
		c.state = valueEnd
		return n, true, nil
	}
	switch {
	case endsAt(src, 0):
		c.lines += 2
		if c.state = inLine; c.last {
			c.state = idle
		}
		return 2, true, nil
	case len(src) == 0, len(src) == 1 && src[0] == '\r':
		return 0, false, nil
	}
	return 0, false, ErrValueEnd
}

// endsAt tells whether there is a CRLF at i.
func endsAt(src []byte, i int) bool { return i+1 < len(src) && src[i] == '\r' && src[i+1] == '\n' }

// readLine hands a line to the rules, once it has come whole. No byte is searched twice for the end.
func (c *Conn) readLine(src []byte) (n int, more bool, err error) {
	from := min(c.scanned, len(src))
	i := bytes.IndexByte(src[from:], '\n')
	if i < 0 {
		if c.scanned = len(src); len(src) >= LineLimit {
			return 0, false, ErrLineLimit
		}
		return 0, false, nil
	}
	i += from
	c.scanned = 0
	switch n = i + 1; {
	case n > LineLimit:
		return 0, false, ErrLineLimit
	case i == 0 || src[i-1] != '\r':
		return 0, false, ErrLineEnd
	case int64(n) > c.room:
		return 0, false, ErrAnswerLimit
	}
	line := src[:i-1]
	for _, b := range line {
		if b < ' ' || b == 0x7f {
			return 0, false, ErrControl
		}
	}
	blank := len(line) == 0 && c.blanks && c.lines == 0 && c.content == 0
	if c.room -= int64(n); blank {
		return n, true, nil
	}
	c.lines += int64(n)
	return n, true, c.rules.Line(line, c)
}

// Value says that a value of the announced size follows the line.
func (c *Conn) Value(size []byte) error {
	n, ok := Number(size, 1<<63-1)
	if !ok {
		return ErrValueLine
	}
	if int64(n) > c.valueLimit {
		return ErrValueLimit
	}
	c.state, c.left = inValue, int64(n)
	return nil
}

// End says that the answer is complete, with the line or the value that follows it. closes: the connection must not be used again.
func (c *Conn) End(status int, closes bool) {
	c.status, c.closes = status, closes
	if c.last = c.state == inValue; !c.last {
		c.state = idle
	}
}

// Field keeps a line as a header field, its first word as the name, where the answer itself is wanted.
func (c *Conn) Field(word, rest []byte) {
	if c.resp.Keep > 0 {
		c.resp.AddHeader(word, trimLeft(rest))
	}
}

// Text counts a part of a line as content, and keeps it; several in an answer stand on lines of their own.
func (c *Conn) Text(b []byte) {
	if c.content > 0 {
		c.content++
		c.lines--
		if c.resp.Keep > 0 {
			c.resp.AppendContent(newline)
		}
	}
	c.content += int64(len(b))
	c.lines -= int64(len(b))
	if c.resp.Keep > 0 {
		c.resp.AppendContent(b)
	}
}
