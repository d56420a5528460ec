package stream

import (
	"errors"
	"net"
	"time"
)

// mostAhead is how many bytes are read while an answer waits; beyond them the client is not read.
const mostAhead = 64 << 10

// Wait implements [Waiter]. While it waits it goes on reading, for otherwise nobody would see that the client has gone.
func (c *conn) Wait(ready <-chan struct{}, atMost time.Duration) bool {
	c.out.flush()
	t := time.NewTimer(atMost)
	defer t.Stop()
	gone, seen := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(seen)
		if c.readAhead() {
			close(gone)
		}
	}()
	defer func() {
		_ = c.rw.SetReadDeadline(time.Unix(1, 0)) // wakes the reader; on a closed connection it is awake
		<-seen
		_ = c.rw.SetReadDeadline(time.Time{})
	}()
	select {
	case <-ready:
		return true
	case <-t.C:
	case <-gone:
	case <-c.Ending():
	}
	return false
}

// readAhead keeps what comes in until it is woken; true: the connection has ended.
func (c *conn) readAhead() bool {
	buf := make([]byte, 4<<10)
	for len(c.ahead) < mostAhead && c.endErr == nil {
		n, err := c.rw.Read(buf)
		c.ahead = append(c.ahead, buf[:n]...)
		if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
			return false
		}
		c.endErr = err
	}
	return c.endErr != nil
}

// input reads, first what came in while an answer waited.
func (c *conn) input(b []byte) (int, error) {
	if len(c.ahead) == 0 {
		if c.endErr != nil {
			return 0, c.endErr
		}
		return c.rw.Read(b)
	}
	n := copy(b, c.ahead)
	if c.ahead = c.ahead[n:]; len(c.ahead) == 0 {
		c.ahead = nil
	}
	return n, nil
}
