package engine

import (
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/internal/poller"
	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/processor"
	"github.com/iagoloadgen/iago/source"
)

func TestPipelineCarriesSeveralInOrder(t *testing.T) {
	s := newSim()
	most := map[*simConn]int{}
	under := map[*simConn]int{}
	s.serve = func(c *simConn, _ string) {
		under[c]++
		most[c] = max(most[c], under[c])
		s.after(10*time.Millisecond, func() { under[c]--; c.answer("200") })
	}
	m, _ := simRun(t, s, Config{Schedule: evenly(1000, 2000), Connections: 2, Pipeline: 8})
	if m.Requests.Completed != 2000 || s.opened != 2 {
		t.Fatalf("%+v over %d connections", m.Requests, s.opened)
	}
	// Ten requests are under way on average, five a connection: without a pipeline they would wait.
	for c, n := range most {
		if n < 4 || n > 8 {
			t.Errorf("connection %d had up to %d under way", c.token, n)
		}
	}
	if l := m.Times.Latency.Max(); l > 11*ms {
		t.Errorf("latency up to %v, want about 10 ms", time.Duration(l))
	}
}

func TestPipelineBeyondItsDepthWaits(t *testing.T) {
	s := newSim()
	s.serveAfter(100 * time.Millisecond)
	m, _ := simRun(t, s, Config{Schedule: evenly(1000, 500), Connections: 1, Pipeline: 10})
	// Ten at a time, each a tenth of a second: 100/s.
	if m.MaxInFlight != 10 || m.Requests.Completed != 500 || m.Times.Wait.Max() < 4*second {
		t.Errorf("%d in flight, %+v, longest wait %v", m.MaxInFlight, m.Requests, time.Duration(m.Times.Wait.Max()))
	}
}

func TestLostPipelineFailsAllOnItAndNoOther(t *testing.T) {
	for _, tt := range []struct {
		name  string
		fail  func(c *simConn)
		first string
		rest  string
	}{
		{"reset", func(c *simConn) { c.give("", syscall.ECONNRESET) }, causeResetKept, causeBehind},
		{"closed in an answer", func(c *simConn) { c.give("20", errEOF) }, causeClosedEarly, causeBehind},
		{"garbage", func(c *simConn) { c.give("nonsense\n", nil) }, "malformed answer: no status", causeBehind},
		{"last answer", func(c *simConn) { c.answer("200 close") }, "", causeBehindClose},
		{"never", func(*simConn) {}, causeTimeout, causeBehind},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSim()
			n := 0
			s.serve = func(c *simConn, _ string) {
				if n++; n == 5 { // the fifth of ten that go out together
					s.after(2*time.Millisecond, func() { tt.fail(c) })
				} else if n < 5 || n > 10 {
					s.after(time.Millisecond, func() { c.answer("200") })
				}
			}
			// Ten at one moment, then ten more.
			due := make([]int64, 20)
			for i := range due {
				due[i] = int64(i/10) * 2 * second
			}
			m, _ := simRun(t, s, Config{Schedule: fixedTimes(due), Connections: 1, Pipeline: 16, Timeout: time.Second})
			want := map[string]int64{tt.rest: 5}
			if tt.first != "" {
				want[tt.first] = 1
			}
			if fmt.Sprint(m.Errors) != fmt.Sprint(want) || m.Requests.Completed != 20-m.Requests.Failed {
				t.Errorf("errors %v, want %v; %+v", m.Errors, want, m.Requests)
			}
		})
	}
}

// fixedTimes is a schedule of the given moments.
func fixedTimes(due []int64) func(int, int) Schedule {
	return func(int, int) Schedule { return &moments{due: due} }
}

type moments struct{ due []int64 }

func (m *moments) Next() (int64, bool) {
	if len(m.due) == 0 {
		return 0, false
	}
	d := m.due[0]
	m.due = m.due[1:]
	return d, true
}

func TestGreetingGoesBeforeTheFirstRequest(t *testing.T) {
	for _, tt := range []struct {
		name   string
		answer []string // to each line of the generator, from the first
		want   string   // lines that the target saw on the first connection
		failed map[string]int64
	}{
		{"welcome", []string{"welcome", "200", "200"}, "hello x x", nil},
		{"two steps", []string{"who", "welcome", "200", "200"}, "hello me x x", nil},
		{"refused", []string{"go away"}, "hello", map[string]int64{"refused: not welcome": 2}},
		{"silent", nil, "hello", map[string]int64{causeTimeout: 2}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSim()
			saw := map[*simConn][]string{}
			var first *simConn
			s.serve = func(c *simConn, line string) {
				if first == nil {
					first = c
				}
				n := len(saw[c])
				saw[c] = append(saw[c], line)
				if n < len(tt.answer) {
					s.after(time.Millisecond, func() { c.answer(tt.answer[n]) })
				}
			}
			m, _ := simRun(t, s, Config{Codec: &odd{greeting: "hello\n"}, Schedule: evenly(10, 2), Timeout: time.Second})
			if got := strings.Join(saw[first], " "); got != tt.want {
				t.Errorf("the target saw %q, want %q", got, tt.want)
			}
			if !maps.Equal(m.Errors, tt.failed) {
				t.Errorf("errors %v, want %v", m.Errors, tt.failed)
			}
			if tt.failed == nil && m.Times.Wait.Max() < ms {
				t.Errorf("longest wait %v: the greeting is part of it", time.Duration(m.Times.Wait.Max()))
			}
		})
	}
}

func TestStampChangesACopy(t *testing.T) {
	for _, pipeline := range []int{1, 4} {
		s := newSim()
		var saw []string
		s.serve = func(c *simConn, line string) {
			saw = append(saw, line)
			s.after(time.Millisecond, func() { c.answer("200") })
		}
		fixed := &load.Request{URI: []byte("xyz")}
		m, _ := simRun(t, s, Config{Codec: &odd{stamp: true}, Schedule: evenly(100, 3), Pipeline: pipeline, Fixed: fixed})
		if got := strings.Join(saw, " "); m.Requests.Completed != 3 || got != "byz cyz dyz" {
			t.Errorf("the target saw %q; %+v", got, m.Requests)
		}
	}
}

func TestOneWayEndsWhenItIsWritten(t *testing.T) {
	for _, c := range []Config{{}, {Pipeline: 4, Connections: 1}, {Closed: true, Connections: 3, N: 100}} {
		s := newSim()
		n := 0
		s.serve = func(c *simConn, line string) {
			if n++; line == "ask" {
				s.after(5*time.Millisecond, func() { c.answer("200") })
			}
		}
		if !c.Closed {
			c.Schedule = evenly(1000, 100)
		}
		c.Codec = &odd{oneWay: func(r *load.Request) bool { return string(r.URI) == "tell" }}
		c.Source, c.Processor = words("tell", "tell", "ask")
		m, _ := simRun(t, s, c)
		if m.Requests.Completed != 100 || n != 100 || m.Status[0] < 60 || m.Status[0] > 70 || m.Status[200] != 100-m.Status[0] {
			t.Errorf("%+v, %d seen; status 0: %d, 200: %d", m.Requests, n, m.Status[0], m.Status[200])
		}
		if !c.Closed && c.Pipeline > 1 && s.opened != 1 {
			t.Errorf("%d connections", s.opened)
		}
	}
}

// words are an endless source of the given URIs, in turn.
func words(uris ...string) (source.Source, processor.Processor) {
	k := 0
	return wordSource{func() string { k++; return uris[(k-1)%len(uris)] }}, processor.Func(func(r *load.Record, add func() *load.Request) error {
		req := add()
		req.URI = req.Keep(r.URI)
		return nil
	})
}

type wordSource struct{ next func() string }

func (w wordSource) Read(r *load.Record) error {
	word := w.next()
	if word == "" {
		return io.EOF
	}
	r.URI = append(r.URI[:0], word...)
	return nil
}
func (wordSource) Stats() source.Stats { return source.Stats{} }
func (wordSource) Close() error        { return nil }

// A processor is shown the same times as the figures: the silence is part of none.
func TestSilenceIsNoPartOfWhatAProcessorSees(t *testing.T) {
	s := newSim()
	s.serve = func(c *simConn, _ string) { s.after(10*time.Millisecond, func() { c.give("abc", nil) }) }
	src, p := words("x")
	var longest time.Duration
	r := newSeer(p, func(x *processor.Exchange) { longest = max(longest, x.Latency, x.Service) })
	simRun(t, s, Config{Codec: &odd{silence: 30 * time.Millisecond}, Schedule: evenly(10, 20), Source: src, Processor: p, Responder: r})
	if longest < 10*time.Millisecond || longest > 11*time.Millisecond {
		t.Errorf("up to %v, want 10 ms", longest)
	}
}

// A redirect for which there is no descriptor is a failure, counted as such.
func TestRedirectWithoutADescriptorFails(t *testing.T) {
	s := newSim()
	s.limit = 1
	s.serve = func(c *simConn, _ string) { s.after(time.Millisecond, func() { c.answer("moved 1") }) }
	targets := []load.Target{{URL: "a", Host: "10.0.0.1", Port: 1}, {URL: "b", Host: "10.0.0.1", Port: 2}}
	for _, pipeline := range []int{1, 4} {
		m, _ := simRun(t, s, Config{Codec: &odd{route: func(*load.Request) int { return 0 }}, Schedule: evenly(10, 5), Targets: targets, Pipeline: pipeline})
		if m.Requests.Failed != 5 || m.Errors[syscall.EMFILE.Error()] != 5 {
			t.Errorf("pipeline %d: %+v, errors %v", pipeline, m.Requests, m.Errors)
		}
		s = newSim()
		s.limit = 1
		s.serve = func(c *simConn, _ string) { s.after(time.Millisecond, func() { c.answer("moved 1") }) }
	}
}

func TestSilenceEndsAnAnswer(t *testing.T) {
	s := newSim()
	s.serve = func(c *simConn, _ string) {
		s.after(10*time.Millisecond, func() { c.give("abc", nil) })
		s.after(20*time.Millisecond, func() { c.give("def", nil) })
	}
	m, _ := simRun(t, s, Config{Codec: &odd{silence: 30 * time.Millisecond}, Schedule: evenly(10, 20)})
	if m.Requests.Completed != 20 || m.Status[6] != 20 {
		t.Errorf("%+v, %d of six bytes", m.Requests, m.Status[6])
	}
	if l := m.Times.Service.Max(); l < 20*ms || l > 21*ms {
		t.Errorf("service time up to %v: want 20 ms, without the silence", time.Duration(l))
	}
}

func TestRoutedRequestsGoWhereTheyMust(t *testing.T) {
	s := newSim()
	saw := map[uint16]map[string]int{1: {}, 2: {}, 3: {}}
	s.serve = func(c *simConn, line string) {
		saw[c.addr.Port()][line]++
		s.after(time.Millisecond, func() { c.answer("200") })
	}
	var targets []load.Target
	for i := range 3 {
		targets = append(targets, load.Target{URL: fmt.Sprint("lines://10.0.0.1:", i+1), Host: "10.0.0.1", Port: i + 1})
	}
	codec := &odd{route: func(r *load.Request) int { return int(r.URI[0]-'a') % 3 }}
	c := Config{Codec: codec, Schedule: evenly(1000, 900), Targets: targets}
	c.Source, c.Processor = words("a", "b", "c", "d", "e", "f")
	m, _ := simRun(t, s, c)
	if got := fmt.Sprint(saw); m.Requests.Completed != 900 || got != "map[1:map[a:150 d:150] 2:map[b:150 e:150] 3:map[c:150 f:150]]" {
		t.Errorf("%+v: %v", m.Requests, got)
	}
	// The second one is down: its requests fail, and no other gets them.
	s = newSim()
	s.serveAfter(time.Millisecond)
	s.open = func(a poller.Addr) error {
		if a.Port() == 2 {
			return syscall.ECONNREFUSED
		}
		return nil
	}
	c.Source, c.Processor = words("a", "b", "c")
	if m, _ = simRun(t, s, c); m.Errors[causeRefused] != 300 || m.Requests.Completed != 600 {
		t.Errorf("%+v, errors %v", m.Requests, m.Errors)
	}
}

// A target that stalls, at its limit of connections, holds up its own requests only.
func TestRequestsOfOneTargetDoNotHoldUpOthers(t *testing.T) {
	s := newSim()
	served := map[uint16]int{}
	s.serve = func(c *simConn, _ string) {
		if c.addr.Port() == 1 {
			return
		}
		s.after(time.Millisecond, func() { served[c.addr.Port()]++; c.answer("200") })
	}
	targets := []load.Target{{URL: "a", Host: "10.0.0.1", Port: 1}, {URL: "b", Host: "10.0.0.1", Port: 2}}
	c := Config{
		Codec: &odd{route: func(r *load.Request) int { return int(r.URI[0] - 'a') }}, Schedule: evenly(100, 200), Duration: 2 * time.Second,
		Targets: targets, Pool: Pool{PerTarget: 2}, Timeout: 10 * time.Second,
	}
	c.Source, c.Processor = words("a", "b")
	m, _ := simRun(t, s, c)
	if served[2] != 100 || m.Requests.TimedOut != 4 || m.Requests.Unsent != 96 {
		t.Errorf("served %v; %+v", served, m.Requests)
	}
	if over := partAbove(&m.Times.Latency, 2*ms); over > 0.04 {
		t.Errorf("%.2f of the latencies above 2 ms: only those that timed out can be", over)
	}
}

func TestRedirectIsFollowedWithinItsBound(t *testing.T) {
	for _, fixed := range []bool{true, false} {
		s := newSim()
		var saw []string
		s.serve = func(c *simConn, line string) {
			saw = append(saw, fmt.Sprint(c.addr.Port(), line))
			answer := "200"
			if c.addr.Port() == 1 {
				answer = "moved 1"
			}
			s.after(time.Millisecond, func() { c.answer(answer) })
		}
		targets := []load.Target{{URL: "a", Host: "10.0.0.1", Port: 1}, {URL: "b", Host: "10.0.0.1", Port: 2}}
		c := Config{Codec: &odd{route: func(*load.Request) int { return 0 }}, Schedule: evenly(10, 3), Targets: targets, Connections: 2}
		if !fixed {
			c.Source, c.Processor = words("x")
		}
		m, _ := simRun(t, s, c)
		if got, want := strings.Join(saw, " "), "1x 2asking 2x 1x 2asking 2x 1x 2asking 2x"; m.Requests.Completed != 3 || got != want {
			t.Errorf("fixed %v: %+v: the targets saw %q, want %q", fixed, m.Requests, got, want)
		}
	}
	s := newSim()
	n := 0
	s.serve = func(c *simConn, line string) {
		if line == "asking" {
			c.answer("200")
			return
		}
		n++
		c.answer("moved 0")
	}
	m, _ := simRun(t, s, Config{Codec: &odd{}, Schedule: evenly(10, 1), Pipeline: 4})
	if m.Requests.Completed != 1 || n != 1+maxRedirects {
		t.Errorf("%+v, asked %d times", m.Requests, n)
	}
}

func TestWeightConsumesArrivals(t *testing.T) {
	s := newSim()
	s.serveAfter(time.Millisecond)
	c := Config{Schedule: evenly(1000, 1000), Processor: processor.Func(func(r *load.Record, add func() *load.Request) error {
		req := add()
		req.URI, req.Weight = req.Keep(r.URI), int(r.URI[0]-'0')
		return nil
	})}
	c.Source, _ = words("1", "4", "0", "5")
	m, r := simRun(t, s, c)
	// 1 + 4 + 1 + 5 arrivals are four requests.
	if q := m.Requests; q.Scheduled < 362 || q.Scheduled > 365 || r.Arrivals != 1000 {
		t.Errorf("%+v of %d arrivals", q, r.Arrivals)
	}
}

// Every kind of trouble at once, with pipelines and follow-ups: the identities hold, nothing is left.
func TestIdentitiesWithPipelines(t *testing.T) {
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 2))
		s := newSim()
		s.serve = func(c *simConn, _ string) {
			d := time.Duration(rng.ExpFloat64() * 5e6)
			switch rng.IntN(60) {
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
				s.after(d, func() { c.give("20", nil); c.give("0\n", nil) })
			case 6:
				s.after(d, func() { c.answer("moved 0") })
			default:
				s.after(d, func() { c.answer("200") })
			}
		}
		s.open = func(poller.Addr) error {
			return []error{nil, nil, nil, nil, nil, nil, nil, nil, syscall.ECONNREFUSED, errSilent}[rng.IntN(10)]
		}
		c := Config{
			Codec:    &odd{oneWay: func(r *load.Request) bool { return string(r.URI) == "tell" }, stamp: rng.IntN(2) == 0},
			Schedule: evenly(2000, 3000), Timeout: 300 * time.Millisecond, Pipeline: 1 + rng.IntN(8),
			Connections: 1 + rng.IntN(20), DropBeyond: rng.IntN(2) * 100, ConnectTimeout: time.Duration(rng.IntN(2)) * 50 * time.Millisecond,
			Pool: Pool{NoReuse: rng.IntN(6) == 0},
		}
		c.Source, c.Processor = words("tell", "ask", "ask")
		if rng.IntN(3) == 0 {
			c.Schedule, c.Closed, c.Duration = nil, true, time.Second
		}
		m, _ := simRun(t, s, c)
		if m.Requests.Scheduled < 100 {
			t.Errorf("only %d scheduled", m.Requests.Scheduled)
		}
		if t.Failed() {
			t.Fatalf("seed %d: %+v", seed, c)
		}
	}
}
