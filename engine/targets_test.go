package engine

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/internal/poller"
	"github.com/iagoloadgen/iago/load"
)

func TestNewTargetsAreUsedAndGoneOnesDrained(t *testing.T) {
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			f := newFarm(t, 10*time.Millisecond)
			c := Config{Codec: &addressed{}, Schedule: evenly(1000, 6000), Targets: simTargets(1, 2), Pool: Pool{Keep: 100}}
			way(&c)
			f.change(2*second, 1, 2, 3)
			f.change(4*second, 3)
			f.s.at(4*second+200*ms, func() {
				if f.open("10.0.0.1")+f.open("10.0.0.2") > 0 {
					t.Errorf("connections to those that are gone: %d, %d", f.open("10.0.0.1"), f.open("10.0.0.2"))
				}
			})
			m, _ := simRun(t, f.s, c)
			if q := m.Requests; q.Completed != 6000 {
				t.Errorf("%+v, %v", q, m.Errors)
			}
			f.about("10.0.0.1", 1450, 1900)
			f.about("10.0.0.2", 1450, 1900)
			f.about("10.0.0.3", 2350, 2900)
			for _, host := range []string{"10.0.0.1", "10.0.0.2"} {
				if at := f.at[host]; at > 4*second+11*ms {
					t.Errorf("%s got its last request at %v", host, time.Duration(at))
				}
			}
			if over := partAbove(&m.Times.Latency, 15*ms); over > 0.01 {
				t.Errorf("%.3f of the latencies above 15 ms, %v at most", over, time.Duration(m.Times.Latency.Max()))
			}
		})
	}
}

func TestClosedModeGivesNewTargetsTheirPart(t *testing.T) {
	for _, pipeline := range []int{1, 4} {
		f := newFarm(t, time.Millisecond)
		f.change(second, 1, 2)
		f.change(2*second, 1, 2, 3, 4)
		f.change(3*second, 4)
		m, _ := simRun(t, f.s, Config{Codec: &addressed{}, Closed: true, Connections: 16, Pipeline: pipeline, Duration: 4 * time.Second, Targets: simTargets(1)})
		total := int(m.Requests.Completed)
		if m.Requests.Failed > 0 || total < 50_000 {
			t.Errorf("%+v, %v", m.Requests, m.Errors)
		}
		// Of four equal stretches: 1+1/2+1/4, 1/2+1/4, 1/4, 1/4+1.
		f.about("10.0.0.1", total*38/100, total*50/100)
		f.about("10.0.0.2", total*15/100, total*23/100)
		f.about("10.0.0.3", total*4/100, total*9/100)
		f.about("10.0.0.4", total*27/100, total*36/100)
	}
}

// What is under way at a target that goes has its answer there, though that takes long.
func TestGoneTargetsFinishWhatTheyHave(t *testing.T) {
	f := newFarm(t, 500*time.Millisecond)
	f.change(second+50*ms, 2)
	m, _ := simRun(t, f.s, Config{Codec: &addressed{}, Schedule: evenly(10, 20), Targets: simTargets(1)})
	if m.Requests.Completed != 20 || f.seen["10.0.0.1"] != 10 || f.seen["10.0.0.2"] != 10 {
		t.Errorf("%+v, %v", m.Requests, f.seen)
	}
}

// Requests that wait for a connection to a target that is gone, or are still opening one, go to another in their order.
func TestWhatWaitsForAGoneTargetGoesElsewhere(t *testing.T) {
	for _, tt := range []struct {
		name   string
		deaf   string // of the first target
		config func(*Config)
	}{
		{"no connection is free", "", func(c *Config) { c.Pool.PerTarget = 2 }},
		{"pinned", "", func(c *Config) {
			c.Pool.PerTarget = 2
			c.Codec = routed{&addressed{route: func(*load.Request, []load.Target) int { return 0 }}}
			c.Source, c.Processor = words("x")
		}},
		{"pinned and fixed", "", func(c *Config) {
			c.Pool.PerTarget = 2
			c.Codec = routed{&addressed{route: func(*load.Request, []load.Target) int { return 0 }}}
		}},
		{"connecting", "connect", func(*Config) {}},
		{"connecting, records", "connect", func(c *Config) { c.Source, c.Processor = words("x") }},
		{"greeting", "greet", func(c *Config) { c.Codec = &addressed{greeting: "hello\n"} }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newFarm(t, time.Millisecond)
			f.s.open = func(a poller.Addr) error {
				if tt.deaf == "connect" && a.Addr().String() == "10.0.0.1" {
					return errSilent
				}
				return nil
			}
			var due []int64
			f.s.serve = func(c *simConn, line string) {
				first := c.addr.Addr().String() == "10.0.0.1"
				switch {
				case line == "hello" && first:
				case line == "hello":
					c.answer("welcome")
				case first:
					f.request(c, line) // and no answer
				default:
					f.request(c, line)
					due = append(due, f.s.now)
					f.s.after(f.take, func() { c.answer("200") })
				}
			}
			f.change(second+5*ms, 2)
			c := Config{Codec: &addressed{}, Schedule: evenly(100, 200), Targets: simTargets(1), Timeout: 3 * time.Second}
			tt.config(&c)
			m, r := simRun(t, f.s, c)
			stuck := int64(f.seen["10.0.0.1"])
			if m.Requests.Completed != 200-stuck || m.Requests.TimedOut != stuck || stuck > 2 {
				t.Errorf("%+v, %v; seen %v", m.Requests, m.Errors, f.seen)
			}
			if stuck > 0 && (len(r.Failures) == 0 || r.Failures[0].Target != "lines://10.0.0.1:7") {
				t.Errorf("failures %+v", r.Failures)
			}
			if l := time.Duration(m.Times.Latency.Max()); stuck == 0 && (l < 900*time.Millisecond || l > 1100*time.Millisecond) {
				t.Errorf("latency up to %v: those that waited count from when they were due", l)
			}
		})
	}
}

// However often that happens: to be moved is not to be redirected.
func TestWhatConnectsToAGoneTargetMovesEachTime(t *testing.T) {
	for _, name := range []string{"fixed", "records", "router"} {
		f := newFarm(t, time.Millisecond)
		f.s.open = func(a poller.Addr) error {
			if a.Addr().String() != "10.0.0.9" {
				return errSilent
			}
			return nil
		}
		for n := range 8 {
			f.change(second+int64(n)*100*ms, n+2)
		}
		c := Config{Codec: &addressed{}, Schedule: evenly(100, 200), Targets: simTargets(1), Timeout: 3 * time.Second}
		ways[name](&c)
		m, _ := simRun(t, f.s, c)
		if m.Requests.Completed != 200 || f.seen["10.0.0.9"] != 200 {
			t.Errorf("%s: %+v, %v; %v", name, m.Requests, m.Errors, f.seen)
		}
	}
}

func TestWithoutTargetsRequestsWait(t *testing.T) {
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			f := newFarm(t, time.Millisecond)
			f.change(second)
			f.s.at(second+500*ms, func() {
				if len(f.s.conns) > 0 {
					t.Errorf("%d connections open", len(f.s.conns))
				}
			})
			f.change(2*second, 2, 1)
			c := Config{Codec: &addressed{}, Schedule: evenly(1000, 3000), Targets: simTargets(1)}
			way(&c)
			m, _ := simRun(t, f.s, c)
			if m.Requests.Completed != 3000 || m.Times.Latency.Max() < 990*ms || m.Times.Lateness.Max() > ms {
				t.Errorf("%+v, %v; latency up to %v", m.Requests, m.Errors, time.Duration(m.Times.Latency.Max()))
			}
			f.about("10.0.0.2", 600, 1400)
		})
	}
}

func TestWithoutTargetsRequestsEndUnsent(t *testing.T) {
	f := newFarm(t, time.Millisecond)
	f.change(second)
	m, _ := simRun(t, f.s, Config{Schedule: evenly(100, 300), Timeout: 2 * time.Second, Targets: simTargets(1, 2)})
	if m.Requests.Completed > 101 || m.UnsentBy[waitTargets] != 300-m.Requests.Completed || f.s.now > 6*second {
		t.Errorf("%+v, %v, ended at %v", m.Requests, m.UnsentBy, time.Duration(f.s.now))
	}
}

// A run may begin without targets, or with others than its configuration's.
func TestTargetsBeforeTheRun(t *testing.T) {
	for name, way := range ways {
		for _, hosts := range [][]int{{}, {3, 2}} {
			t.Run(fmt.Sprint(name, hosts), func(t *testing.T) {
				f := newFarm(t, time.Millisecond)
				c := Config{Codec: &addressed{}, Schedule: evenly(100, 200), Targets: simTargets(1), Timeout: 5 * time.Second}
				way(&c)
				f.change(second, 2)
				f.s.before = func(e *Engine) {
					if err := e.SetTargets(simTargets(hosts...)); err != nil {
						t.Fatal(err)
					}
				}
				m, r := simRun(t, f.s, c)
				if m.Requests.Completed != 200 || f.seen["10.0.0.1"] > 0 || f.seen["10.0.0.2"] < 100 || len(r.Failures) > 0 {
					t.Errorf("%+v, seen %v", m.Requests, f.seen)
				}
			})
		}
	}
}

// A target that comes back is the one that it was: its number, its pool.
func TestTargetsComeBack(t *testing.T) {
	f := newFarm(t, time.Millisecond)
	f.change(second, 2)
	f.change(2*second, 3, 1)
	f.change(3*second, 1, 2)
	f.s.at(3*second+500*ms, func() {
		s := f.s.engine.shards[0]
		if len(s.pools) != 3 || s.set.url(0) != "lines://10.0.0.1:7" || s.set.url(2) != "lines://10.0.0.3:7" || s.pools[2].place >= 0 || s.pools[1].place != 1 {
			t.Errorf("%d pools, %+v", len(s.pools), s.set)
		}
	})
	m, _ := simRun(t, f.s, Config{Codec: &addressed{}, Schedule: evenly(100, 400), Targets: simTargets(1)})
	if m.Requests.Completed != 400 {
		t.Errorf("%+v", m.Requests)
	}
	f.about("10.0.0.1", 195, 205)
	f.about("10.0.0.2", 145, 155)
	f.about("10.0.0.3", 45, 55)
}

// The same URL given twice is two targets, with twice the share, as in the configuration.
func TestATargetGivenTwiceCountsTwice(t *testing.T) {
	f := newFarm(t, time.Millisecond)
	f.change(second, 1, 1, 3)
	m, _ := simRun(t, f.s, Config{Codec: &addressed{}, Schedule: evenly(300, 600), Targets: simTargets(1, 1, 2)})
	if m.Requests.Completed != 600 || len(f.s.engine.shards[0].pools) != 4 {
		t.Errorf("%+v, %d pools", m.Requests, len(f.s.engine.shards[0].pools))
	}
	f.about("10.0.0.1", 395, 405)
	f.about("10.0.0.3", 95, 105)
}

// A pinned request keeps to what the router says of those that are there now, and to nothing else.
func TestRoutersHearOfTheTargetsThatThereAre(t *testing.T) {
	f := newFarm(t, time.Millisecond)
	serve, now := f.s.serve, simTargets(1, 2, 3)
	wrong := 0
	f.s.serve = func(c *simConn, line string) {
		uri, _, _ := strings.Cut(line, "@")
		if to := now[byHash(&load.Request{URI: []byte(uri)}, now)]; to.Host != c.addr.Addr().String() {
			wrong++
		}
		serve(c, line)
	}
	change := func(at int64, hosts ...int) {
		f.change(at, hosts...)
		f.s.at(at, func() { now = simTargets(hosts...) })
	}
	change(second, 1, 3)
	change(2*second, 1, 2, 3)
	change(3*second, 2, 4)
	k := 0
	c := Config{Codec: routed{&addressed{route: byHash}}, Schedule: evenly(1000, 4000), Targets: now, Processor: asIs}
	c.Source = wordSource{func() string { k++; return fmt.Sprint("w", k) }}
	m, _ := simRun(t, f.s, c)
	if m.Requests.Completed != 4000 || wrong > 0 {
		t.Errorf("%+v, %d went to the wrong target", m.Requests, wrong)
	}
}

func TestARequestThatNoRouterPlacesFails(t *testing.T) {
	f := newFarm(t, time.Millisecond)
	gone := false
	route := func(_ *load.Request, targets []load.Target) int {
		if gone = gone || len(targets) == 1; gone {
			return 7
		}
		return 0
	}
	f.change(second, 2)
	k := 0
	c := Config{Codec: routed{&addressed{route: route}}, Schedule: evenly(100, 150), Targets: simTargets(1, 2), Processor: asIs}
	c.Source = wordSource{func() string { // all is prepared before the change
		if k++; k > 150 {
			return ""
		}
		return "x"
	}}
	m, r := simRun(t, f.s, c)
	if q := m.Requests; q.Completed < 99 || q.Completed > 101 || m.Errors[causeGone] != 150-q.Completed || len(r.Failures) == 0 {
		t.Errorf("%+v, %v", q, m.Errors)
	}
}

// Answers that send requests on count in the targets that the codec knows, whatever the shard knows.
func TestRedirectsAmongChangedTargets(t *testing.T) {
	e := &engine{}
	s := &shard{e: e, set: &targetSet{used: simTargets(5, 7, 8)}, live: []int32{4, 6, 7}}
	for _, tt := range []struct {
		redirect int
		among    []load.Target
		want     int
	}{
		{1, nil, 4},
		{3, nil, 7},
		{4, nil, -1},
		{2, simTargets(5, 7, 8), 6},
		{3, simTargets(5, 6, 7, 8), 6},
		{2, simTargets(5, 6, 7, 8), -1},
		{1, simTargets(8), 7},
		{2, simTargets(8), -1},
	} {
		if got := s.redirected(&load.Response{Redirect: tt.redirect, RedirectAmong: tt.among}); got != tt.want {
			t.Errorf("%d among %d: %d, want %d", tt.redirect, len(tt.among), got, tt.want)
		}
	}
}

func TestTargetsThatCannotBe(t *testing.T) {
	e, err := New(Config{Schedule: evenly(1, 1), Targets: simTargets(1), Fixed: &load.Request{URI: []byte("x")}, Codec: lines{}, Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.SetTargets([]load.Target{gramTarget}); err == nil || !strings.Contains(err.Error(), "mixed") {
		t.Error(err)
	}
	if err := e.SetTargets([]load.Target{{Host: "10.0.0.1"}}); err == nil || err.Error() != "engine: target 1: expected a URL, which it is known by" {
		t.Error(err)
	}
}

// A fixed request that cannot be encoded for a target that comes keeps that one out, and nothing else.
func TestATargetThatTheRequestCannotBeEncodedForIsNotUsed(t *testing.T) {
	f := newFarm(t, time.Millisecond)
	f.change(second, 9, 2, 1)
	var said []string
	m, _ := simRun(t, f.s, Config{
		Codec: picky{&addressed{}}, Schedule: evenly(100, 200), Targets: simTargets(1),
		Logf: func(format string, args ...any) { said = append(said, fmt.Sprintf(format, args...)) },
	})
	want := "target lines://10.0.0.9:7: engine: request: not for nines; it is not used|target lines://10.0.0.2:7: came; 2 in use"
	if got := strings.Join(said, "|"); m.Requests.Completed != 200 || f.seen["10.0.0.9"] > 0 || f.seen["10.0.0.2"] != 50 || got != want {
		t.Errorf("%+v, %v, said %q", m.Requests, f.seen, got)
	}
}

type picky struct{ *addressed }

func (p picky) AppendRequest(dst []byte, r *load.Request, t *load.Target) ([]byte, error) {
	if strings.Contains(t.URL, "9") {
		return dst, errors.New("not for nines")
	}
	return p.addressed.AppendRequest(dst, r, t)
}

func TestComingAndGoingIsLogged(t *testing.T) {
	f := newFarm(t, time.Millisecond)
	f.change(100*ms, 1, 2, 3)
	f.change(200*ms, 1, 2, 3) // no news
	f.change(300*ms, 3)
	f.change(400 * ms)
	f.change(500*ms, 2)
	var said []string
	simRun(t, f.s, Config{
		Codec: &addressed{}, Schedule: evenly(100, 60), Targets: simTargets(1),
		Logf: func(format string, args ...any) { said = append(said, fmt.Sprintf(format, args...)) },
	})
	want := []string{
		"target lines://10.0.0.2:7: came; 3 in use", "target lines://10.0.0.3:7: came; 3 in use",
		"target lines://10.0.0.1:7: went; 1 in use", "target lines://10.0.0.2:7: went; 1 in use",
		"target lines://10.0.0.3:7: went; 0 in use", "no target is left: requests wait until one comes",
		"target lines://10.0.0.2:7: came; 1 in use",
	}
	if !slices.Equal(said, want) {
		t.Errorf("said %q, want %q", said, want)
	}
}
