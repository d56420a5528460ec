package discoverytest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/iagoloadgen/iago/discovery"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// memory is a backend in memory, with ways to be broken.
type memory struct {
	mu      sync.Mutex
	changed chan struct{} // closed at each change
	away    bool
	next    int
	members map[int]discovery.Member
	broken  string // what is wrong with it
}

var memories = map[string]*memory{}

func init() {
	discovery.Register(discovery.Kind{Scheme: "memory", Open: func(a discovery.Address, logf discovery.Logf) (discovery.Backend, error) {
		return &session{memories[a.Hosts[0]], logf}, nil
	}})
}

// session is a memory as it is opened.
type session struct {
	*memory
	logf discovery.Logf
}

func (s *session) String() string { return "memory://" }

func (m *memory) change(do func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	do()
	close(m.changed)
	m.changed = make(chan struct{})
}

func (m *memory) add(x discovery.Member) (remove func()) {
	var id int
	m.change(func() {
		m.next++
		id = m.next
		x.Name = fmt.Sprintf("member_%03d", id)
		m.members[id] = x
	})
	return func() { m.change(func() { delete(m.members, id) }) }
}

func (m *memory) state() (set []discovery.Member, away bool, changed chan struct{}) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, x := range m.members {
		set = append(set, x)
	}
	return set, m.away, m.changed
}

func (s *session) Watch(ctx context.Context, update func([]discovery.Member)) error {
	if s.broken == "leaks" {
		go func() { select {} }()
	}
	tell := discovery.Track(update).Set
	switch s.broken {
	case "repeats":
		tell = func(set []discovery.Member) bool {
			discovery.Track(update).Set(set)
			return discovery.Track(update).Set(set)
		}
	case "unordered":
		tell = func(set []discovery.Member) bool { update(set); return true }
	}
	told := false
	for ctx.Err() == nil {
		set, away, changed := s.state()
		switch {
		case away && s.broken == "forgets":
			tell(nil)
		case away && s.broken == "gives up":
			return errors.New("away")
		case away && s.broken != "silent":
			s.logf("away")
		case away:
		case s.broken == "late" && len(set) == 0:
		case s.broken != "deaf" || !told:
			tell(set)
			told = true
		}
		select {
		case <-ctx.Done():
		case <-changed:
		}
	}
	if s.broken == "ends in error" {
		return ctx.Err()
	}
	return nil
}

func (s *session) Register(ctx context.Context, x discovery.Member) (func(), error) {
	if err := x.Validate(); err != nil && s.broken != "takes all" {
		return nil, err
	}
	if s.broken == "loses fields" {
		x.Shard = 0
	}
	return discovery.Hold(ctx, s.logf, func(ctx context.Context, ready func()) error {
		for {
			_, away, changed := s.state()
			if ctx.Err() != nil {
				return nil
			}
			if !away {
				break
			}
			select {
			case <-ctx.Done():
			case <-changed:
			}
		}
		remove := s.add(x)
		ready()
		<-ctx.Done()
		if s.broken != "stays" {
			remove()
		}
		return nil
	})
}

// run runs the suite against a memory that is broken somehow; "": not.
func run(t *testing.T, broken string) {
	var places []*memory
	Run(t, func(*testing.T) Place {
		m := &memory{changed: make(chan struct{}), members: map[int]discovery.Member{}, broken: broken}
		places = append(places, m)
		name := fmt.Sprint(len(places))
		memories[name] = m
		return Place{
			Address: "memory://" + name, Add: m.add,
			Outages: map[string]Outage{"away": {
				Down: func() { m.change(func() { m.away = true }) }, Up: func() { m.change(func() { m.away = false }) },
			}},
		}
	})
}

func TestMemory(t *testing.T) { run(t, "") }

const brokenEnv = "IAGO_TEST_BROKEN"

// TestBroken is run by TestSuiteFinds with what is to be wrong.
func TestBroken(t *testing.T) {
	if broken := os.Getenv(brokenEnv); broken != "" {
		patience = calm
		run(t, broken)
	}
}

// TestSuiteFinds: the suite fails each backend that breaks the contract, and says why.
func TestSuiteFinds(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the suite many times")
	}
	for broken, says := range map[string]string{
		"repeats": "is told again", "unordered": "is not ordered", "forgets": "told", "gives up": "", "silent": "the log says nothing",
		"late": "expected [] at last", "deaf": "at last", "ends in error": "expected nil", "leaks": "unexpected goroutines",
		"takes all": "is registered", "loses fields": "found {", "stays": "at last",
	} {
		t.Run(broken, func(t *testing.T) {
			t.Parallel()
			c := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestBroken$")
			c.Env = append(os.Environ(), brokenEnv+"="+broken)
			out, err := c.CombinedOutput()
			if err == nil || !strings.Contains(string(out), says) {
				t.Errorf("a backend that is broken: %v; expected %q:\n%s", err, says, out)
			}
		})
	}
}
