package main

import (
	_ "embed"
	"errors"
	"fmt"
	"strconv"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
)

//go:embed NETSTRING.md
var readme string

func init() {
	transport.Register(transport.Protocol{
		Name: "netstring", Summary: "netstrings: 5:hello, answered by one", Doc: readme,
		Schemes: map[string]transport.Scheme{"netstring": {}},
		Lines:   true,
		Config:  func() transport.Config { return &netstring{AnswerLimit: 1 << 20} },
	})
}

// netstring is the section "netstring" of a spec. It is the codec too, since that has nothing else to know.
type netstring struct {
	AnswerLimit int64 `yaml:"answer_limit"` // most bytes of an answer
}

// Validate implements transport.Config.
func (c *netstring) Validate() error {
	if c.AnswerLimit < 1 || c.AnswerLimit > 999_999_999 {
		return fmt.Errorf("answer_limit: %d: expected 1 to 999999999 bytes", c.AnswerLimit)
	}
	return nil
}

// NewCodec implements transport.Config.
func (c *netstring) NewCodec() (transport.Codec, error) { return c, nil }

var errEmpty = errors.New("netstring: request: expected bytes to send")

// AppendRequest implements transport.Codec.
func (c *netstring) AppendRequest(dst []byte, req *load.Request, _ *load.Target) ([]byte, error) {
	if len(req.Body) == 0 {
		return dst, errEmpty
	}
	dst = strconv.AppendInt(dst, int64(len(req.Body)), 10)
	dst = append(append(dst, ':'), req.Body...)
	return append(dst, ','), nil
}

// NewConn implements transport.Codec.
func (c *netstring) NewConn() transport.Conn { return &conn{limit: c.AnswerLimit} }

// StatusName implements transport.Codec: there is only one.
func (c *netstring) StatusName(int) string { return "answered" }

// ServerError implements transport.Codec.
func (c *netstring) ServerError(int) bool { return false }

// What can be wrong with an answer.
var (
	errUnasked = &transport.Malformed{Cause: "answer without a request"}
	errLength  = &transport.Malformed{Cause: "no netstring: its length is not a number"}
	errComma   = &transport.Malformed{Cause: "no netstring: it does not end in a comma"}
	errLimit   = &transport.Malformed{Cause: "answer over limit"}
)

// conn implements transport.Conn.
type conn struct {
	limit   int64
	reading bool
	left    int64 // bytes to come before the comma; −1: the length is not known yet
}

// Start implements transport.Conn.
func (c *conn) Start(*load.Request) { c.reading, c.left = true, -1 }

// Parse implements transport.Conn.
func (c *conn) Parse(src []byte, eof bool, resp *load.Response) (n int, done bool, err error) {
	if !c.reading && len(src) > 0 {
		resp.Close = true
		return 0, false, errUnasked
	}
	if c.left < 0 {
		n, err = c.length(src)
	}
	if c.left > 0 {
		b := src[n:]
		b = b[:min(c.left, int64(len(b)))]
		n, c.left, resp.Body = n+len(b), c.left-int64(len(b)), resp.Body+int64(len(b))
		resp.AppendContent(b)
	}
	if c.left == 0 && n < len(src) {
		if done = src[n] == ','; !done {
			err = errComma
		}
		n++
	}
	if eof && !done && err == nil {
		err = transport.ErrEarlyClose
	}
	c.reading = c.reading && !done
	resp.Close = resp.Close || eof || err != nil
	return n, done, err
}

// length reads the answer's length and the colon, when they are there as a whole.
func (c *conn) length(src []byte) (n int, err error) {
	var length int64
	for i, b := range src {
		switch {
		case b == ':' && i > 0:
			c.left = length
			return i + 1, nil
		case b < '0' || b > '9' || length == 0 && i > 0:
			return 0, errLength
		}
		if length = 10*length + int64(b-'0'); length > c.limit {
			return 0, errLimit
		}
	}
	return 0, nil
}
