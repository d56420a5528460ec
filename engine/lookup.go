package engine

import (
	"context"
	"slices"
	"time"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
)

// lookups are the questions under way beside the run: for the addresses of targets that have come, and for the targets behind
// the given ones.
type lookups struct {
	byTarget map[int32]func() // what ends them
	finding  func()           // nil: none is under way
}

// A question without an answer is asked again after lookAgain, then after twice as long each time, up to lookAgainMost.
const (
	lookAgain     = time.Second
	lookAgainMost = 30 * time.Second
)

func (l *lookups) stop(t int32) {
	if end := l.byTarget[t]; end != nil {
		end()
		delete(l.byTarget, t)
	}
}

// seek makes targets the ones that are wanted, or those that they lead to.
func (r *roster) seek(targets []load.Target) {
	if r.lookups.finding != nil {
		r.lookups.finding()
		r.lookups.finding = nil
	}
	d, ok := r.e.cfg.Codec.(transport.Discoverer)
	if !ok || len(targets) == 0 {
		r.want(targets)
		r.publish(false)
		return
	}
	ctx, cancel := context.WithCancel(r.e.ctx)
	r.lookups.finding = cancel
	r.e.dials.Go(func() {
		defer cancel()
		r.find(ctx, d, targets)
	})
}

// find asks targets for the ones to use until there is an answer.
func (r *roster) find(ctx context.Context, d transport.Discoverer, targets []load.Target) {
	again(ctx, func(wait time.Duration) bool {
		found, err := r.e.find(ctx, d, targets)
		r.mu.Lock()
		defer r.unlock()
		switch {
		case ctx.Err() != nil || r.phase != rosterRunning:
		case err != nil:
			r.say("%v; the old ones stay, asking again in %v", err, wait)
			return false
		default:
			r.want(found)
			r.publish(true) // the codec has begun anew
		}
		return true
	})
}

// lookUp sees to it that target t's addresses are known.
func (r *roster) lookUp(t int32) {
	target := r.e.resolver.targets[t]
	switch {
	case r.known[t] || r.lookups.byTarget[t] != nil:
		return
	case !isName(&target):
		addrs, err := r.e.resolver.resolve(r.e.ctx, &target)
		if err == nil { // it cannot be: nothing is looked up
			r.e.resolver.put(int(t), target.URL, addrs)
		}
		r.known[t] = err == nil
		return
	}
	ctx, cancel := context.WithCancel(r.e.ctx)
	r.lookups.byTarget[t] = cancel
	r.e.dials.Go(func() {
		defer cancel()
		again(ctx, func(wait time.Duration) bool {
			addrs, err := r.e.resolver.resolve(ctx, &target)
			r.mu.Lock()
			defer r.unlock()
			switch {
			case ctx.Err() != nil || r.phase != rosterRunning:
			case err != nil:
				r.say("target %s: %v; it is not used, looking again in %v", target.URL, err, wait)
				return false
			case slices.Contains(r.wanted, t):
				r.e.resolver.put(int(t), target.URL, addrs)
				r.known[t] = true
				r.lookups.stop(t)
				r.publish(false)
			}
			return true
		})
	})
}

// again calls ask until it reports true or ctx ends. ask is told how long it would be until the next time.
func again(ctx context.Context, ask func(wait time.Duration) bool) {
	for wait := lookAgain; !ask(wait); wait = min(2*wait, lookAgainMost) {
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}
