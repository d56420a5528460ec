package engine

import (
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/iagoloadgen/iago/load"
)

// targetSet is what the targets of a run are at one time. Once published it does not change, but for addresses. A target that
// is gone keeps its number, which prepared requests and connections know it by, and has it again when it comes back, unless others
// have come in numbers meanwhile (recycle.go).
type targetSet struct {
	number int32 // of sets: the first is 1

	all   []load.Target              // by number: those that there are and those that there were
	since []int32                    // by number: of the set in which it got this target
	tls   []*tls.Config              // by number; nil: no TLS
	addrs []*atomic.Pointer[addrSet] // by number

	live  []int32       // numbers of those that are used, in the order in which they were given
	used  []load.Target // the same themselves, for the Router
	place []int         // by number: where in live; -1: nowhere
	fixed []*item       // by place: the one request, where one is sent; never empty then
}

// url is target t's, or nothing where there has been none.
func (s *targetSet) url(t int32) string {
	if int(t) >= len(s.all) {
		return ""
	}
	return s.all[t].URL
}

// choose finds out whom it is for: whom the router says, else the next in rotation.
func (e *engine) choose(set *targetSet, it *item, turn *int) error {
	it.pinned = false
	if len(set.live) == 0 {
		it.target, it.set = -1, 0
		return nil
	}
	it.set = set.number
	if e.router != nil {
		switch p := e.router.Route(&it.req, set.used); {
		case p >= len(set.live):
			return fmt.Errorf("engine: its codec routes it to target %d of %d", p+1, len(set.live))
		case p >= 0:
			it.target, it.pinned = set.live[p], true
			return nil
		}
	}
	*turn = (*turn + 1) % len(set.live)
	it.target = set.live[*turn]
	return nil
}

// whom is what a request for target t is encoded for: t, or where there is none anyone, which shows whether it can be encoded.
func (e *engine) whom(set *targetSet, t int32) *load.Target {
	if t < 0 {
		return &e.cfg.Targets[0]
	}
	return &set.all[t]
}

// roster is where the targets of a run are kept: those that are wanted, and of these the ones that can be used because their
// addresses are known. From it come the sets that the shards take over.
type roster struct {
	e  *engine
	mu sync.Mutex

	tls     []*tls.Config // by number, as the engine's resolver has the targets themselves
	since   []int32       // likewise, see targetSet
	names   []targetName  // likewise
	numbers map[targetName]int32
	spare   int     // of numbers that are kept for targets that are gone
	wanted  []int32 // numbers, as they were given
	known   []bool  // by number: its addresses have been looked up since it came
	lookups lookups

	phase rosterPhase
	later *[]load.Target // given while the run was being prepared
	said  []string       // for the log, once mu is free
}

type rosterPhase uint8

const (
	rosterOpen    rosterPhase = iota // before the run
	rosterWaiting                    // the run is being prepared
	rosterRunning
	rosterClosed
)

// targetName is what a target is known by: its URL and, where that is given more than once, which of them it is.
type targetName struct {
	url string
	nth int
}

// SetTargets changes the targets of the run; it may be called by any goroutine at any time. A target is known by its URL: one
// that was there before goes on as it is, one that comes back goes on where it was. New ones are used as soon as their names
// have been looked up; a name that does not resolve is logged and tried again. Of those that are gone, kept connections are
// closed at once and the others once they have given their answers; requests that were meant for them go elsewhere. While
// there is no target at all, requests wait.
//
// Before Run it replaces Config.Targets, and names that do not resolve are Run's error. Where the codec is a
// [transport.Discoverer], the targets are asked for the ones to be used, during the run as before it.
func (e *Engine) SetTargets(targets []load.Target) error {
	for i := range targets {
		switch {
		case targets[i].URL == "":
			return fmt.Errorf("engine: target %d: expected a URL, which it is known by", i+1)
		case targets[i].Datagram != e.cfg.Targets[0].Datagram:
			return errors.New("engine: targets of datagrams and of streams cannot be mixed")
		}
	}
	r, targets := e.roster, slices.Clone(targets)
	r.mu.Lock()
	defer r.unlock()
	switch r.phase {
	case rosterOpen:
		r.reset(targets)
	case rosterWaiting:
		r.later = &targets
	case rosterRunning:
		r.seek(targets)
	}
	return nil
}

func newRoster(e *engine, targets []load.Target) *roster {
	r := &roster{e: e, spare: spareNumbers, lookups: lookups{byTarget: map[int32]func(){}}}
	r.reset(targets)
	return r
}

// reset begins anew with targets; nothing has been sent yet.
func (r *roster) reset(targets []load.Target) {
	r.tls, r.since, r.names, r.numbers, r.wanted, r.known = nil, nil, nil, map[targetName]int32{}, nil, nil
	r.e.resolver = newResolver(nil, r.e.logf)
	r.wanted = r.renumber(targets)
}

// replace is reset while a run is being prepared.
func (r *roster) replace(targets []load.Target) {
	r.mu.Lock()
	defer r.unlock()
	r.reset(targets)
}

// begin publishes the first set, for so many shards; all names have been looked up.
func (r *roster) begin(shards int) error {
	r.mu.Lock()
	defer r.unlock()
	r.e.presence.taken, r.e.presence.idle = make([]*targetSet, shards), make([][]bool, shards)
	for _, t := range r.wanted {
		r.known[t] = true
	}
	set := r.set(r.wanted)
	if _, err := r.e.fix(set); err != nil {
		return err
	}
	r.e.set.Store(set)
	r.e.agreed.Store(set)
	return nil
}

// goOn takes up what has been given since the preparation of the run began; the shards are there now.
func (r *roster) goOn() {
	r.mu.Lock()
	defer r.unlock()
	r.phase = rosterRunning
	if r.later != nil {
		r.seek(*r.later)
	}
}

// enter goes on to a phase.
func (r *roster) enter(p rosterPhase) {
	r.mu.Lock()
	defer r.unlock()
	r.phase = p
}

// unlock lets go of r, and then logs what there is to say.
func (r *roster) unlock() {
	said := r.said
	r.said = nil
	r.mu.Unlock()
	for _, line := range said {
		r.e.logf("%s", line)
	}
}

func (r *roster) say(format string, args ...any) {
	r.said = append(r.said, fmt.Sprintf(format, args...))
}

// want makes targets the ones that are wanted.
func (r *roster) want(targets []load.Target) {
	before := r.wanted
	r.wanted = r.renumber(targets)
	is := make([]bool, len(r.known))
	for _, t := range r.wanted {
		is[t] = true
	}
	for _, t := range before {
		if is[t] {
			continue
		}
		r.lookups.stop(t)
		r.e.resolver.want(int(t), false)
		r.known[t] = !isName(&r.e.resolver.targets[t]) // a name may stand for something else when it comes back
	}
	for _, t := range r.wanted {
		r.e.resolver.want(int(t), true)
		r.lookUp(t)
	}
}

// publish makes a set of the targets that are wanted and known, and has the shards take it over. Without a change it
// does so only if anew says so.
func (r *roster) publish(anew bool) {
	old := r.e.set.Load()
	var live []int32
	for _, t := range r.wanted {
		if r.known[t] {
			live = append(live, t)
		}
	}
	set := r.set(live)
	for {
		p, err := r.e.fix(set)
		if err == nil || len(live) == 0 {
			break
		}
		r.say("target %s: %v; it is not used", set.used[p].URL, err)
		live = slices.Delete(slices.Clone(live), p, p+1)
		set = r.set(live)
	}
	if slices.Equal(old.live, set.live) && !anew {
		return
	}
	r.tell(old, set)
	if r.e.router != nil && len(set.live) > 0 {
		r.e.router.Route(&load.Request{Key: []byte("any")}, set.used) // what it computes for a new set is then done before the shards ask
	}
	r.e.set.Store(set)
	r.e.wake()
}

// set is the set in which the given ones are used.
func (r *roster) set(live []int32) *targetSet {
	n := len(r.known)
	s := &targetSet{
		number: 1, all: r.e.resolver.targets[:n:n], since: r.since[:n:n], tls: r.tls[:n:n], addrs: r.e.resolver.sets[:n:n],
		live: live, used: make([]load.Target, len(live)), place: make([]int, n),
	}
	if old := r.e.set.Load(); old != nil {
		s.number = old.number + 1
	}
	for i := range s.place {
		s.place[i] = -1
	}
	for i, t := range live {
		s.used[i], s.place[t] = s.all[t], i
	}
	return s
}

// tell says which targets have come and which have gone.
func (r *roster) tell(old, set *targetSet) {
	for _, t := range set.live {
		if int(t) >= len(old.place) || old.place[t] < 0 {
			r.say("target %s: came; %d in use", set.all[t].URL, len(set.live))
		}
	}
	for _, t := range old.live {
		if set.place[t] < 0 {
			r.say("target %s: went; %d in use", set.all[t].URL, len(set.live))
		}
	}
	if len(set.live) == 0 && len(old.live) > 0 {
		r.say("no target is left: requests wait until one comes")
	}
}

// fix encodes the one request for every target in use, where one request is sent; an error is that of the target at place p.
func (e *engine) fix(set *targetSet) (p int, err error) {
	if e.cfg.Fixed == nil {
		return 0, nil
	}
	turn := -1
	for p = range max(len(set.live), 1) {
		it := &item{req: *e.cfg.Fixed, label: -1, fixed: true}
		it.req.Wire = nil
		set.fixed = append(set.fixed, it)
		if err := e.encodeFor(set, it, &turn); err != nil {
			return p, fmt.Errorf("engine: request: %w", err)
		}
		e.labelOf(&it.req)
	}
	return 0, nil
}

// attendance is which set each shard has. What is prepared ahead must be for targets that every shard knows, so a set is used for
// that only once all have taken it over.
type attendance struct {
	mu    sync.Mutex
	taken []*targetSet // by shard; nil: it has ended
	idle  [][]bool     // by shard and number: it has nothing to do with the target, which is gone
}

// tookOver notes that a shard goes by set now; nil: that it has ended.
func (e *engine) tookOver(shard int, set *targetSet) {
	a := &e.presence
	a.mu.Lock()
	defer a.mu.Unlock()
	a.taken[shard] = set
	newest := e.set.Load()
	for _, s := range a.taken {
		if s != nil && s != newest {
			return
		}
	}
	e.agreed.Store(newest)
}
