package cluster

import (
	"context"
	"testing"
	"time"
)

// TestSlowClock: a second of a slow clock takes so many real ones, for all that it is asked for; nil is the machine's.
func TestSlowClock(t *testing.T) {
	base, shown := time.Now().Add(-time.Minute), time.Unix(1000, 0)
	c := NewClock(base, shown, 4)
	if since := c.Since(shown); since < 15*time.Second || since > 16*time.Second {
		t.Errorf("%v in a minute", since)
	}
	for name, c := range map[string]*Clock{"slow": c, "the machine's": nil} {
		want := time.Hour
		if c != nil {
			want *= 4
		}
		ctx, cancel := c.Timeout(context.Background(), time.Hour)
		defer cancel()
		if end, _ := ctx.Deadline(); time.Until(end) > want || time.Until(end) < want-time.Minute {
			t.Errorf("%s: an hour ends in %v", name, time.Until(end))
		}
		before := c.Now()
		c.Sleep(time.Millisecond)
		<-c.After(time.Millisecond)
		timer, ticker := c.Timer(time.Millisecond), c.Ticker(time.Millisecond)
		<-timer.C
		<-ticker.C
		ticker.Stop()
		if c.Since(before) < 3*time.Millisecond {
			t.Errorf("%s: waited %v", name, c.Since(before))
		}
	}
}
