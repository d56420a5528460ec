package http1

import "bytes"

// framing is what one head says about where the answer ends and what becomes of the connection.
type framing struct {
	length    int64 // Content-Length; -1: none
	encoded   bool  // there is a Transfer-Encoding
	chunked   bool  // its last coding is chunked
	close     bool  // Connection: close
	keepAlive bool  // Connection: keep-alive
	http10    bool
	first     bool // no header line has come yet
}

var noFraming = framing{length: -1}

// apply takes in the value of a header.
func (f *framing) apply(k kind, value []byte) error {
	for more := true; more; {
		var elem []byte
		elem, value, more = element(value)
		switch k {
		case connection:
			f.close = f.close || equalFold(elem, "close")
			f.keepAlive = f.keepAlive || equalFold(elem, "keep-alive")
		case contentLength:
			if err := f.setLength(elem); err != nil {
				return err
			}
		case transferEncoding:
			if err := f.addCoding(elem); err != nil {
				return err
			}
		}
	}
	return nil
}

// setLength takes in one value of Content-Length. The same value may come again, in a list or another line
// (RFC 9112, section 6.3, rule 5).
func (f *framing) setLength(elem []byte) error {
	n, ok := decimal(elem)
	switch {
	case !ok:
		return ErrContentLength
	case f.length >= 0 && f.length != n:
		return ErrContentLengths
	}
	f.length = n
	return nil
}

// addCoding takes in one transfer coding; empty list elements do not count.
func (f *framing) addCoding(elem []byte) error {
	f.encoded = true
	if len(elem) == 0 {
		return nil
	}
	name, _, params := bytes.Cut(elem, []byte{';'})
	f.chunked = equalFold(trim(name), "chunked")
	if f.chunked && params {
		return ErrTransferEncoding
	}
	return nil
}

// endHead decides, at the empty line after a head, what follows: another head, content or nothing (RFC 9112, section 6.3).
func (c *conn) endHead() error {
	f := c.framing
	if c.status < 200 {
		if c.status == 100 {
			c.continued, c.held = true, false
		}
		c.state, c.status, c.framing = statusLine, 0, noFraming
		return nil
	}
	c.closes = c.final || f.close || f.http10 && !f.keepAlive
	if c.held {
		c.closes = true // the server still expects the body that was kept back
	}
	if f.encoded && (f.http10 || f.length >= 0) {
		c.closes = true // RFC 9112, section 6.1: the framing is not to be trusted any further
	}
	switch {
	case c.isHead || c.status == 204 || c.status == 304:
		c.state = idle
	case c.isConnect && c.status < 300:
		c.state, c.closes = idle, true // what follows is a tunnel
	case f.chunked:
		c.state = chunkSize
	case f.encoded || f.length < 0:
		c.state, c.closes = untilClose, true
	case f.length == 0:
		c.state = idle
	default:
		c.state = content
		return c.announce(f.length)
	}
	return nil
}
