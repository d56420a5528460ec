package http1

import "bytes"

// lastHead is the head of the connection's last answer and what it said. A server's answers to one request after the
// other often begin with the very same bytes for as long as its Date stands, and comparing bytes takes a tenth of the
// time of reading them. What a head says depends on its bytes alone; what follows from that is decided anew each time.
type lastHead struct {
	bytes   []byte
	status  int
	framing framing
}

// maxLastHead bounds what a connection remembers.
const maxLastHead = 512

// again takes in a head that is the last one over again, and tells whether it did.
func (c *conn) again(src []byte) (n int, ok bool, err error) {
	l := &c.last
	n = len(l.bytes)
	if n == 0 || c.kept != nil || len(src) < n || c.scanned > 0 || int64(n) > c.room || !bytes.Equal(src[:n], l.bytes) {
		return 0, false, nil
	}
	c.headLen += int64(n)
	c.room -= int64(n)
	c.status, c.framing = l.status, l.framing
	return n, true, c.endHead()
}

// remember keeps a head that came in one piece.
func (c *conn) remember(head []byte, status int, f framing) {
	if len(head) > maxLastHead {
		c.last.bytes = c.last.bytes[:0]
		return
	}
	c.last.bytes = append(c.last.bytes[:0], head...)
	c.last.status, c.last.framing = status, f
}
