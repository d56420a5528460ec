package engine

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
)

// names is a name service in memory.
type names struct {
	mu    sync.Mutex
	known map[string]string
	asked atomic.Int64
}

func (n *names) set(host, addr string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.known[host] = addr
}

func (n *names) lookup(_ context.Context, host string) ([]netip.Addr, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.asked.Add(1)
	if a := n.known[host]; a != "" {
		return []netip.Addr{netip.MustParseAddr(a)}, nil
	}
	return nil, errors.New("no such host")
}

func named(hosts ...string) (list []load.Target) {
	for _, h := range hosts {
		list = append(list, load.Target{URL: "lines://" + h, Host: h, Port: 7})
	}
	return list
}

// rosterRun is the part of a run that looks after targets, with no shards.
func rosterRun(t *testing.T, codec transport.Codec, resolve time.Duration, n *names, targets ...load.Target) (e *Engine, said func() []string) {
	t.Helper()
	var mu sync.Mutex
	var lines []string
	e, err := New(Config{
		Schedule: evenly(1, 1), Targets: targets, Fixed: &load.Request{URI: []byte("x")}, Codec: codec, Timeout: time.Second,
		Logf: func(format string, args ...any) {
			mu.Lock()
			defer mu.Unlock()
			lines = append(lines, fmt.Sprintf(format, args...))
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	e.ctx, e.cancel = context.WithCancel(t.Context())
	e.roster.enter(rosterWaiting)
	e.resolver.lookup = n.lookup
	if err := e.resolver.start(e.ctx); err != nil {
		t.Fatal(err)
	}
	if err := e.roster.begin(0); err != nil {
		t.Fatal(err)
	}
	e.roster.goOn()
	e.dials.Go(func() { e.resolver.follow(e.ctx, resolve) })
	return e, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(lines)
	}
}

func (e *Engine) endRoster() {
	e.roster.enter(rosterClosed)
	e.cancel()
	e.dials.Wait()
}

func (e *Engine) urls() (urls []string) {
	for _, t := range e.set.Load().used {
		urls = append(urls, t.URL)
	}
	return urls
}

func TestNewNamesAreLookedUpBeforeTheyAreUsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &names{known: map[string]string{"a": "10.0.0.1"}}
		e, said := rosterRun(t, lines{}, 0, n, named("a")...)
		defer e.endRoster()
		check := func(want ...string) {
			t.Helper()
			synctest.Wait()
			for i := range want {
				want[i] = "lines://" + want[i]
			}
			if got := e.urls(); !slices.Equal(got, want) {
				t.Errorf("in use %v, want %v", got, want)
			}
		}
		set := func(hosts ...string) {
			t.Helper()
			if err := e.SetTargets(named(hosts...)); err != nil {
				t.Fatal(err)
			}
		}
		set("b", "10.0.0.3", "a")
		check("10.0.0.3", "a")
		time.Sleep(2500 * time.Millisecond) // tried at 0 s, 1 s; the next at 3 s
		n.set("b", "10.0.0.2")
		check("10.0.0.3", "a")
		time.Sleep(time.Second)
		check("b", "10.0.0.3", "a") // in their order
		set("a")
		check("a")
		n.set("b", "10.0.0.22") // it comes back elsewhere
		set("a", "b")
		check("a", "b")
		if s := e.set.Load().addrs[1].Load(); s.addrs[0] != addr("10.0.0.22:7") || s.generation != 1 {
			t.Errorf("%+v", s)
		}
		set("a", "c")
		set("a") // before it could be looked up: it is not asked for again
		check("a")
		asked := n.asked.Load()
		time.Sleep(time.Hour)
		if check("a"); n.asked.Load() != asked {
			t.Errorf("%d questions more", n.asked.Load()-asked)
		}
		want := []string{
			"target lines://10.0.0.3: came; 2 in use",
			"target lines://b: no such host; it is not used, looking again in 1s",
			"target lines://b: no such host; it is not used, looking again in 2s",
			"target lines://b: came; 3 in use",
			"target lines://b: went; 1 in use", "target lines://10.0.0.3: went; 1 in use",
			"target lines://b: came; 2 in use",
			"target lines://b: went; 1 in use",
		}
		got := slices.DeleteFunc(said(), func(s string) bool { return s == "target lines://c: no such host; it is not used, looking again in 1s" })
		slices.Sort(got) // who comes first where two things happen at once is open
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("said %q, want %q", got, want)
		}
	})
}

func TestNamesThatCameAreFollowedUntilTheyGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &names{known: map[string]string{"a": "10.0.0.1", "b": "10.0.0.2"}}
		e, _ := rosterRun(t, lines{}, time.Minute, n, named("a")...)
		defer e.endRoster()
		if err := e.SetTargets(named("a", "b")); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		n.set("b", "10.0.0.3")
		time.Sleep(time.Minute)
		synctest.Wait()
		if s := e.set.Load().addrs[1].Load(); s.addrs[0] != addr("10.0.0.3:7") {
			t.Errorf("%+v", s)
		}
		if err := e.SetTargets(named("a")); err != nil {
			t.Fatal(err)
		}
		asked := n.asked.Load()
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if n.asked.Load() != asked+10 {
			t.Errorf("%d questions about one name in ten minutes", n.asked.Load()-asked)
		}
	})
}

// finder finds the targets that it is told of.
type finder struct {
	lines
	found atomic.Pointer[[]load.Target]
}

func (f *finder) Discover(context.Context, []load.Target, transport.Dial) ([]load.Target, error) {
	if l := f.found.Load(); l != nil {
		return *l, nil
	}
	return nil, errors.New("nobody answers")
}

func TestGivenTargetsAreAskedForTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &finder{}
		e, said := rosterRun(t, f, 0, &names{}, named("10.0.0.1")...)
		defer e.endRoster()
		for _, seed := range []string{"10.0.0.8", "10.0.0.9"} { // the second takes the first's place
			if err := e.SetTargets(named(seed)); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		if got := e.urls(); !slices.Equal(got, []string{"lines://10.0.0.1"}) {
			t.Errorf("in use %v", got)
		}
		found := named("10.0.0.3", "10.0.0.1")
		f.found.Store(&found)
		time.Sleep(1500 * time.Millisecond)
		synctest.Wait()
		before := e.set.Load()
		if got := e.urls(); !slices.Equal(got, []string{"lines://10.0.0.3", "lines://10.0.0.1"}) {
			t.Errorf("in use %v", got)
		}
		if err := e.SetTargets(named("10.0.0.9")); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if e.set.Load() == before {
			t.Error("the codec has not heard of its targets again")
		}
		if err := e.SetTargets(nil); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		failed := "engine: discovering targets: nobody answers; the old ones stay, asking again in 1s"
		want := []string{
			failed, failed, "target lines://10.0.0.3: came; 2 in use",
			"target lines://10.0.0.3: went; 0 in use", "target lines://10.0.0.1: went; 0 in use", "no target is left: requests wait until one comes",
		}
		if got := said(); len(e.urls()) > 0 || !slices.Equal(got, want) {
			t.Errorf("in use %v, said %q, want %q", e.urls(), got, want)
		}
	})
}

// A set is prepared for once every shard has it, ended ones apart.
func TestRequestsArePreparedForSetsThatAllShardsHave(t *testing.T) {
	e, _ := rosterRun(t, lines{}, 0, &names{}, named("10.0.0.1")...)
	defer e.endRoster()
	first := e.set.Load()
	e.presence.taken, e.presence.idle = []*targetSet{first, first, first}, make([][]bool, 3)
	if err := e.SetTargets(named("10.0.0.1", "10.0.0.2")); err != nil {
		t.Fatal(err)
	}
	second := e.set.Load()
	e.tookOver(0, second)
	e.tookOver(1, nil)
	if e.agreed.Load() != first {
		t.Error("a shard does not have it yet")
	}
	e.tookOver(2, second)
	if e.agreed.Load() != second {
		t.Error("all have it")
	}
}
