package cluster

import (
	"context"
	"time"
)

// Clock is the clock of a process of a job. nil is the machine's. Any other is for simulations: its seconds are shorter or longer
// than real ones, for everything that the process does by the time, while the bus goes at its own speed. Its methods are safe from
// any goroutine.
type Clock struct {
	base  time.Time // of the machine's clock
	shown time.Time // what this one showed then
	slow  float64
}

// NewClock returns a clock that showed a time when the machine's was base, and on which a second passes in slow real ones.
func NewClock(base, shown time.Time, slow float64) *Clock { return &Clock{base, shown, slow} }

// Now is the present time.
func (c *Clock) Now() time.Time {
	if c == nil {
		return time.Now()
	}
	return c.shown.Add(time.Duration(float64(time.Since(c.base)) / c.slow))
}

// Since is how long ago a time of this clock was.
func (c *Clock) Since(t time.Time) time.Duration {
	if c == nil {
		return time.Since(t)
	}
	return c.Now().Sub(t)
}

// Sleep waits.
func (c *Clock) Sleep(d time.Duration) { time.Sleep(c.real(d)) }

// After is [time.After].
func (c *Clock) After(d time.Duration) <-chan time.Time { return time.After(c.real(d)) }

// Ticker is [time.NewTicker]; what comes over its channel is the machine's time.
func (c *Clock) Ticker(d time.Duration) *time.Ticker { return time.NewTicker(max(c.real(d), 1)) }

// Timer is [time.NewTimer], likewise.
func (c *Clock) Timer(d time.Duration) *time.Timer { return time.NewTimer(c.real(d)) }

// Timeout is [context.WithTimeout].
func (c *Clock) Timeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, c.real(d))
}

// real is how long a time takes by the machine's clock.
func (c *Clock) real(d time.Duration) time.Duration {
	if c == nil {
		return d
	}
	return time.Duration(float64(d) * c.slow)
}
