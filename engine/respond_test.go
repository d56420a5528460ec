package engine

import (
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/measure"
	"github.com/iagoloadgen/iago/processor"
)

// seer is a processor that notes what it is shown and does what respond says.
type seer struct {
	processor.Processor
	mu      sync.Mutex
	seen    map[string]int // by "depth cause or status"
	respond func(x *processor.Exchange)
}

func newSeer(p processor.Processor, respond func(x *processor.Exchange)) *seer {
	return &seer{Processor: p, seen: map[string]int{}, respond: respond}
}

func (r *seer) Respond(x *processor.Exchange) {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := fmt.Sprintf("%d %s", x.Depth, x.Status)
	if x.Cause != "" {
		key = fmt.Sprintf("%d %s", x.Depth, x.Cause)
	}
	r.seen[key]++
	if r.respond != nil {
		r.respond(x)
	}
}

// chain asks for n further requests of the given URI.
func chain(n int, uri string, think time.Duration) func(x *processor.Exchange) {
	return func(x *processor.Exchange) {
		for range n {
			req := x.FollowUp(think)
			req.URI = req.KeepString(uri)
		}
	}
}

func TestFollowUpsAreCountedApartAndBounded(t *testing.T) {
	s := newSim()
	s.serveAfter(time.Millisecond)
	src, p := words("x")
	r := newSeer(p, chain(2, "y", 10*time.Millisecond))
	m, res := simRun(t, s, Config{
		Schedule: evenly(100, 50), Source: src, Processor: p, Responder: r, FollowUps: FollowUps{Depth: 2, PerResponse: 3, Pending: 1000},
	})
	// Each arrival makes two follow-ups, each of these two more, and these may make none.
	f := m.Followups
	if m.Requests.Scheduled != 50 || f.Requests.Completed != 50*(2+4) || f.Refused != 50*4*2 || f.Status["200"] != 300 || res.Arrivals != 50 {
		t.Errorf("%+v; follow-ups %+v, %d refused, %d arrivals", m.Requests, f.Requests, f.Refused, res.Arrivals)
	}
	if n := int64(f.Latency.Count()); n != 300 {
		t.Errorf("%d latencies of follow-ups", n)
	}
	if want := map[string]int{"0 200": 50, "1 200": 100, "2 200": 200}; fmt.Sprint(r.seen) != fmt.Sprint(want) {
		t.Errorf("the processor saw %v, want %v", r.seen, want)
	}
}

func TestFollowUpIsDueAfterItsThinkTime(t *testing.T) {
	s := newSim()
	var at []int64
	s.serve = func(c *simConn, line string) {
		at = append(at, s.now)
		s.after(time.Millisecond, func() { c.answer("200") })
	}
	src, p := words("x")
	r := newSeer(p, chain(1, "y", 300*time.Millisecond))
	m, _ := simRun(t, s, Config{Schedule: evenly(10, 1), Source: src, Processor: p, Responder: r, FollowUps: FollowUps{Depth: 1, PerResponse: 1, Pending: 10}})
	if len(at) != 2 || at[1]-at[0] < 301*ms || at[1]-at[0] > 302*ms {
		t.Fatalf("sent at %v, want 301 ms apart", at)
	}
	if l := m.Followups.Latency.Max(); l > 2*ms {
		t.Errorf("latency of the follow-up %v: the think time is not part of it", time.Duration(l))
	}
}

func TestPendingFollowUpsAreBounded(t *testing.T) {
	s := newSim()
	s.serveAfter(time.Millisecond)
	src, p := words("x")
	r := newSeer(p, chain(10, "y", time.Hour))
	m, _ := simRun(t, s, Config{
		Schedule: evenly(100, 50), Duration: time.Second, Timeout: time.Second, Source: src, Processor: p, Responder: r,
		FollowUps: FollowUps{Depth: 1, PerResponse: 10, Pending: 100},
	})
	if f := m.Followups; f.Requests.Scheduled != 100 || f.Requests.Unsent != 100 || f.Refused != 400 {
		t.Errorf("%+v, %d refused", f.Requests, f.Refused)
	}
	if s.now > 2*second+100*ms {
		t.Errorf("ended at %v", time.Duration(s.now))
	}
}

func TestChecksAreCountedByNameAndSampled(t *testing.T) {
	s := newSim()
	n := 0
	s.serve = func(c *simConn, _ string) {
		n++
		answer := "200"
		if n%10 == 0 {
			answer = "500"
		}
		s.after(time.Millisecond, func() { c.answer(answer) })
	}
	src, p := words("x")
	k := 0
	r := newSeer(p, func(x *processor.Exchange) {
		k++
		x.Check("every fourth", k%4 != 0)
		x.Check("status", x.Status == "200")
	})
	m, res := simRun(t, s, Config{Schedule: evenly(1000, 200), Source: src, Processor: p, Responder: r})
	if c := m.Checks; c["every fourth"].Failed != 50 || c["every fourth"].Passed != 150 || c["status"].Failed != 20 {
		t.Errorf("%+v", c)
	}
	// Of the twenty with status 500, ten failed the other check too; those of 200 count as failed by their check.
	if m.CheckFail != 40 || m.Requests.Failed != 0 {
		t.Errorf("%d with a failed check, %+v", m.CheckFail, m.Requests)
	}
	if !slices.ContainsFunc(res.Failures, func(f measure.Failure) bool { return f.Cause == "check failed: every fourth" && f.URI == "x" }) {
		t.Errorf("sample: %+v", res.Failures)
	}
}

// The processor sees every outcome once, whatever it is.
func TestEveryOutcomeIsShownOnce(t *testing.T) {
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 3))
		s := newSim()
		s.serve = func(c *simConn, _ string) {
			switch d := time.Duration(rng.ExpFloat64() * 5e6); rng.IntN(10) {
			case 0:
				s.after(d, func() { c.give("", errEOF) })
			case 1: // never
			case 2:
				s.after(d, func() { c.answer("503 close") })
			default:
				s.after(d, func() { c.answer("200") })
			}
		}
		src, p := words("x", "y")
		r := newSeer(p, nil)
		if seed%2 == 0 {
			r.respond = chain(1, "z", time.Millisecond)
		}
		m, _ := simRun(t, s, Config{
			Schedule: evenly(1000, 500), Source: src, Processor: p, Responder: r, Connections: 20, Pipeline: 1 + rng.IntN(3), DropBeyond: 50, Timeout: 200 * time.Millisecond, Wait: WaitSleep,
			FollowUps: FollowUps{Depth: 2, PerResponse: 1, Pending: 100},
		})
		total := int64(0)
		for _, n := range r.seen {
			total += int64(n)
		}
		q, f := m.Requests, m.Followups.Requests
		if want := q.Scheduled - q.Unsent + f.Scheduled - f.Unsent; total != want || m.Unseen > 0 {
			t.Errorf("seed %d: the processor saw %d outcomes, want %d: %v; %+v %+v", seed, total, want, r.seen, q, f)
		}
	}
}

func TestFilteredRecordsAreNeitherSentNorBad(t *testing.T) {
	s := newSim()
	s.serveAfter(time.Millisecond)
	k := 0
	p := processor.Func(func(r *load.Record, add func() *load.Request) error {
		switch k++; {
		case k > 30:
			return io.EOF // a mistake of the processor's: counts as a bad record
		case k%3 == 0:
			return processor.ErrFiltered
		}
		add().URI = []byte("x")
		return nil
	})
	left := 40
	src := wordSource{func() string {
		if left--; left < 0 {
			return ""
		}
		return "x"
	}}
	m, r := simRun(t, s, Config{Schedule: evenly(1000, 100), Source: src, Processor: p})
	if m.Requests.Completed != 20 || r.Source.Filtered != 10 || r.Source.Bad != 10 || r.End != EndSource {
		t.Errorf("%+v, %+v, end %q", m.Requests, r.Source, r.End)
	}
}
