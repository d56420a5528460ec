package job

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/iagoloadgen/iago/discovery"
	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/spec"
)

// follower follows the services of a run: what discovery finds it looks through, and hands on to the engine as targets, in the order of the
// spec. Backends tell it of changes from goroutines of their own; one goroutine works them off.
type follower struct {
	fixed    []load.Target
	services []*service
	lookup   lookup
	stop     func()        // ends the following and waits for it; nil: it has not begun
	poke     chan struct{} // a set has changed

	working  sync.Mutex // held by who works off changes
	verdicts map[string]verdict
	set      func([]load.Target) error // the engine's; nil: there is none yet
	running  context.Context

	mu      sync.Mutex // of what follows, and of the services' sets
	targets []load.Target
	changed chan struct{} // closed and made anew with every change
	only    map[string]bool
	logf    func(string, ...any)
	early   []string // what was to be logged before there was a log
	record
}

var errNotAgreed = errors.New("it is not a loopback or private address, and was not agreed to (--yes)")

// service is one of the services, with what its backend says.
type service struct {
	spec.Service
	backend discovery.Backend
	known   bool
	set     []discovery.Member
	err     error  // of its backend, which does not follow it any more
	said    string // the last thing that its backend had to say
	usable  int    // members
	refused string // why the others, or one of them, cannot be loaded
}

// earlyMost bounds what is kept for the log.
const earlyMost = 100

func newFollower(fixed []load.Target, services []spec.Service) *follower {
	f := &follower{
		fixed: fixed, lookup: lookUp, poke: make(chan struct{}, 1), verdicts: map[string]verdict{}, changed: make(chan struct{}), targets: fixed,
	}
	for _, s := range services {
		f.services = append(f.services, &service{Service: s})
	}
	return f
}

// start begins to follow.
func (f *follower) start() (err error) {
	for _, s := range f.services {
		say := func(format string, args ...any) {
			line := fmt.Sprintf(format, args...)
			f.mu.Lock()
			s.said = line
			f.mu.Unlock()
			f.say("%s", line)
		}
		if s.backend, err = discovery.Open(s.Address, say); err != nil {
			return fmt.Errorf("job: target %s: %w", s.URL, err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	f.running = ctx
	f.stop = func() {
		cancel()
		all.Wait()
	}
	for _, s := range f.services {
		all.Go(func() { f.watch(ctx, s) })
	}
	all.Go(func() { f.work(ctx) })
	return nil
}

// watch follows one service.
func (f *follower) watch(ctx context.Context, s *service) {
	err := s.backend.Watch(ctx, func(set []discovery.Member) {
		f.mu.Lock()
		s.set, s.known = set, true
		f.mu.Unlock()
		f.hurry()
	})
	if err == nil || ctx.Err() != nil {
		return
	}
	f.say("target %s: not followed any more, its last members stay: %v", s.URL, err)
	f.mu.Lock()
	s.err = err
	f.signal()
	f.mu.Unlock()
}

// hurry has changes worked off.
func (f *follower) hurry() {
	select {
	case f.poke <- struct{}{}:
	default:
	}
}

// work works changes off until ctx ends. Names that cannot be looked up are tried again.
func (f *follower) work(ctx context.Context) {
	again := time.NewTimer(time.Hour)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-f.poke:
		case <-again.C:
		}
		if due := f.refresh(ctx); due.IsZero() {
			again.Stop()
		} else {
			again.Reset(time.Until(due))
		}
	}
}

// refresh works off what has changed. It is to be called again at the time it returns, if that is not zero.
func (f *follower) refresh(ctx context.Context) (again time.Time) {
	f.working.Lock()
	defer f.working.Unlock()
	f.mu.Lock()
	sets := make([][]discovery.Member, len(f.services))
	for i, s := range f.services {
		sets[i] = s.set
	}
	only := f.only
	f.mu.Unlock()
	again = f.judge(ctx, sets)
	if ctx.Err() != nil {
		return time.Time{}
	}
	targets, found := f.merge(sets, only)
	if f.set != nil {
		if err := f.set(targets); err != nil {
			f.say("%v", err)
		}
	}
	for _, url := range f.take(targets, found) {
		f.say("target %s: left out, as it is not a loopback or private address and was not agreed to; with --yes it is loaded", url)
	}
	return again
}

// take notes what there is now. It returns the members that are left out since.
func (f *follower) take(targets []load.Target, all []found) (out []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	if f.set != nil {
		f.note(f.targets, targets, now)
	}
	for i, s := range f.services {
		s.usable, s.refused = all[i].usable, all[i].refused
		f.list(all[i].urls)
		out = append(out, all[i].out...)
	}
	f.targets = targets
	f.signal()
	return f.exclude(out, now)
}

// signal tells those who wait for a change. mu is held.
func (f *follower) signal() {
	close(f.changed)
	f.changed = make(chan struct{})
}

// found is what came of a service's set.
type found struct {
	urls    []string // of members that are loaded
	out     []string // of those that are not, for good
	usable  int
	refused string
}

// merge makes targets of the fixed ones and of members that may be loaded. A member that is there already is not loaded twice.
func (f *follower) merge(sets [][]discovery.Member, only map[string]bool) (targets []load.Target, all []found) {
	type place struct {
		host, path string
		port       int
	}
	taken := map[place]bool{}
	for i := range f.fixed {
		t := &f.fixed[i]
		taken[place{t.Host, t.Path, t.Port}] = true
	}
	all = make([]found, len(sets))
	next := 0
	for i, s := range f.services {
		targets = append(targets, f.fixed[next:s.Before]...)
		next = s.Before
		for _, m := range sets[i] {
			t := s.Target(m)
			v, known := f.verdicts[m.Host]
			at := place{t.Host, t.Path, t.Port}
			switch {
			case !known:
				continue
			case v.err != nil:
				all[i].refused = v.err.Error()
				continue
			case v.beyond && only != nil && !only[t.URL]:
				all[i].refused = fmt.Sprintf("member %s: %v", t.URL, errNotAgreed)
				all[i].out = append(all[i].out, t.URL)
				continue
			}
			if all[i].usable++; !taken[at] {
				taken[at] = true
				targets = append(targets, t)
				all[i].urls = append(all[i].urls, t.URL)
			}
		}
	}
	return append(targets, f.fixed[next:]...), all
}

// missing are the services that have no member to load yet; err: one of them will have none.
func (f *follower) missing() (list []*service, changed <-chan struct{}, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range f.services {
		if s.err != nil && !s.known {
			return list, nil, fmt.Errorf("job: target %s: %w", s.URL, s.err)
		}
		if s.usable == 0 {
			list = append(list, s)
		}
	}
	return list, f.changed, nil
}

// now are the targets of the moment.
func (f *follower) now() []load.Target {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.targets)
}

// attach gives the engine's targets to set, now and later, and what there is to log to logf.
func (f *follower) attach(set func([]load.Target) error, logf func(string, ...any)) error {
	f.working.Lock()
	defer f.working.Unlock()
	f.mu.Lock()
	early := f.early
	f.early, f.logf = nil, logf
	targets := f.targets
	f.mu.Unlock()
	for _, line := range early {
		logf("%s", line)
	}
	f.set = set
	return set(targets)
}

// restrict is [Job.Restrict].
func (f *follower) restrict(agreed []string) {
	f.mu.Lock()
	f.only = map[string]bool{}
	for _, url := range agreed {
		f.only[url] = true
	}
	f.mu.Unlock()
	if f.running != nil {
		f.refresh(f.running)
	}
}

// say logs a line, or keeps it until there is a log.
func (f *follower) say(format string, args ...any) {
	f.mu.Lock()
	logf := f.logf
	if logf == nil && len(f.early) < earlyMost {
		f.early = append(f.early, fmt.Sprintf(format, args...))
	}
	f.mu.Unlock()
	if logf != nil {
		logf(format, args...)
	}
}
