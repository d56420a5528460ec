package engine

import (
	"sync/atomic"
	"time"

	law "github.com/iagoloadgen/iago/arrival"
	"github.com/iagoloadgen/iago/measure"
)

// Live is a schedule that is steered from outside while the run goes on: a changing share of a job's arrivals, sent only while a
// lease runs. When the lease ends, the shards stop by themselves, whoever is or is not there to tell them: what is under way is
// aborted, with what the kernel still holds of it, and nothing is taken up again before a new plan comes under a new
// lease. Its methods are safe from any goroutine.
type Live struct {
	parts *law.Parts
	base  time.Time            // leases are told against it, so that the wall clock may jump
	since func() time.Duration // base; tests put a clock of their own here
	lease atomic.Pointer[lease]
	plan  atomic.Pointer[steering]
	dry   atomic.Bool
	wake  atomic.Pointer[func()]
}

// lease is until when the shards may send.
type lease struct {
	until time.Duration // since base
	epoch int64         // of leases without a gap
	ended time.Duration // when those of the epoch before did, since base
	least int64         // number of the first plan that has been made for it
}

// steering is a plan with its number.
type steering struct {
	plan *law.Plan
	seq  int64
}

// NewLive returns a schedule of nothing: it has no plan and no lease.
func NewLive(parts *law.Parts) *Live {
	l := &Live{parts: parts, base: time.Now()}
	l.since = func() time.Duration { return time.Since(l.base) }
	l.lease.Store(&lease{})
	return l
}

// SetPlan puts the shards under p, which must be valid (see [law.Plan.Validate]) and not change any more. Plans and leases
// come from one goroutine at a time.
func (l *Live) SetPlan(p *law.Plan) {
	seq := int64(1)
	if old := l.plan.Load(); old != nil {
		seq = old.seq + 1
	}
	l.plan.Store(&steering{p, seq})
	l.hurry()
}

// SetLease lets the shards send until then. Where the lease before has ended already, the shards have stopped, or will before they
// go on, and wait for the next plan; lapsed tells so. The first lease counts as one that follows another's end.
func (l *Live) SetLease(until time.Time) (lapsed bool) {
	old := l.lease.Load()
	lapsed = l.since() >= old.until
	next := &lease{until: until.Sub(l.base), epoch: old.epoch}
	if lapsed {
		next.epoch++
		next.least, next.ended = 1, old.until
		if p := l.plan.Load(); p != nil {
			next.least = p.seq + 1
		}
	} else {
		next.least, next.ended = old.least, old.ended
	}
	l.lease.Store(next)
	l.hurry()
	return lapsed
}

// SetDry says that the records have come to their end as far as is known, and that more may follow all the same: what a dead worker
// leaves. An arrival that finds no record then is none.
func (l *Live) SetDry(dry bool) { l.dry.Store(dry) }

// hurry has the shards look.
func (l *Live) hurry() {
	if f := l.wake.Load(); f != nil {
		(*f)()
	}
}

// steered is a shard's side of a [Live].
type steered struct {
	*Live
	share *law.Share
	shift int64 // from the run's start to base: what is ns since base is so much more since the start
	seen  int64 // number of the plan it is under
	epoch int64
	until int64 // of the lease it has seen, ns since the start
	out   bool  // the lease has ended and no plan has come since
	under *law.Plan
}

// newSteered makes shard i's side.
func (l *Live) newSteered(i, n int) *steered {
	return &steered{Live: l, share: l.parts.Share(i, n), out: true}
}

// steer does what the lease and the plan say. It is the first thing in a pass.
func (s *shard) steer() {
	l := s.steered
	le := l.lease.Load()
	if le.epoch != l.epoch {
		if le.epoch == l.epoch+1 { // of two that nobody saw, the one before goes by what was seen of it
			l.until = int64(le.ended) + l.shift
		}
		if !l.out {
			s.suspend()
		}
		l.epoch = le.epoch
	}
	l.until = int64(le.until) + l.shift
	if !l.out && s.now >= l.until {
		s.suspend()
	}
	if p := l.plan.Load(); p != nil && p.seq != l.seen && p.seq >= le.least && s.now < l.until {
		l.seen, l.out = p.seq, false
		s.follow(p.plan)
	}
	if l.under != nil && l.under.End > 0 && s.now >= l.under.End && !s.nextDue {
		s.stop(l.under.End)
	}
}

// follow puts the share under p.
func (s *shard) follow(p *law.Plan) {
	l := s.steered
	if s.ended {
		return
	}
	if s.nextDue {
		l.share.Unread()
	}
	l.under = p
	s.missed(l.share.Apply(p, s.now), measure.UnsentLate)
	s.advance()
}

// suspend stops at the end of the lease.
func (s *shard) suspend() {
	l := s.steered
	l.out = true
	for s.nextDue && s.next <= l.until {
		s.missed(1, measure.UnsentLease)
		s.advance()
	}
	if s.nextDue {
		l.share.Unread()
		s.nextDue = false
	}
	if l.under != nil {
		l.share.Apply(&law.Plan{Profile: l.under.Profile, End: l.under.End}, s.now)
	}
	s.debt = 0
	n := s.busy.n
	s.why = measure.UnsentLease
	s.dropWaiting()
	s.aborting = true
	for f := s.busy.first; f != nil; f = s.busy.first {
		s.failFlight(f, causeLease)
	}
	s.aborting = false
	s.e.logf("shard %d: the lease has ended: nothing is sent until there is another; %d requests under way were aborted", s.id, n)
}

// missed counts arrivals that were this shard's and are not sent.
func (s *shard) missed(n int64, why string) {
	if n == 0 {
		return
	}
	s.taken += n
	s.rec.arrivals += n
	s.rec.cur.Arrivals += n
	s.rec.cur.Requests.Scheduled += n
	s.rec.cur.Requests.Unsent += n
	s.rec.cur.UnsentBy[why] += n
}

// nextWake is the next moment at which steer has something to do by itself.
func (l *steered) nextWake(now int64) int64 {
	at := never
	if !l.out && l.until > now {
		at = l.until
	}
	if l.under != nil && l.under.End > now {
		at = min(at, l.under.End)
	}
	return at
}
