package tcp

import (
	"bytes"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
)

// What can be wrong with an answer.
var (
	// ErrUnasked: bytes came though no request was waiting for an answer.
	ErrUnasked = &transport.Malformed{Cause: "answer without a request"}
	// ErrLimit: the answer is, or is announced to be, longer than answer_limit.
	ErrLimit = &transport.Malformed{Cause: "answer over limit"}
	// ErrLength: the announced length, adjusted, is below 0.
	ErrLength = &transport.Malformed{Cause: "announced length below zero"}
)

// conn reads the answers of one connection. It implements [transport.Conn].
type conn struct {
	*format
	reading bool  // an answer is awaited
	known   bool  // left is known
	left    int64 // bytes of the answer to come
	got     int64 // bytes of the answer so far, the delimiter apart
	agrees  int   // of which so many are the beginning of ok
}

// Start implements [transport.Conn].
func (c *conn) Start(*load.Request) {
	c.reading, c.known, c.left, c.got, c.agrees = true, false, 0, 0, 0
}

// Parse implements [transport.Conn].
func (c *conn) Parse(src []byte, eof bool, resp *load.Response) (n int, done bool, err error) {
	if !c.reading && len(src) > 0 && c.read != nil {
		resp.Close = true
		return 0, false, ErrUnasked
	}
	if c.read == nil { // whatever comes answers nothing
		n = len(src)
	} else if c.reading {
		n, done, err = c.read(c, src, resp)
	}
	if eof && !done && err == nil {
		resp.Close = true
		if done = c.ends && c.got > 0; !done {
			err = transport.ErrEarlyClose
		}
	}
	c.tell(resp, done)
	resp.Close = resp.Close || err != nil
	return n, done, err
}

// tell puts into resp what is known so far; done: the answer is complete.
func (c *conn) tell(resp *load.Response, done bool) {
	resp.Body = c.got
	if !done {
		return
	}
	c.reading = false
	switch {
	case len(c.ok) == 0:
		resp.Status = statusAnswered
	case c.agrees == len(c.ok):
		resp.Status = statusOK
	default:
		resp.Status = statusOther
	}
}

// take consumes bytes of the answer.
func (c *conn) take(b []byte, resp *load.Response) (n int, err error) {
	if int64(len(b)) > c.limit-c.got {
		b, err = b[:c.limit-c.got], ErrLimit
	}
	if int64(c.agrees) == c.got && c.agrees < len(c.ok) {
		rest := c.ok[c.agrees:]
		rest = rest[:min(len(rest), len(b))]
		if bytes.HasPrefix(b, rest) {
			c.agrees += len(rest)
		}
	}
	c.got += int64(len(b))
	resp.AppendContent(b)
	return len(b), err
}
