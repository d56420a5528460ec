package engine

import (
	"crypto/sha256"
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

// addressed is lines that say whom they are encoded for: "x@lines://10.0.0.1:7".
type addressed struct {
	lines
	greeting string
	route    func(r *load.Request, targets []load.Target) int
}

func (a *addressed) AppendRequest(dst []byte, r *load.Request, t *load.Target) ([]byte, error) {
	return append(append(append(append(dst, r.URI...), '@'), t.URL...), '\n'), nil
}

func (a *addressed) NewConn() transport.Conn {
	return &oddConn{odd: &odd{greeting: a.greeting}}
}

// routed is addressed with a router.
type routed struct{ *addressed }

func (r routed) Route(req *load.Request, targets []load.Target) int { return r.route(req, targets) }

// byHash gives a request to one of the targets that there are, as a hash of its URI and each target's URL says.
func byHash(req *load.Request, targets []load.Target) int {
	best, most := -1, uint64(0)
	for i := range targets {
		h := sha256.Sum256(append([]byte(targets[i].URL), req.URI...))
		if v := binary.BigEndian.Uint64(h[:]); v > most {
			best, most = i, v
		}
	}
	return best
}

func simTargets(hosts ...int) (list []load.Target) {
	for _, n := range hosts {
		host := fmt.Sprintf("10.0.0.%d", n)
		list = append(list, load.Target{URL: "lines://" + host + ":7", Scheme: "lines", Host: host, Port: 7})
	}
	return list
}

// farm is the targets of a simulated network.
type farm struct {
	t    *testing.T
	s    *sim
	seen map[string]int   // requests by address
	at   map[string]int64 // when the last one came
	take time.Duration    // to answer
}

// newFarm serves requests and checks that they are meant for whom they come to.
func newFarm(t *testing.T, take time.Duration) *farm {
	f := &farm{t: t, s: newSim(), seen: map[string]int{}, at: map[string]int64{}, take: take}
	f.s.serve = func(c *simConn, line string) {
		f.request(c, line)
		f.s.after(f.take, func() { c.answer("200") })
	}
	return f
}

func (f *farm) request(c *simConn, line string) {
	host := c.addr.Addr().String()
	f.seen[host]++
	f.at[host] = f.s.now
	if _, to, _ := strings.Cut(line, "@"); !strings.HasSuffix(line, host+":7") && to != "" {
		f.t.Errorf("%s got %q", host, line)
	}
}

// change gives the run other targets at a moment.
func (f *farm) change(at int64, hosts ...int) {
	f.s.at(at, func() {
		if err := f.s.engine.SetTargets(simTargets(hosts...)); err != nil {
			f.t.Error(err)
		}
	})
}

// open counts the connections to a host.
func (f *farm) open(host string) (n int) {
	for _, c := range f.s.conns {
		if c.addr.Addr().String() == host {
			n++
		}
	}
	return n
}

func (f *farm) about(host string, low, high int) {
	f.t.Helper()
	if n := f.seen[host]; n < low || n > high {
		f.t.Errorf("%s got %d requests, want %d to %d; all: %v", host, n, low, high, f.seen)
	}
}

// The ways in which requests may be made and sent.
var ways = map[string]func(c *Config){
	"fixed":    func(*Config) {},
	"records":  func(c *Config) { c.Source, c.Processor = words("a", "b", "c", "d", "e", "f", "g") },
	"pipeline": func(c *Config) { c.Connections, c.Pipeline = 4, 8 },
	"limit":    func(c *Config) { c.Connections = 20; c.Source, c.Processor = words("x") },
	"few":      func(c *Config) { c.Descriptors = 12 },
	"router": func(c *Config) {
		c.Codec = routed{&addressed{route: byHash}}
		k := 0
		c.Source, c.Processor = wordSource{func() string { k++; return fmt.Sprint("w", k) }}, asIs
	},
	"fixed router": func(c *Config) {
		n := 0 // the same request goes to all in turn, as a command without a key does
		c.Codec = routed{&addressed{route: func(_ *load.Request, t []load.Target) int { n++; return n % len(t) }}}
	},
}

// Every kind of trouble at once while targets come and go: the identities hold, nothing is left, and what comes
// anywhere is encoded for it.
func TestIdentitiesWithChangingTargets(t *testing.T) {
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 3))
		f := newFarm(t, 0)
		f.s.before = func(e *Engine) { e.roster.spare = int(seed % 3) } // numbers are given again as soon as may be
		f.s.serve = func(c *simConn, line string) {
			if line == "hello" {
				c.answer("welcome")
				return
			}
			f.request(c, line)
			d := time.Duration(rng.ExpFloat64() * 5e6)
			switch rng.IntN(60) {
			case 0:
				f.s.after(d, func() { c.give("", errEOF) })
			case 1:
				f.s.after(d, func() { c.give("2", syscall.ECONNRESET) })
			case 2: // never
			case 3:
				f.s.after(d, func() { c.answer("503 close") })
			default:
				f.s.after(d, func() { c.answer("200") })
			}
		}
		f.s.open = func(poller.Addr) error {
			return []error{nil, nil, nil, nil, nil, nil, nil, nil, syscall.ECONNREFUSED, errSilent}[rng.IntN(10)]
		}
		c := Config{
			Codec: &addressed{greeting: []string{"", "hello\n"}[rng.IntN(2)]}, Targets: simTargets(1),
			Schedule: evenly(2000, 3000), Timeout: 300 * time.Millisecond, Pipeline: 1 + rng.IntN(8),
			Connections: 1 + rng.IntN(20), DropBeyond: rng.IntN(2) * 100, ConnectTimeout: time.Duration(rng.IntN(2)) * 50 * time.Millisecond,
			Pool: Pool{NoReuse: rng.IntN(6) == 0, PerTarget: rng.IntN(3)},
		}
		for _, name := range []string{"fixed", "records", "router", "fixed router"}[rng.IntN(4):][:1] {
			greeting := c.Codec.(*addressed).greeting
			if ways[name](&c); strings.HasSuffix(name, "router") {
				c.Codec.(routed).greeting = greeting
			}
		}
		if c.Processor != nil && rng.IntN(2) == 0 {
			c.Responder, c.FollowUps = newSeer(c.Processor, chain(1, "y", 10*time.Millisecond)), FollowUps{Depth: 2, PerResponse: 1, Pending: 50}
		}
		if rng.IntN(3) == 0 {
			c.Schedule, c.Closed, c.Duration = nil, true, 1500*time.Millisecond
		}
		for at := int64(0); at < 2*second; at += int64(1+rng.IntN(100)) * ms {
			hosts := rng.Perm(6)[:rng.IntN(5)]
			if rng.IntN(4) == 0 {
				hosts = nil
			}
			f.change(at, hosts...)
		}
		f.change(2*second, 1)
		if m, _ := simRun(t, f.s, c); m.Requests.Scheduled < 20 {
			t.Errorf("only %d scheduled", m.Requests.Scheduled)
		}
		if t.Failed() {
			t.Fatalf("seed %d: %+v", seed, c)
		}
	}
}
