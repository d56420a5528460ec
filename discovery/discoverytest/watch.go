package discoverytest

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/iagoloadgen/iago/discovery"
)

// watcher is one watch with all that it has told.
type watcher struct {
	suite  *suite
	cancel context.CancelFunc
	ended  chan error

	mu   sync.Mutex
	sets [][]discovery.Member
	over bool
}

// watch begins to watch. The test ends it by end.
func (s *suite) watch() *watcher {
	ctx, cancel := context.WithCancel(s.Context())
	w := &watcher{suite: s, cancel: cancel, ended: make(chan error, 1)}
	go func() {
		err := s.backend.Watch(ctx, w.update)
		w.mu.Lock()
		w.over = true
		w.mu.Unlock()
		w.ended <- err
	}()
	return w
}

func (w *watcher) update(set []discovery.Member) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.over:
		w.suite.Error("update is called after Watch has returned")
	case !ordered(set):
		w.suite.Errorf("set %v is not ordered by host and port, or names one twice", set)
	case len(w.sets) > 0 && sameEndpoints(w.sets[len(w.sets)-1], set) && sameNames(w.sets[len(w.sets)-1], set):
		w.suite.Errorf("set %v is told again though nothing has changed", set)
	}
	w.sets = append(w.sets, slices.Clone(set))
}

// told returns all sets so far.
func (w *watcher) told() [][]discovery.Member {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.sets)
}

// last is the set that stands; known is false before the first.
func (w *watcher) last() (set []discovery.Member, known bool) {
	sets := w.told()
	if len(sets) == 0 {
		return nil, false
	}
	return sets[len(sets)-1], true
}

// await waits until the members that stand are these.
func (w *watcher) await(want ...discovery.Member) {
	w.suite.Helper()
	slices.SortFunc(want, byEndpoint)
	if !Eventually(func() bool {
		set, known := w.last()
		return known && sameEndpoints(set, want)
	}) {
		w.suite.Fatalf("the sets told are %v; expected %v at last. Log:\n%s", w.told(), want, &w.suite.log)
	}
}

// quiet makes sure that nothing is told for a while.
func (w *watcher) quiet() {
	w.suite.Helper()
	before := len(w.told())
	time.Sleep(calm)
	if sets := w.told(); len(sets) != before {
		w.suite.Errorf("told %v though nothing could be known of it; log:\n%s", sets[before:], &w.suite.log)
	}
}

// always makes sure that no set since the given number has been without these members.
func (w *watcher) always(since int, want ...discovery.Member) {
	w.suite.Helper()
	for _, set := range w.told()[since:] {
		for _, m := range want {
			if !slices.ContainsFunc(set, func(x discovery.Member) bool { return x.Endpoint() == m.Endpoint() }) {
				w.suite.Errorf("set %v is without %v; log:\n%s", set, m, &w.suite.log)
			}
		}
	}
}

// end ends the watch.
func (w *watcher) end() {
	w.suite.Helper()
	w.cancel()
	select {
	case err := <-w.ended:
		if err != nil {
			w.suite.Errorf("Watch at the end of its context: %v; expected nil", err)
		}
	case <-time.After(patience):
		w.suite.Fatal("Watch does not end with its context")
	}
}

func ordered(set []discovery.Member) bool {
	for i := 1; i < len(set); i++ {
		if byEndpoint(set[i-1], set[i]) >= 0 {
			return false
		}
	}
	return true
}

func byEndpoint(a, b discovery.Member) int {
	switch {
	case a.Host < b.Host || a.Host == b.Host && a.Port < b.Port:
		return -1
	case a.Endpoint() == b.Endpoint():
		return 0
	}
	return 1
}

func sameEndpoints(a, b []discovery.Member) bool {
	return slices.EqualFunc(a, b, func(x, y discovery.Member) bool { return x.Endpoint() == y.Endpoint() })
}

func sameNames(a, b []discovery.Member) bool {
	return slices.EqualFunc(a, b, func(x, y discovery.Member) bool { return x.Name == y.Name && x.Shard == y.Shard })
}
