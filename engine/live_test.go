package engine

import (
	"context"
	"errors"
	"testing"
	"time"

	law "github.com/iagoloadgen/iago/arrival"
	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/measure"
)

// steeredSim is a simulated run under a live schedule: uniform, in 8 parts.
type steeredSim struct {
	*sim
	live  *Live
	parts *law.Parts
	zero  time.Time // the start instant
	rate  law.Profile
	times []int64 // when requests were served
}

func newSteered(t *testing.T, rate float64) *steeredSim {
	t.Helper()
	p, err := law.Parse("uniform", rate, 1)
	if err != nil {
		t.Fatal(err)
	}
	parts := p.Parts(8)
	s := &steeredSim{sim: newSim(), live: NewLive(parts), parts: parts, rate: p.Profile}
	s.zero = s.live.base
	s.live.since = func() time.Duration { return time.Duration(s.now) }
	s.serve = func(c *simConn, _ string) {
		s.served(s.now)
		s.after(time.Millisecond, func() { c.answer("200") })
	}
	return s
}

func (s *steeredSim) served(now int64) { s.times = append(s.times, now) }

// hold gives the run a plan at a moment: all parts from first to last, due after from.
func (s *steeredSim) hold(at int64, p law.Profile, end int64, held ...law.Holding) {
	s.do(at, func() { s.live.SetPlan(&law.Plan{Profile: p, End: end, Held: held}) })
}

func (s *steeredSim) do(at int64, f func()) { s.sim.at(at, f) }

func (s *steeredSim) lease(at, until int64) {
	s.do(at, func() { s.live.SetLease(s.zero.Add(time.Duration(until))) })
}

func (s *steeredSim) run(t *testing.T) (*measure.Interval, Result) {
	t.Helper()
	return simRun(t, s.sim, Config{Live: s.live, Begin: func(context.Context) (time.Time, error) { return s.zero, nil }, Timeout: time.Second})
}

// between counts the requests served in [from, to).
func (s *steeredSim) between(from, to int64) (n int) {
	for _, at := range s.times {
		if at >= from && at < to {
			n++
		}
	}
	return n
}

func TestLiveScheduleIsThatOfItsParts(t *testing.T) {
	s := newSteered(t, 800)
	s.live.SetLease(s.zero.Add(time.Hour))
	s.live.SetPlan(&law.Plan{Profile: s.rate, End: 10 * second, Held: []law.Holding{{First: 0, Last: 3, Through: law.Forever}}})
	// In the middle the other half comes, and then all of it goes.
	s.hold(5*second, s.rate, 10*second, law.Holding{First: 0, Last: 3, Through: law.Forever}, law.Holding{First: 4, Last: 7, From: 6 * second, Through: law.Forever})
	s.hold(8*second+ms/2, s.rate, 10*second)
	m, r := s.run(t)
	if q := m.Requests; q.Scheduled != 400*8+400*2 || q.Completed != q.Scheduled || r.End != EndSchedule || r.Duration != 10*time.Second {
		t.Errorf("%+v, end %q after %v", q, r.End, r.Duration)
	}
	if m.Arrivals != m.Requests.Scheduled || r.Arrivals != m.Arrivals {
		t.Errorf("arrivals: %d in intervals, %d in all", m.Arrivals, r.Arrivals)
	}
	if n := s.between(6*second+5*ms, 7*second+5*ms); n < 798 || n > 802 {
		t.Errorf("%d requests in the second when all was held, want 800", n)
	}
}

func TestLeaseEndStopsAndAborts(t *testing.T) {
	s := newSteered(t, 1000)
	s.serve = func(c *simConn, _ string) { // the target hangs from 2 s to 6 s
		s.served(s.now)
		at := s.now + ms
		if at > 2*second && at < 6*second {
			at = 6 * second
		}
		s.do(at, func() { c.answer("200") })
	}
	all := law.Holding{First: 0, Last: 7, Through: law.Forever}
	s.live.SetLease(s.zero.Add(3 * time.Second))
	s.live.SetPlan(&law.Plan{Profile: s.rate, End: 10 * second, Held: []law.Holding{all}})
	// The lease is back at 5 s, the plan a moment later.
	s.lease(5*second, 100*second)
	back := all
	back.From = 5 * second
	s.hold(5*second+ms, s.rate, 10*second, back)
	m, _ := s.run(t)
	if n := s.between(3*second+ms, 5*second); n > 0 {
		t.Errorf("%d requests without a lease", n)
	}
	if n := s.between(5*second, 6*second); n < 990 || n > 1010 {
		t.Errorf("%d requests in the first second afterwards, want 1000: no burst", n)
	}
	q := m.Requests
	if n := m.Errors[causeLease]; n < 900 || n > 1000 || s.aborted < 900 || q.Failed != n {
		t.Errorf("%d aborted requests, %d connections reset, %+v", n, s.aborted, q)
	}
	if q.Scheduled != 3000+5000 {
		t.Errorf("%d scheduled: those of the two seconds without a lease are nobody's", q.Scheduled)
	}
}

// TestPlanThatComesLateMakesNoBurst tells a run only at 3 s what was its own from 2 s on.
func TestPlanThatComesLateMakesNoBurst(t *testing.T) {
	s := newSteered(t, 1000)
	s.live.SetLease(s.zero.Add(time.Hour))
	s.live.SetPlan(&law.Plan{Profile: s.rate, End: 5 * second, Held: []law.Holding{{First: 0, Last: 3, Through: law.Forever}}})
	s.hold(3*second, s.rate, 5*second, law.Holding{First: 0, Last: 3, Through: law.Forever}, law.Holding{First: 4, Last: 7, From: 2 * second, Through: law.Forever})
	m, _ := s.run(t)
	late := m.UnsentBy[measure.UnsentLate]
	if late < 440 || late > 460 {
		t.Errorf("%d told too late, want 450: 500 less those of the last 100 ms", late)
	}
	if q := m.Requests; q.Scheduled != 500*5+500*3 || q.Unsent != late || q.Completed != q.Scheduled-late {
		t.Errorf("%+v", q)
	}
	if n := s.between(3*second, 3*second+100*ms); n > 160 {
		t.Errorf("%d requests in a tenth of a second, want 100 and at most 50 that were due before", n)
	}
}

// TestStalePlanIsNotTakenUpUnderANewLease has a plan come while the lease is out: it was made for the lease before.
func TestStalePlanIsNotTakenUpUnderANewLease(t *testing.T) {
	s := newSteered(t, 1000)
	all := law.Holding{First: 0, Last: 7, Through: law.Forever}
	s.live.SetLease(s.zero.Add(time.Second + 500*time.Microsecond))
	s.live.SetPlan(&law.Plan{Profile: s.rate, End: 4 * second, Held: []law.Holding{all}})
	s.hold(second+ms, s.rate, 4*second, all)
	s.lease(2*second, 100*second)
	m, r := s.run(t)
	if q := m.Requests; q.Scheduled != 1000 || len(s.times) != 1000 {
		t.Errorf("%+v, %d served: nothing is to be sent before a plan of the new lease", q, len(s.times))
	}
	if r.Duration != 4*time.Second {
		t.Errorf("ended after %v, want the plan's end", r.Duration)
	}
}

func TestRateChangesAtItsMoment(t *testing.T) {
	s := newSteered(t, 1000)
	held := []law.Holding{{First: 0, Last: 7, Through: law.Forever}}
	s.live.SetLease(s.zero.Add(time.Hour))
	s.live.SetPlan(&law.Plan{Profile: s.rate, End: 4 * second, Held: held})
	faster, err := law.ParseChange("scale 3")
	if err != nil {
		t.Fatal(err)
	}
	faster.At = 2 * second
	p, err := law.Splice(s.rate, faster)
	if err != nil {
		t.Fatal(err)
	}
	s.hold(second+500*ms, p, 4*second, held...)
	m, _ := s.run(t)
	if m.Requests.Completed != 2000+6000 {
		t.Errorf("%+v", m.Requests)
	}
	for at, want := range map[int64]int{0: 1000, 1: 1000, 2: 3000, 3: 3000} {
		if n := s.between(at*second+ms, (at+1)*second+ms); n < want-3 || n > want+3 {
			t.Errorf("second %d: %d requests, want %d", at, n, want)
		}
	}
}

// TestShardJoinsInTheMiddle begins a run whose start instant lies in the past.
func TestShardJoinsInTheMiddle(t *testing.T) {
	s := newSteered(t, 1000)
	s.now = 7*second + 300*ms
	s.live.since = func() time.Duration { return time.Duration(s.now) }
	s.live.SetLease(s.zero.Add(time.Hour))
	s.live.SetPlan(&law.Plan{Profile: s.rate, End: 10 * second, Held: []law.Holding{{First: 0, Last: 7, From: 8 * second, Through: law.Forever}}})
	m, _ := s.run(t)
	if m.Start != 7*second+300*ms || m.Requests.Completed != 2000 || m.Times.Lateness.Max() > ms {
		t.Errorf("from %d: %+v, lateness up to %d", m.Start, m.Requests, m.Times.Lateness.Max())
	}
}

// TestRenewalThatNobodySaw: a shard that the machine keeps waiting sees neither that its lease was renewed nor that it ended. Its account
// goes up to that end.
func TestRenewalThatNobodySaw(t *testing.T) {
	s := newSteered(t, 1000)
	all := law.Holding{First: 0, Last: 7, Through: law.Forever}
	s.live.SetLease(s.zero.Add(2 * time.Second))
	s.live.SetPlan(&law.Plan{Profile: s.rate, End: 6 * second, Held: []law.Holding{all}})
	s.do(second+ms/2, func() {
		s.live.SetLease(s.zero.Add(3 * time.Second))
		s.now += 3 * second
		if !s.live.SetLease(s.zero.Add(time.Hour)) {
			t.Error("the lease has not ended")
		}
	})
	all.From = 5 * second
	s.hold(4*second+500*ms, s.rate, 6*second, all)
	m, _ := s.run(t)
	if q := m.Requests; q.Scheduled != 3000+1000 || m.UnsentBy[measure.UnsentLease] != 2000 {
		t.Errorf("%+v, unsent by %v; expected 4000, 2000 of them for want of a lease", q, m.UnsentBy)
	}
}

// TestRunThatDoesNotBegin: without a start instant nothing is sent, and the run says why.
func TestRunThatDoesNotBegin(t *testing.T) {
	over := errors.New("the job was over before")
	e, err := New(Config{
		Codec: lines{}, Targets: []load.Target{simTarget}, Schedule: evenly(100, 10), Fixed: &load.Request{URI: []byte("x")}, Shards: 2, Timeout: time.Second,
		Begin: func(context.Context) (time.Time, error) { return time.Time{}, over },
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Run(t.Context()); !errors.Is(err, over) {
		t.Errorf("%v, expected %v", err, over)
	}
}
