package engine

import (
	"fmt"
	"io"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/internal/poller"
	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/measure"
)

const ms = int64(time.Millisecond)

// freeze serves in 1 ms, but does nothing between from and to.
func (s *sim) freeze(from, to time.Duration) {
	s.serve = func(c *simConn, _ string) {
		at := s.now + ms
		if at > int64(from) && at < int64(to) {
			at = int64(to)
		}
		s.at(at, func() { c.answer("200") })
	}
}

func TestStallShowsAsLatencyAndNotAsLateness(t *testing.T) {
	s := newSim()
	s.freeze(4*time.Second, 6*time.Second)
	m, r := simRun(t, s, Config{Schedule: evenly(1000, 10_000), Duration: 10 * time.Second})
	if m.Requests.Completed != 10_000 || r.End != EndSchedule {
		t.Fatalf("%+v, end %q", m.Requests, r.End)
	}
	over := partAbove(&m.Times.Latency, 10*ms)
	if over < 0.19 || over > 0.21 {
		t.Errorf("%.3f of the latencies above 10 ms, want a fifth", over)
	}
	// Due evenly over the two seconds, so the latencies lie evenly between 0 and 2 s.
	for _, q := range []float64{0.25, 0.5, 0.75} {
		got, want := m.Times.Latency.Quantile(0.8+0.2*q), q*2e9
		if f := float64(got); f < want-20e6 || f > want+20e6 {
			t.Errorf("quantile %v of the stalled at %v, want %v", q, time.Duration(got), time.Duration(want))
		}
	}
	if l := m.Times.Lateness.Max(); l > ms {
		t.Errorf("lateness up to %v: the target's stall is not the generator's", time.Duration(l))
	}
}

func TestStallUnderAConnectionLimitShowsAsWait(t *testing.T) {
	s := newSim()
	s.freeze(4*time.Second, 6*time.Second)
	m, _ := simRun(t, s, Config{Schedule: evenly(1000, 10_000), Duration: 10 * time.Second, Connections: 10})
	if m.Requests.Completed != 10_000 || s.opened > 10 {
		t.Fatalf("%+v over %d connections", m.Requests, s.opened)
	}
	if over := partAbove(&m.Times.Latency, 10*ms); over < 0.19 {
		t.Errorf("%.3f of the latencies above 10 ms, want a fifth or more", over)
	}
	if over := partAbove(&m.Times.Service, 10*ms); over > 0.0015 {
		t.Errorf("%.4f of the service times above 10 ms: only the ten under way can be", over)
	}
	if over := partAbove(&m.Times.Wait, 10*ms); over < 0.18 {
		t.Errorf("%.3f of the waits above 10 ms: the delay should be there", over)
	}
	if l := m.Times.Lateness.Max(); l > ms {
		t.Errorf("lateness up to %v", time.Duration(l))
	}
}

// partAbove is the part of h above v.
func partAbove(h *measure.Histogram, v int64) float64 {
	n := uint64(0)
	h.Each(func(lo, _ int64, c uint64) {
		if lo > v {
			n += c
		}
	})
	return float64(n) / float64(h.Count())
}

func TestPauseOfTheGeneratorIsLateness(t *testing.T) {
	for _, skip := range []time.Duration{0, 50 * time.Millisecond} {
		t.Run(fmt.Sprint("skip ", skip), func(t *testing.T) {
			s := newSim()
			s.serveAfter(time.Millisecond)
			s.pauses = []simPause{{at: 3 * second, length: 2 * second}}
			m, _ := simRun(t, s, Config{Schedule: evenly(1000, 10_000), Duration: 10 * time.Second, SkipLate: skip})
			late := partAbove(&m.Times.Lateness, ms)
			if late < 0.19 || late > 0.21 {
				t.Errorf("%.3f taken more than 1 ms late, want a fifth", late)
			}
			want := int64(0)
			if skip > 0 {
				want = 1950
			}
			if d := m.Requests.Dropped - want; d < -5 || d > 5 || m.DroppedBy[dropLate] != m.Requests.Dropped {
				t.Errorf("%d dropped (%v), want about %d", m.Requests.Dropped, m.DroppedBy, want)
			}
		})
	}
}

func TestOverloadRuleDropsBeyondItsLimit(t *testing.T) {
	s := newSim()
	s.serveAfter(100 * time.Millisecond)
	m, _ := simRun(t, s, Config{Schedule: evenly(1000, 2000), Connections: 5, DropBeyond: 50})
	// Five connections of 100 ms serve 50/s.
	if q := m.Requests; q.Completed < 140 || q.Completed > 165 || q.Dropped != q.Scheduled-q.Completed {
		t.Errorf("%+v", q)
	}
	if m.DroppedBy[dropOverload] != m.Requests.Dropped {
		t.Errorf("dropped by %v", m.DroppedBy)
	}
}

func TestRunEndsOneTimeoutAfterItsSchedule(t *testing.T) {
	tests := []struct {
		name        string
		connections int
		timedOut    int64
	}{
		{"never answers", 0, 1000},
		{"never answers, two connections", 2, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newSim()
			s.serve = func(*simConn, string) {}
			m, _ := simRun(t, s, Config{Schedule: evenly(1000, 1000), Duration: time.Second, Timeout: 2 * time.Second, Connections: tt.connections})
			q := m.Requests
			if q.Completed != 0 || q.TimedOut != q.Failed || q.TimedOut < tt.timedOut || q.InFlight != 0 {
				t.Errorf("%+v", q)
			}
			if tt.connections > 0 && m.UnsentBy[waitConnections] != q.Unsent {
				t.Errorf("unsent by %v", m.UnsentBy)
			}
			if end := s.now; end > 3*second+100*ms || end < 3*second-10*ms {
				t.Errorf("ended at %v, want 3s", time.Duration(end))
			}
		})
	}
}

func TestFailuresAreToldApart(t *testing.T) {
	tests := []struct {
		name  string
		serve func(*simConn, int)
		open  func(poller.Addr) error
		want  map[string]int64
	}{
		{"refused", nil, func(poller.Addr) error { return syscall.ECONNREFUSED }, map[string]int64{causeRefused: 100}},
		{"closes at once", func(c *simConn, _ int) { c.give("", errEOF) }, nil, map[string]int64{causeClosedBefore: 100}},
		{"closes in the answer", func(c *simConn, _ int) { c.give("20", errEOF) }, nil, map[string]int64{causeClosedEarly: 100}},
		{"resets", func(c *simConn, _ int) { c.give("", syscall.ECONNRESET) }, nil, map[string]int64{causeReset: 100}},
		{"garbage", func(c *simConn, _ int) { c.give("hello\n", nil) }, nil, map[string]int64{"malformed answer: no status": 100}},
		{"closes a kept one", func(c *simConn, n int) {
			if n%2 == 1 {
				c.give("", errEOF)
				return
			}
			c.answer("200")
		}, nil, map[string]int64{causeClosedKept: 50}},
		{"silent to SYN", nil, func(poller.Addr) error { return errSilent }, map[string]int64{causeConnectTimeout: 100}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newSim()
			n := 0
			s.serve = func(c *simConn, _ string) { tt.serve(c, n); n++ }
			s.open = tt.open
			m, r := simRun(t, s, Config{Schedule: evenly(100, 100), ConnectTimeout: 500 * time.Millisecond})
			if fmt.Sprint(m.Errors) != fmt.Sprint(tt.want) {
				t.Errorf("errors %v, want %v", m.Errors, tt.want)
			}
			if len(r.Failures) == 0 || r.Failures[0].Target != simTarget.URL || r.Failures[0].URI != "x" {
				t.Errorf("sample of failures: %+v", r.Failures)
			}
		})
	}
}

func TestKeptConnectionThatWasClosedIsNotUsed(t *testing.T) {
	s := newSim()
	s.serve = func(c *simConn, _ string) {
		s.after(time.Millisecond, func() { c.answer("200") })
		s.after(5*time.Millisecond, func() { c.give("", errEOF) })
	}
	m, _ := simRun(t, s, Config{Schedule: evenly(100, 100)})
	if m.Requests.Completed != 100 || s.opened != 100 {
		t.Errorf("%+v over %d connections", m.Requests, s.opened)
	}
}

func TestPoolSettings(t *testing.T) {
	tests := []struct {
		name string
		pool Pool
		want int // connections opened for 100 requests, 100 ms apart, each 1 ms long
	}{
		{"kept", Pool{}, 1},
		{"no reuse", Pool{NoReuse: true}, 100},
		{"idle time", Pool{Idle: 50 * time.Millisecond}, 100},
		{"idle time, one kept", Pool{Idle: 50 * time.Millisecond, Keep: 1}, 1},
		{"longest idle, one kept", Pool{MaxIdle: 50 * time.Millisecond, Keep: 1}, 100},
		{"longest life", Pool{MaxLife: 950 * time.Millisecond}, 10},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newSim()
			s.serveAfter(time.Millisecond)
			m, _ := simRun(t, s, Config{Schedule: evenly(10, 100), Pool: tt.pool})
			if m.Requests.Completed != 100 || s.opened < tt.want*9/10 || s.opened > tt.want*11/10 {
				t.Errorf("%d connections, want %d; %+v", s.opened, tt.want, m.Requests)
			}
		})
	}
}

func TestAFailedTargetRestsWhileTheOthersGoOn(t *testing.T) {
	s := newSim()
	s.serveAfter(time.Millisecond)
	s.open = func(a poller.Addr) error {
		if a.Port() == 2 {
			return syscall.ECONNREFUSED
		}
		return nil
	}
	var targets []load.Target
	for i := range 3 {
		targets = append(targets, load.Target{URL: fmt.Sprint("lines://10.0.0.1:", i+1), Host: "10.0.0.1", Port: i + 1})
	}
	m, _ := simRun(t, s, Config{Schedule: evenly(1000, 10_000), Targets: targets})
	if f := m.Errors[causeRefused]; f < 3 || f > 30 {
		t.Errorf("%d refused: the failed target should have been tried now and then", f)
	}
	if m.Requests.Completed < 9_970 {
		t.Errorf("%+v", m.Requests)
	}
}

func TestOutOfDescriptorsWaits(t *testing.T) {
	s := newSim()
	s.serveAfter(10 * time.Millisecond)
	s.limit = 5
	m, _ := simRun(t, s, Config{Schedule: evenly(1000, 1000), Duration: time.Second, Timeout: 500 * time.Millisecond})
	if q := m.Requests; q.Failed > 5 || m.Errors[causeCutOff] != q.Failed || q.Unsent == 0 || q.Completed < 600 || m.DescriptorWaits < 500 {
		t.Errorf("%+v, %d waited for descriptors", q, m.DescriptorWaits)
	}
	if m.UnsentBy[waitDescriptors] != m.Requests.Unsent {
		t.Errorf("unsent by %v", m.UnsentBy)
	}
}

func TestWarmupIsKeptOutOfTheTimes(t *testing.T) {
	s := newSim()
	s.serve = func(c *simConn, _ string) {
		d := time.Millisecond
		if s.now < 2*second {
			d = 100 * time.Millisecond
		}
		s.after(d, func() { c.answer("200") })
	}
	m, _ := simRun(t, s, Config{Schedule: evenly(100, 500), Warmup: 2*time.Second + time.Millisecond})
	if m.Requests.Completed != 500 || m.Warmup.Latency.Count() != 200 || m.Times.Latency.Max() > 10*ms {
		t.Errorf("%+v; warm-up %d, max after %d", m.Requests, m.Warmup.Latency.Count(), m.Times.Latency.Max())
	}
}

// TestIdentitiesWhateverTheTargetDoes throws everything at once at random configurations.
func TestIdentitiesWhateverTheTargetDoes(t *testing.T) {
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 1))
		s := newSim()
		s.serve = func(c *simConn, _ string) {
			d := time.Duration(rng.ExpFloat64() * 5e6)
			switch rng.IntN(12) {
			case 0:
				s.after(d, func() { c.give("", errEOF) })
			case 1:
				s.after(d, func() { c.give("2", syscall.ECONNRESET) })
			case 2:
				s.after(d, func() { c.give("nonsense\n", nil) })
			case 3: // never
			case 4:
				s.after(d, func() { c.answer("503 close") })
			case 5:
				s.after(d, func() { c.give("200\nextra\n", nil) })
			default:
				s.after(d, func() { c.answer("200") })
			}
		}
		s.open = func(poller.Addr) error {
			switch rng.IntN(20) {
			case 0:
				return syscall.ECONNREFUSED
			case 1:
				return errSilent
			}
			return nil
		}
		c := Config{
			Schedule: evenly(2000, 4000), Timeout: 300 * time.Millisecond,
			Connections: rng.IntN(3) * 20, DropBeyond: rng.IntN(2) * 100, SkipLate: time.Duration(rng.IntN(2)) * 20 * time.Millisecond,
			Warmup: time.Duration(rng.IntN(2)) * time.Second, ConnectTimeout: time.Duration(rng.IntN(2)) * 50 * time.Millisecond,
			Pool: Pool{NoReuse: rng.IntN(4) == 0, MaxLife: time.Duration(rng.IntN(2)) * 100 * time.Millisecond},
			Wait: []Wait{WaitAuto, WaitSleep}[rng.IntN(2)],
		}
		if rng.IntN(2) == 0 {
			s.limit = 30
		}
		if rng.IntN(3) == 0 {
			s.pauses = []simPause{{at: second / 2, length: second}}
		}
		if c.Connections > 0 && rng.IntN(3) == 0 {
			c.Schedule, c.Closed, c.Duration = nil, true, 2*time.Second
		}
		if m, _ := simRun(t, s, c); m.Requests.Scheduled < 500 {
			t.Errorf("seed %d: only %d scheduled", seed, m.Requests.Scheduled)
		}
		if t.Failed() {
			t.Fatalf("seed %d: %+v", seed, c)
		}
	}
}

func TestClosedModeKeepsEveryConnectionBusy(t *testing.T) {
	s := newSim()
	s.serveAfter(10 * time.Millisecond)
	m, r := simRun(t, s, Config{Closed: true, Connections: 20, Duration: 2 * time.Second})
	if n := m.Requests.Completed; n < 3900 || n > 4020 || m.MaxInFlight != 20 {
		t.Errorf("%d completed with %d in flight, want about 4000 with 20", n, m.MaxInFlight)
	}
	if m.Times.Lateness.Max() != 0 || r.Duration != 2*time.Second {
		t.Errorf("lateness %d, duration %v", m.Times.Lateness.Max(), r.Duration)
	}
	s = newSim()
	s.serveAfter(10 * time.Millisecond)
	if m, _ = simRun(t, s, Config{Closed: true, Connections: 20, N: 333}); m.Requests.Scheduled != 333 {
		t.Errorf("%d scheduled, want 333", m.Requests.Scheduled)
	}
}

func TestClosedModeDoesNotRaceAgainstADeadTarget(t *testing.T) {
	s := newSim()
	s.open = func(poller.Addr) error { return syscall.ECONNREFUSED }
	m, _ := simRun(t, s, Config{Closed: true, Connections: 10, Duration: 2 * time.Second})
	if n := m.Requests.Failed; n < 100 || n > 1000 {
		t.Errorf("%d attempts in 2 s, want each slot to rest between them", n)
	}
}

var errEOF = io.EOF
