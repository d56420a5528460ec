package tcp

import (
	"time"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
)

var _ transport.Patient = (*quietConn)(nil)

// quietConn is a conn whose answers end by silence.
type quietConn struct{ conn }

// Silence implements [transport.Patient].
func (c *quietConn) Silence() time.Duration { return c.silence }

// Silent implements [transport.Patient].
func (c *quietConn) Silent(resp *load.Response) (done bool) {
	if done = c.reading && c.got > 0; done {
		c.tell(resp, true)
	}
	return done
}
