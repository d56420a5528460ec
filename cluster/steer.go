package cluster

import (
	"context"
	"slices"
	"time"

	"github.com/iagoloadgen/iago/arrival"
)

// renewed gives the engine a lease that has been renewed.
func (w *worker) renewed(until time.Time, anew bool) {
	if anew {
		w.update(func() { w.share = Share{Seq: w.share.Seq, Life: w.share.Life} }) // whatever it held has been given away
	}
	w.steerMu.Lock()
	defer w.steerMu.Unlock()
	before := w.until
	w.until = until
	if w.sender == nil {
		return
	}
	if lapsed := w.sender.SetLease(until); lapsed && !w.start.IsZero() {
		w.stints.cut(int64(before.Sub(w.start)))
		w.from = int64(w.c.Clock.Since(w.start))
		w.logf("lease: it had ended %v ago; going on", w.c.Clock.Since(before).Round(time.Millisecond))
		w.steer(true)
	} else if anew {
		w.steer(false)
	}
}

// steer gives the engine what plan and share say now; lapsed: it waits for a plan, even one like the last. steerMu is held.
func (w *worker) steer(lapsed bool) {
	plan, share, _ := w.known()
	if w.sender == nil || w.start.IsZero() {
		return
	}
	if !w.c.Clock.Now().Before(w.until) { // what it had, it had up to then, whatever it is told now; renewed goes on from here
		w.stints.cut(int64(w.until.Sub(w.start)))
		return
	}
	w.held.mu.Lock()
	life := w.held.lease.Life
	w.held.mu.Unlock()
	if share.Life != life { // given under a lease that has ended
		share.Held = nil
	}
	if w.profile == nil || len(plan.Changes) != w.changes { // the same value as long as it is the same: a share need not go through it again
		profile, err := arrival.Splice(w.base, plan.Changes...)
		if err != nil {
			w.logf("plan: %v", err)
			return
		}
		w.profile, w.changes = profile, len(plan.Changes)
	}
	held := after(share.Held, w.from)
	w.next = arrival.Forever
	if share.Life == life {
		for i := range held {
			if w.leaving > 0 {
				held[i].Through = min(held[i].Through, w.leaving)
			}
		}
		held, w.next = w.stints.settle(held, int64(w.c.Clock.Since(w.start)))
	}
	p := &arrival.Plan{Profile: w.profile, End: plan.End, Held: held}
	if w.leaves(plan) { // what is due until then is still taken up, however late
		p.End = w.leaving
	}
	if err := p.Validate(w.parts.N()); err != nil {
		w.logf("share: %v", err)
		return
	}
	if old := w.given; old == nil || lapsed || old.Profile != p.Profile || old.End != p.End || !slices.Equal(old.Held, p.Held) {
		w.sender.SetPlan(p)
		w.given = p
	}
	w.stints.put(held)
	if share.Seq != w.under.Seq && share.Life == life {
		now := int64(w.c.Clock.Since(w.start))
		w.held.change(func(l *Lease) { l.Seen, l.Stopped = share.Seq, now })
	}
	w.under = share
}

const (
	leaveWait = 3 * time.Second        // until a worker that leaves goes, though nobody has taken its share; and until it just stops
	leaveIn   = 100 * time.Millisecond // until all its shards let go then, at one moment
)

// leave has the coordinator give the share away.
func (w *worker) leave() {
	w.logf("leaving the job")
	w.held.change(func(l *Lease) { l.State = Leaving })
}

// leaves tells whether the schedule ends for this worker before it does for the job; steerMu is held.
func (w *worker) leaves(p Plan) bool { return w.leaving > 0 && (p.End == 0 || w.leaving < p.End) }

// letGo gives everything up in a moment, whoever is to have it.
func (w *worker) letGo() {
	w.steerMu.Lock()
	defer w.steerMu.Unlock()
	if w.leaving == 0 && !w.start.IsZero() {
		w.leaving = int64(w.c.Clock.Since(w.start) + leaveIn)
		w.steer(false)
	}
}

// relieve ends the schedule when all that the worker had is another's, once it is known when that is.
func (w *worker) relieve() {
	w.steerMu.Lock()
	defer w.steerMu.Unlock()
	if w.leaving > 0 || w.start.IsZero() || w.until.Before(w.c.Clock.Now()) || len(w.under.Held) > 0 {
		return
	}
	last := int64(w.c.Clock.Since(w.start))
	for _, h := range w.stints.open {
		if h.Through == arrival.Forever {
			return
		}
		last = max(last, h.Through)
	}
	w.leaving = last
	w.steer(false)
}

// comesBack tells when a part that is still held from before is to be held anew; nil: there is none. steerMu is held.
func (w *worker) comesBack() <-chan time.Time {
	if w.start.IsZero() || w.next == 0 || w.next == arrival.Forever {
		return nil
	}
	return w.c.Clock.After(time.Duration(w.next) - w.c.Clock.Since(w.start))
}

// follow keeps the engine by what the coordinator says, until done is closed.
func (w *worker) follow(ctx, kill context.Context, done <-chan struct{}) {
	left := false
	var late, gone <-chan time.Time // nobody has taken its share; it cannot even let go of it
	for {
		plan, _, changed := w.known()
		_, began := w.now()
		w.steerMu.Lock()
		w.steer(false)
		back := w.comesBack()
		w.steerMu.Unlock()
		if w.src != nil {
			if plan.Fed {
				w.src.fed.Store(true)
			}
			if plan.Drained {
				w.src.end(nil)
			}
		}
		switch {
		case plan.Kill:
			w.sender.Break()
		case left && !began:
			w.sender.Stop()
		}
		leaving := ctx.Done()
		if left {
			leaving = nil
			w.relieve()
		}
		select {
		case <-changed:
		case <-back:
		case <-leaving:
			left, late, gone = true, w.c.Clock.After(leaveWait), w.c.Clock.After(2*leaveWait)
			w.leave()
		case <-late:
			w.letGo()
		case <-gone:
			w.sender.Stop()
		case <-kill.Done():
			w.sender.Break()
			kill = context.Background()
		case <-done:
			return
		}
	}
}
