// Package discoverytest is the contract of package discovery as tests: whoever writes a backend says how a test gets a [Place] of its
// own in it, and calls [Run].
//
//	func TestContract(t *testing.T) {
//		discoverytest.Run(t, func(t *testing.T) discoverytest.Place {
//			server := start(t)
//			return discoverytest.Place{
//				Address:  "mine://" + server.Address + "/" + path,
//				Outages:  map[string]discoverytest.Outage{"killed": {Down: server.Kill, Up: server.Restart}},
//				Add:      func(m discovery.Member) (remove func()) { return server.put(t, m) },
//			}
//		})
//	}
//
// The suite watches through [discovery.Open] only. It registers members where the backend is a [discovery.Registrar], and puts others
// there by Add, which stands for everybody else. Times decide nothing but what cannot be seen otherwise: that nothing was told while
// there was nothing to tell.
package discoverytest

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/iagoloadgen/iago/discovery"
)

// Place is where the members of one service are kept, empty at first.
type Place struct {
	// Address is the place's URL.
	Address string
	// Server is the host:port in Address, if it is spoken to over TCP and over nothing else. The suite then reaches it through a
	// proxy of its own, by which it makes outages: connections cut, connections that go silent, sessions that expire.
	Server string
	// Add puts a member there, by other means than the backend's own, that lasts until it is removed or the test ends: host (an
	// address) and port must be found again; name, shard and further endpoints as far as the backend has them. Of members that are
	// put there twice each is removed by itself. It fails the test if it cannot.
	Add func(m discovery.Member) (remove func())
	// Outages are further ways in which the backend cannot be reached for a while, by name. Members that Add has put there outlive
	// them. In -short runs there are no outages.
	Outages map[string]Outage
	// Fixed are the members of a place where nothing can be added, and that cannot fail; then neither Add nor Outages are used.
	Fixed []discovery.Member
}

// Outage makes a backend unreachable, and reachable again. Both return once that is so.
type Outage struct{ Down, Up func() }

const (
	thisPackage = "github.com/iagoloadgen/iago/discovery/discoverytest"

	calm = 400 * time.Millisecond // how long nothing must be told
)

// patience is for what must happen: what takes longer counts as never.
var patience = time.Minute

// Run runs the whole suite. open gives each test an empty place of its own; what it starts it ends by t.Cleanup.
func Run(t *testing.T, open func(t *testing.T) Place) {
	t.Helper()
	if place := open(t); place.Fixed != nil {
		runFixed(t, place)
		return
	} else if len(place.Outages) == 0 && place.Server == "" || place.Add == nil {
		t.Fatal("discoverytest: a place needs Add, and Outages or Server, or else Fixed")
	}
	for name, test := range map[string]func(*suite){
		"empty": (*suite).empty, "first": (*suite).first, "changes": (*suite).changes, "duplicates": (*suite).duplicates,
		"order": (*suite).order, "two": (*suite).two, "end": (*suite).end,
	} {
		t.Run(name, func(t *testing.T) { test(newSuite(t, open(t))) })
	}
	if !testing.Short() {
		runOutages(t, open)
	}
	if _, err := discovery.RegistrarOf(newSuite(t, open(t)).backend); err == nil {
		runRegistrar(t, open)
	}
}

// suite is one test at one place.
type suite struct {
	*testing.T
	Place
	backend discovery.Backend
	proxy   *proxy // nil: there is none
	direct  string // the address that does not lead through the proxy
	log     messages
}

func newSuite(t *testing.T, place Place) *suite {
	t.Helper()
	s := &suite{T: t, Place: place}
	var err error
	if place.Server != "" {
		s.throughProxy()
	}
	if s.backend, err = discovery.Open(s.Address, s.log.add); err != nil {
		t.Fatal(err)
	}
	if b := s.backend.String(); !strings.HasPrefix(b, strings.SplitAfter(place.Address, "//")[0]) {
		t.Errorf("String is %q; expected the address", b)
	}
	return s
}

// leaves fails the test if goroutines are left that were not there when it was called; call what it returns at the end.
func (s *suite) leaves() func() {
	before := goleak.IgnoreCurrent()
	return func() {
		s.Helper()
		if err := goleak.Find(before, goleak.IgnoreAnyFunction(thisPackage+".await")); err != nil {
			s.Error(err)
		}
	}
}

// messages is a log.
type messages struct {
	mu   sync.Mutex
	list []string
}

func (l *messages) add(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = append(l.list, fmt.Sprintf(format, args...))
}

func (l *messages) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.list)
}

func (l *messages) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.list, "\n")
}

// Eventually tells whether something comes true within a minute or, on a machine that stood still meanwhile, a good number of tries.
func Eventually(holds func() bool) bool {
	const tries = 200
	end := time.Now().Add(patience)
	for i := 0; i < tries || time.Now().Before(end); i++ {
		if holds() {
			return true
		}
		time.Sleep(min(10*time.Millisecond, patience/tries))
	}
	return false
}

// member is a member of the suite's own by number.
func member(i int) discovery.Member {
	return discovery.Member{Host: fmt.Sprintf("192.0.2.%d", i), Port: 8000 + i}
}
