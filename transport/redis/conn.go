package redis

import (
	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
)

// conn reads the answers of one connection. It implements [transport.Conn], [transport.Greeter] and [transport.Prefixer].
type conn struct {
	codec   *codec
	cluster *cluster // nil: none
	reader  reader
	awaits  bool // there is a request without its answer
	asking  bool // an ASKING was sent before the request, whose answer is nobody's
	last    bool // the request is QUIT
	greeted int  // answers to the greeting so far
}

// Prefixed implements [transport.Prefixer].
func (c *conn) Prefixed([]byte) { c.asking = true }

// Start implements [transport.Conn].
func (c *conn) Start(req *load.Request) {
	c.reader.reset()
	c.awaits, c.last = true, isQuit(req.Body)
}

// isQuit tells whether a command is QUIT.
func isQuit(body []byte) bool {
	if len(body) == 0 || body[0] >= 'A' && body[0]|0x20 != 'q' {
		return false
	}
	var name nameBuf
	return string(name.of(body)) == "QUIT"
}

// Parse implements [transport.Conn].
func (c *conn) Parse(src []byte, eof bool, resp *load.Response) (n int, done bool, err error) {
	if !c.awaits && len(src) > 0 {
		return 0, false, ErrUnasked
	}
	r := &c.reader
	if c.asking {
		r.show = nil
		if n, done, err = r.read(src); done {
			done, c.asking = false, false
			r.reset()
		}
	}
	if !c.asking && err == nil {
		if r.show = nil; resp.Keep > 0 {
			r.show = resp
		}
		var k int
		k, done, err = r.read(src[n:])
		n += k
	}
	if eof && !done && err == nil {
		err = transport.ErrEarlyClose
	}
	resp.Body, resp.HeaderLen = r.content, r.size-r.content
	resp.Close = err != nil
	if done {
		c.awaits = false
		resp.Close = c.last
		c.outcome(resp)
	}
	return n, done, err
}

// outcome says what the answer amounts to.
func (c *conn) outcome(resp *load.Response) {
	r := &c.reader
	switch {
	case r.failed:
		resp.Status = c.codec.statuses.Number(kindOf(r.failure))
		if c.cluster != nil && r.alone {
			c.cluster.redirect(r.failure, resp)
		}
	case r.null:
		resp.Status = statusNil
	default:
		resp.Status = statusOK
	}
}

var plainError = []byte("ERR")

// kindOf is the kind of an error: its first word, in capitals by convention; "ERR" where there is none of that form, so that the
// free text of scripts is not taken for kinds.
func kindOf(failure []byte) []byte {
	const most = 32
	for i, c := range failure {
		switch {
		case c >= 'A' && c <= 'Z' && i < most:
		case i > 1 && (c == ' ' || c == '\n'):
			return failure[:i]
		case i > 0 && i < most && (c >= '0' && c <= '9' || c == '_' || c == '-'):
		default:
			return plainError
		}
	}
	if len(failure) < 2 {
		return plainError
	}
	return failure
}
