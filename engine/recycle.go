package engine

import (
	"slices"
	"sync/atomic"

	"github.com/iagoloadgen/iago/load"
)

// Numbers of targets that are gone are given to others once nothing is known of the former any more, so that a run whose targets come
// and go for days takes no more memory than one of an hour. What was prepared for the former is told by the set in which a number got
// its target (targetSet.since).

// spareNumbers is how many numbers of targets that are gone are kept for when they come back.
const spareNumbers = 64

// renumber finds the targets' numbers; new ones get those of forgotten targets, or the next.
func (r *roster) renumber(targets []load.Target) []int32 {
	names, numbers := make([]targetName, len(targets)), make([]int32, len(targets))
	nth, used := map[string]int{}, map[int32]bool{}
	fresh := 0
	for i := range targets {
		names[i] = targetName{targets[i].URL, nth[targets[i].URL]}
		nth[targets[i].URL]++
		n, ok := r.numbers[names[i]]
		if numbers[i] = n; ok {
			used[n] = true
		} else {
			numbers[i] = -1
			fresh++
		}
	}
	if fresh == 0 {
		return numbers
	}
	free := r.forgotten(used)
	for i, n := range numbers {
		switch {
		case n >= 0:
			continue
		case len(free) > 0:
			n, free = free[0], free[1:]
			r.reuse(n, targets[i])
		default:
			n = int32(len(r.tls))
			r.tls, r.known, r.since = append(r.tls, tlsFor(r.e.cfg.TLS, &targets[i])), append(r.known, false), append(r.since, r.next())
			r.names = append(r.names, targetName{})
			r.e.resolver.add(targets[i])
		}
		r.numbers[names[i]], r.names[n], numbers[i] = n, names[i], n
	}
	return numbers
}

// next is the number of the next set.
func (r *roster) next() int32 {
	if old := r.e.set.Load(); old != nil {
		return old.number + 1
	}
	return 1
}

// reuse gives number n to target t. Lists that others have been given stay as they are.
func (r *roster) reuse(n int32, t load.Target) {
	delete(r.numbers, r.names[n])
	r.tls, r.since = slices.Clone(r.tls), slices.Clone(r.since)
	r.tls[n], r.known[n], r.since[n] = tlsFor(r.e.cfg.TLS, &t), false, r.next()
	r.e.resolver.replace(int(n), t)
}

// forgotten are the numbers that may be given to others: their targets are not wanted, none of the shards has anything to do with them, and
// enough of the like remain.
func (r *roster) forgotten(used map[int32]bool) (free []int32) {
	set := r.e.set.Load()
	if r.phase != rosterRunning || set == nil {
		return nil
	}
	for _, n := range r.wanted {
		used[n] = true
	}
	for n := range r.e.presence.quiet(len(r.known)) {
		if !used[int32(n)] && (n >= len(set.place) || set.place[n] < 0) {
			free = append(free, int32(n))
		}
	}
	slices.Sort(free)
	return free[:max(len(free)-r.spare, 0)]
}

// quiet are those of the first n numbers that none of the shards has anything to do with.
func (a *attendance) quiet(n int) map[int]bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	quiet := map[int]bool{}
	for t := range n {
		ok := len(a.taken) > 0
		for shard, set := range a.taken {
			if set != nil && (t >= len(a.idle[shard]) || !a.idle[shard][t]) {
				ok = false
			}
		}
		if ok {
			quiet[t] = true
		}
	}
	return quiet
}

// report tells which numbers this shard has nothing to do with.
func (s *shard) report() {
	idle := make([]bool, len(s.pools))
	for t, p := range s.pools {
		idle[t] = p.place < 0 && p.open == 0 && p.line.len() == 0 && (s.sockets == nil || len(s.sockets.byTarget[t]) == 0)
	}
	a := &s.e.presence
	a.mu.Lock()
	defer a.mu.Unlock()
	a.idle[s.id] = idle
}

// replace gives target i's place to another, whose addresses are not known yet.
func (r *resolver) replace(i int, t load.Target) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.targets, r.sets = slices.Clone(r.targets), slices.Clone(r.sets)
	r.targets[i], r.sets[i], r.away[i] = t, new(atomic.Pointer[addrSet]), false
}
