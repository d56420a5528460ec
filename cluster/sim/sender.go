package sim

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/iagoloadgen/iago/arrival"
	"github.com/iagoloadgen/iago/cluster"
	"github.com/iagoloadgen/iago/engine"
	"github.com/iagoloadgen/iago/job"
	"github.com/iagoloadgen/iago/measure"
	"github.com/iagoloadgen/iago/report"
)

const second = int64(time.Second)

// sender stands in for an engine: it takes up the arrivals of its share when they are due, and notes them. What it does with plans
// and leases is what an engine does with them.
type sender struct {
	clock *cluster.Clock
	share job.Share
	parts *arrival.Share
	notes *notes
	every time.Duration
	fill  *filler
	wake  chan struct{}

	mu     sync.Mutex
	lease  lease
	plan   *arrival.Plan
	seq    int64 // of the plan
	stop   bool
	broken bool

	// What follows belongs to Wait.
	start   time.Time
	under   *arrival.Plan
	seen    int64
	epoch   int64
	until   int64 // of the lease, ns since the start
	out     bool  // there is no lease, or no plan since it began
	now     int64
	index   int // of the second at hand
	sent    int64
	missed  map[string]int64
	arrived int64
	end     int64 // of the schedule here; -1: not known
}

// lease is until when may be sent.
type lease struct {
	until time.Time
	epoch int64 // of leases without a gap
	least int64 // number of the first plan that counts under it
}

// SetPlan implements [cluster.Sender].
func (s *sender) SetPlan(p *arrival.Plan) {
	s.mu.Lock()
	s.plan = p
	s.seq++
	s.mu.Unlock()
	s.notes.planned(p)
	s.hurry()
}

// SetLease implements [cluster.Sender].
func (s *sender) SetLease(until time.Time) (lapsed bool) {
	s.mu.Lock()
	lapsed = !s.clock.Now().Before(s.lease.until)
	if lapsed {
		s.lease.epoch++
		s.lease.least = s.seq + 1
	}
	s.lease.until = until
	s.mu.Unlock()
	s.hurry()
	return lapsed
}

// Stop implements [cluster.Sender].
func (s *sender) Stop() { s.tell(func() { s.stop = true }) }

// Break implements [cluster.Sender].
func (s *sender) Break() { s.tell(func() { s.stop, s.broken = true, true }) }

func (s *sender) tell(f func()) {
	s.mu.Lock()
	f()
	s.mu.Unlock()
	s.hurry()
}

func (s *sender) hurry() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Wait implements [cluster.Sender]: it is the sending.
func (s *sender) Wait(ctx context.Context) (job.Part, error) {
	start, err := s.share.Begin(ctx)
	if err != nil {
		return job.Part{}, err
	}
	s.start, s.out, s.end, s.missed = start, true, -1, map[string]int64{}
	tick := s.clock.Ticker(s.every)
	defer tick.Stop()
	for s.end < 0 {
		select {
		case <-tick.C:
		case <-s.wake:
		}
		s.step()
	}
	s.close(s.end)
	why := engine.EndSchedule
	if s.broken {
		why, err = engine.EndInterrupted, errBroken
	}
	return job.Part{
		Result: engine.Result{
			Started: start, Elapsed: time.Duration(s.now), End: why, Sample: measure.NewSample(0), Arrivals: s.arrived, Shards: 1,
			Duration: time.Duration(s.end),
		},
		Generator: report.Generator{Shards: 1, Workers: 1, Poller: "none"},
	}, err
}

var errBroken = errors.New("sim: worker: broken off")

// step does what is due by now, second by second. Plans come first: whoever has given one says from then on that it is kept.
func (s *sender) step() {
	now := int64(s.clock.Since(s.start))
	s.mu.Lock()
	le, plan, seq, stop := s.lease, s.plan, s.seq, s.stop
	s.mu.Unlock()
	if now < 0 { // the start is still to come
		if stop {
			s.end = 0
		}
		return
	}
	s.now = max(s.now, now)
	s.steer(le, plan, seq)
	upTo := min(s.now, s.until)
	for edge := int64(s.index+1) * second; edge <= s.now; edge += second {
		if s.under != nil && s.under.End > 0 && edge > s.under.End {
			break
		}
		s.take(min(edge, upTo))
		s.close(edge)
	}
	s.take(upTo)
	switch {
	case s.under != nil && s.under.End > 0 && s.now >= s.under.End:
		s.end = s.under.End
	case stop:
		s.end = s.now
	}
}

// steer does what lease and plan say.
func (s *sender) steer(le lease, plan *arrival.Plan, seq int64) {
	if le.epoch != s.epoch {
		s.suspend() // the lease before this one has ended
		s.epoch = le.epoch
	}
	s.until = int64(le.until.Sub(s.start))
	if s.now >= s.until {
		s.suspend()
	}
	if plan != nil && seq != s.seen && seq >= le.least && s.now < s.until {
		s.seen, s.out, s.under = seq, false, plan
		s.miss(s.parts.Apply(plan, s.now), measure.UnsentLate)
	}
}

// suspend stops at the end of the lease.
func (s *sender) suspend() {
	if s.out {
		return
	}
	s.out = true
	s.take(s.until)
	s.parts.Apply(&arrival.Plan{Profile: s.under.Profile, End: s.under.End}, s.now)
}

// take takes up what is due by a moment.
func (s *sender) take(by int64) {
	if s.under == nil {
		return
	}
	for {
		due, ok := s.parts.Next()
		if !ok {
			return
		}
		if due > by {
			s.parts.Unread()
			return
		}
		s.sent++
		s.arrived++
		s.notes.sent(due)
	}
}

func (s *sender) miss(n int64, why string) {
	if n > 0 {
		s.missed[why] += n
		s.arrived += n
	}
}

// close hands over the figures of the second that ends at a moment.
func (s *sender) close(at int64) {
	from := int64(s.index) * second
	if at > from {
		s.fill.fill(func(iv *measure.Interval) {
			iv.Index, iv.Start, iv.End = s.index, from, at
			complete(iv, s.sent, s.missed)
			s.share.OnInterval(iv, func(int) string { return "GET /" }, 0)
		})
	}
	s.index++
	s.sent = 0
	clear(s.missed)
}
