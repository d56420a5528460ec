package engine

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/internal/poller"
	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
)

// grams is a codec of datagrams: a key of two bytes where there is one, then the URI; answers are a key and a status.
type grams struct {
	lines
	matching transport.Matching
}

func (g grams) AppendRequest(dst []byte, r *load.Request, _ *load.Target) ([]byte, error) {
	return append(append(dst, 0, 0), r.URI...), nil
}
func (g grams) Matching() transport.Matching { return g.matching }
func (g grams) Stamp(wire []byte, key uint64) {
	binary.BigEndian.PutUint16(wire, uint16(key))
}

var errGram = &transport.Malformed{Cause: "short"}

func (g grams) ParseDatagram(b []byte, r *load.Response) (uint64, bool, error) {
	if len(b) < 2 {
		return 0, false, errGram
	}
	key := uint64(binary.BigEndian.Uint16(b))
	if len(b) < 4 {
		return key, true, errGram
	}
	r.Status = int(binary.BigEndian.Uint16(b[2:]))
	return key, true, nil
}

func gram(key string, status uint16) string {
	return key[:2] + string([]byte{byte(status >> 8), byte(status)})
}

var gramTarget = load.Target{URL: "gram://10.0.0.1:7", Scheme: "gram", Host: "10.0.0.1", Port: 7, Datagram: true}

func gramConfig(match transport.Match, bits int, c Config) Config {
	c.Codec = grams{matching: transport.Matching{Match: match, Bits: bits}}
	if c.Targets == nil {
		c.Targets = []load.Target{gramTarget}
	}
	return c
}

func TestDatagramsAreMatchedByKey(t *testing.T) {
	s := newSim()
	rng := rand.New(rand.NewPCG(1, 1))
	s.serve = func(c *simConn, b string) { // out of order, the status tells which
		status := uint16(200 + len(b))
		s.after(time.Duration(rng.IntN(20))*time.Millisecond, func() { c.datagram(gram(b, status)) })
	}
	c := gramConfig(transport.MatchKey, 16, Config{Schedule: evenly(1000, 1000)})
	c.Source, c.Processor = words("a", "bb", "ccc")
	m, _ := simRun(t, s, c)
	if m.Requests.Completed != 1000 || m.Status[203] < 333 || m.Status[204] != 333 || m.Status[205] != 333 || s.opened != 1 {
		t.Errorf("%+v over %d sockets", m.Requests, s.opened)
	}
	if m.MaxInFlight < 10 {
		t.Errorf("only %d in flight", m.MaxInFlight)
	}
}

func TestLostLateAndDuplicateDatagramsAreToldApart(t *testing.T) {
	s := newSim()
	n := 0
	s.serve = func(c *simConn, b string) {
		n++
		again := func(d time.Duration) { s.after(d, func() { c.datagram(gram(b, 200)) }) }
		switch n % 10 {
		case 0: // lost
		case 1:
			again(150 * time.Millisecond) // late
		case 2:
			again(time.Millisecond)
			again(2 * time.Millisecond)
		case 3:
			again(time.Millisecond)
			s.after(time.Millisecond, func() { c.datagram("zzz") }) // of a key that is not in use
		default:
			again(time.Millisecond)
		}
	}
	m, _ := simRun(t, s, gramConfig(transport.MatchKey, 16, Config{Schedule: evenly(1000, 1000), Duration: time.Second, Timeout: 100 * time.Millisecond, Warmup: 0}))
	d := m.Datagrams
	if m.Requests.Completed != 800 || m.Requests.TimedOut != 200 || d.Duplicate != 100 || d.Unmatched != 100 || d.Late < 80 || d.Late > 100 {
		t.Errorf("%+v, %+v", m.Requests, d)
	}
}

func TestKeysAreNotUsedAgainWhileAnAnswerCouldCome(t *testing.T) {
	s := newSim()
	inUse := map[string]int64{}
	s.serve = func(c *simConn, b string) {
		if at, ok := inUse[b[:2]]; ok && s.now < at+100*ms {
			t.Errorf("key %x again after %v", b[:2], time.Duration(s.now-at))
		}
		inUse[b[:2]] = s.now
		if len(inUse)%3 != 0 {
			s.after(time.Millisecond, func() { c.datagram(gram(b, 200)) })
		}
	}
	m, _ := simRun(t, s, gramConfig(transport.MatchKey, 8, Config{Schedule: evenly(10_000, 5000), Timeout: 100 * time.Millisecond}))
	if m.UnsentBy[waitConnections] == 0 || m.Requests.Completed < 300 {
		t.Errorf("%+v, unsent by %v: with 256 keys a socket cannot carry 10,000/s of a tenth of a second", m.Requests, m.UnsentBy)
	}
}

func TestDatagramsInOrderTakeASocketEach(t *testing.T) {
	s := newSim()
	under := map[*simConn]bool{}
	n := 0
	s.serve = func(c *simConn, b string) {
		if under[c] {
			t.Error("a second request on a socket whose answer is awaited")
		}
		if n++; n%10 == 0 {
			under[c] = true
			s.after(200*time.Millisecond, func() { c.datagram(gram(b, 500)) }) // late: must not be taken for another's
			return
		}
		under[c] = true
		s.after(10*time.Millisecond, func() { under[c] = false; c.datagram(gram(b, 200)) })
	}
	m, _ := simRun(t, s, gramConfig(transport.MatchOrder, 0, Config{Schedule: evenly(1000, 1000), Timeout: 100 * time.Millisecond}))
	if m.Status[200] != 900 || m.Status[500] != 0 || m.Requests.TimedOut != 100 || s.opened < 100 || s.opened > 200 {
		t.Errorf("%+v over %d sockets, %d of status 500", m.Requests, s.opened, m.Status[500])
	}
}

func TestDatagramsWithoutAnswers(t *testing.T) {
	s := newSim()
	n := 0
	s.serve = func(*simConn, string) { n++ }
	for _, closed := range []bool{false, true} {
		n = 0
		c := Config{Schedule: evenly(1000, 1000)}
		if closed {
			c = Config{Closed: true, Connections: 1, N: 1000}
		}
		m, _ := simRun(t, s, gramConfig(transport.MatchNone, 0, c))
		if m.Requests.Completed != 1000 || m.Status[0] != 1000 || n != 1000 {
			t.Errorf("%+v, %d arrived", m.Requests, n)
		}
	}
}

func TestRefusedDatagramsFailTheOldest(t *testing.T) {
	for _, match := range []transport.Match{transport.MatchKey, transport.MatchOrder} {
		s := newSim()
		s.serve = func(c *simConn, _ string) {
			s.after(time.Millisecond, func() {
				c.err = syscall.ECONNREFUSED
				c.datagram("")
				c.grams = nil
			})
		}
		m, _ := simRun(t, s, gramConfig(match, 16, Config{Schedule: evenly(100, 100)}))
		if fmt.Sprint(m.Errors) != fmt.Sprint(map[string]int64{causeRefused: 100}) {
			t.Errorf("%v", m.Errors)
		}
	}
}

func TestMalformedDatagrams(t *testing.T) {
	s := newSim()
	n := 0
	s.serve = func(c *simConn, b string) {
		n++
		answer := []string{gram(b, 200), b[:2], "x"}[n%3]
		s.after(time.Millisecond, func() { c.datagram(answer) })
	}
	m, _ := simRun(t, s, gramConfig(transport.MatchKey, 16, Config{Schedule: evenly(100, 99), Timeout: 100 * time.Millisecond}))
	if m.Requests.Completed != 33 || m.Errors["malformed answer: short"] != 33 || m.Requests.TimedOut != 33 || m.Datagrams.Unmatched != 33 {
		t.Errorf("%+v, %v, %+v", m.Requests, m.Errors, m.Datagrams)
	}
}

// Loss, delay, duplicates, refusals and limits at random: the identities hold.
func TestIdentitiesOfDatagrams(t *testing.T) {
	for seed := range uint64(40) {
		rng := rand.New(rand.NewPCG(seed, 4))
		s := newSim()
		s.serve = func(c *simConn, b string) {
			d := time.Duration(rng.ExpFloat64() * 2e7)
			switch rng.IntN(12) {
			case 0:
			case 1:
				s.after(d, func() { c.datagram(gram(b, 200)); c.datagram(gram(b, 200)) })
			case 2:
				s.after(d, func() { c.err = syscall.ECONNREFUSED; c.datagram(gram(b, 200)) })
			case 3:
				s.after(d, func() { c.datagram(strings.Repeat("?", rng.IntN(4))) })
			default:
				s.after(d, func() { c.datagram(gram(b, uint16(200+rng.IntN(2)*300))) })
			}
		}
		match := transport.Match(rng.IntN(3))
		c := gramConfig(match, 8+rng.IntN(9), Config{
			Schedule: evenly(2000, 2000), Timeout: time.Duration(20+rng.IntN(100)) * time.Millisecond,
			Targets:    []load.Target{gramTarget, gramTarget},
			DropBeyond: rng.IntN(2) * 50, Connections: rng.IntN(2) * 30,
		})
		if rng.IntN(3) == 0 {
			s.limit = 10
		}
		if m, _ := simRun(t, s, c); m.Requests.Scheduled != 2000 {
			t.Errorf("%+v", m.Requests)
		}
		if t.Failed() {
			t.Fatalf("seed %d: %+v", seed, c)
		}
	}
}

// A name that resolves anew is followed; what is under way on an old socket still has its answer there.
func TestDatagramsFollowANameThatResolvesAnew(t *testing.T) {
	for _, match := range []transport.Match{transport.MatchKey, transport.MatchOrder, transport.MatchNone} {
		s := newSim()
		seen := map[string]int{}
		s.serve = func(c *simConn, b string) {
			seen[c.addr.String()]++
			s.after(20*time.Millisecond, func() { c.datagram(gram(b, 200)) })
		}
		e, err := New(gramConfig(match, 16, Config{Schedule: evenly(100, 300), Fixed: &load.Request{URI: []byte("x")}, Timeout: time.Second}))
		if err != nil {
			t.Fatal(err)
		}
		s.at(second, func() {
			e.resolver.sets[0].Store(&addrSet{generation: 1, addrs: []poller.Addr{addr("10.0.0.2:7")}})
		})
		e.newPoller = func() (poller.Poller, error) { return s, nil }
		e.newClock = func() func() int64 { return func() int64 { return s.now } }
		if _, err := e.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if old, now := seen["10.0.0.1:7"], seen["10.0.0.2:7"]; old+now != 300 || old < 99 || old > 101 {
			t.Errorf("match %d: %v", match, seen)
		}
		if len(s.conns) > 0 {
			t.Errorf("match %d: %d sockets left", match, len(s.conns))
		}
	}
}

func TestDatagramsFollowTheTargets(t *testing.T) {
	grams := func(hosts ...int) (list []load.Target) {
		for _, t := range simTargets(hosts...) {
			t.Datagram = true
			list = append(list, t)
		}
		return list
	}
	for _, match := range []transport.Match{transport.MatchKey, transport.MatchOrder, transport.MatchNone} {
		for _, limit := range []int{0, 8} {
			f := newFarm(t, 0)
			f.s.serve = func(c *simConn, b string) {
				f.seen[c.addr.Addr().String()]++
				f.s.after(20*time.Millisecond, func() { c.datagram(gram(b, 200)) })
			}
			for at, hosts := range map[int64][]int{second: {1, 2}, 2 * second: {2}, 3 * second: {}, 3*second + 500*ms: {1}} {
				f.s.at(at, func() {
					if err := f.s.engine.SetTargets(grams(hosts...)); err != nil {
						t.Error(err)
					}
				})
			}
			f.s.at(2*second+500*ms, func() {
				if f.open("10.0.0.1") > 0 || f.open("10.0.0.2") == 0 {
					t.Errorf("match %d: sockets %d and %d", match, f.open("10.0.0.1"), f.open("10.0.0.2"))
				}
			})
			m, _ := simRun(t, f.s, gramConfig(match, 16, Config{Schedule: evenly(300, 1200), Connections: limit, Targets: grams(1)}))
			if m.Requests.Completed != 1200 || f.seen["10.0.0.1"] < 730 || f.seen["10.0.0.1"] > 770 {
				t.Errorf("match %d, limit %d: %+v, %v", match, limit, m.Requests, f.seen)
			}
		}
	}
}
