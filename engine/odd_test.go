package engine

import (
	"bytes"
	"time"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
)

// odd is lines with whatever else a codec may do.
type odd struct {
	lines
	greeting string
	stamp    bool
	oneWay   func(*load.Request) bool
	silence  time.Duration
	route    func(*load.Request) int
}

func (o *odd) AppendRequest(dst []byte, r *load.Request, t *load.Target) ([]byte, error) {
	r.OneWay = o.oneWay != nil && o.oneWay(r)
	return o.lines.AppendRequest(dst, r, t)
}

func (o *odd) NewConn() transport.Conn {
	c := &oddConn{odd: o}
	switch {
	case o.stamp:
		return &stampConn{oddConn: c}
	case o.silence > 0:
		return &patientConn{oddConn: c}
	}
	return c
}

func (o *odd) Route(r *load.Request, _ []load.Target) int {
	if o.route == nil {
		return -1
	}
	return o.route(r)
}

type oddConn struct {
	lineConn
	odd  *odd
	skip bool
}

func (c *oddConn) Greet(dst []byte) []byte { return append(dst, c.odd.greeting...) }

func (c *oddConn) Welcome(src []byte, eof bool, reply []byte) (int, []byte, bool, error) {
	i := bytes.IndexByte(src, '\n')
	switch {
	case i < 0 && eof:
		return 0, reply, false, transport.ErrEarlyClose
	case i < 0:
		return 0, reply, false, nil
	}
	switch string(src[:i]) {
	case "welcome":
		return i + 1, reply, true, nil
	case "who":
		return i + 1, append(reply, "me\n"...), false, nil
	}
	return 0, reply, false, &transport.Refused{Cause: "not welcome"}
}

func (c *oddConn) Prefixed([]byte) { c.skip = true }

// Parse knows "moved N", which sends the request to target N, and skips a line after a prefix.
func (c *oddConn) Parse(src []byte, eof bool, r *load.Response) (int, bool, error) {
	n := 0
	if c.skip {
		i := bytes.IndexByte(src, '\n')
		if i < 0 {
			return 0, false, nil
		}
		c.skip = false
		n = i + 1
	}
	if rest, ok := bytes.CutPrefix(src[n:], []byte("moved ")); ok && bytes.IndexByte(rest, '\n') == 1 {
		r.Redirect, r.RedirectPrefix = int(rest[0]-'0')+1, append(r.RedirectPrefix, "asking\n"...)
		return n + 8, true, nil
	}
	if bytes.HasPrefix(src[n:], []byte("moved")) {
		return n, false, nil
	}
	k, done, err := c.lineConn.Parse(src[n:], eof, r)
	return n + k, done, err
}

type stampConn struct {
	*oddConn
	n byte
}

func (c *stampConn) Stamp(wire []byte, _ *load.Request) {
	c.n++
	wire[0] = 'a' + c.n%26
}

type patientConn struct {
	*oddConn
	got int
}

func (c *patientConn) Start(*load.Request)    { c.got = 0 }
func (c *patientConn) Silence() time.Duration { return c.odd.silence }
func (c *patientConn) Silent(r *load.Response) bool {
	r.Status = c.got
	return true
}

func (c *patientConn) Parse(src []byte, eof bool, _ *load.Response) (int, bool, error) {
	c.got += len(src)
	if eof {
		return len(src), false, transport.ErrEarlyClose
	}
	return len(src), false, nil
}
