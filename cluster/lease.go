package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/iagoloadgen/iago/cluster/bus"
)

// holder keeps a worker's lease. It renews by compare-and-set, so that it cannot renew what the coordinator has ended.
type holder struct {
	job   *bus.Job
	clock *Clock
	key   string
	term  time.Duration // of a lease
	logf  func(string, ...any)

	mu       sync.Mutex
	lease    Lease
	revision uint64
	until    time.Time // monotonic; zero: it has none
	poke     chan struct{}

	// renewed is called after every renewal, by the one goroutine of run: until when the lease runs now, and whether it was taken anew,
	// because the coordinator had ended the one before.
	renewed func(until time.Time, anew bool)
	// gone is called once when the job is not there any more.
	gone func()
}

// margin is what a lease is cut short by on the worker's side, for the time between its look at the clock and the last byte.
func margin(term time.Duration) time.Duration { return term/50 + 20*time.Millisecond }

// change changes what the lease says, and has it written soon.
func (h *holder) change(f func(*Lease)) {
	h.mu.Lock()
	f(&h.lease)
	h.mu.Unlock()
	select {
	case h.poke <- struct{}{}:
	default:
	}
}

// run renews until ctx ends.
func (h *holder) run(ctx context.Context) {
	for {
		h.renew(ctx)
		next := h.clock.Timer(h.pause())
		select {
		case <-ctx.Done():
		case <-next.C:
		case <-h.poke:
		}
		next.Stop()
		if ctx.Err() != nil {
			return
		}
	}
}

// pause is how long it is until the next renewal, unless there is something to tell before: a quarter of the term at most, and by chance
// less, so that workers that have begun together do not renew together for ever.
func (h *holder) pause() time.Duration {
	return h.term/4 - rand.N(h.term/16)
}

// renew writes the lease once.
func (h *holder) renew(ctx context.Context) {
	h.mu.Lock()
	h.lease.Turn++
	value, revision := encode(h.lease), h.revision
	h.mu.Unlock()
	one, cancel := h.clock.Timeout(ctx, h.term/3)
	defer cancel()
	sent := h.clock.Now()
	next, err := h.job.Update(one, h.key, value, revision)
	switch {
	case err == nil:
		h.extend(next, sent, false)
	case errors.Is(err, bus.ErrConflict), errors.Is(err, bus.ErrUnavailable), errors.Is(err, bus.ErrNotFound):
		if ctx.Err() == nil {
			h.look(ctx)
		}
	default:
		h.logf("lease: %v", err)
	}
}

// extend notes a renewal that was begun at sent.
func (h *holder) extend(revision uint64, sent time.Time, anew bool) {
	h.mu.Lock()
	h.revision, h.until = revision, sent.Add(h.term-margin(h.term))
	until := h.until
	h.mu.Unlock()
	h.renewed(until, anew)
}

// look finds out what became of a renewal that was refused or not answered.
func (h *holder) look(ctx context.Context) {
	one, cancel := h.clock.Timeout(ctx, h.term/3)
	defer cancel()
	sent := h.clock.Now()
	entry, err := h.job.Get(one, h.key)
	if errors.Is(err, bus.ErrNotFound) {
		h.gone()
		return
	}
	var there Lease
	if err != nil || json.Unmarshal(entry.Value, &there) != nil {
		return
	}
	if there.State != Expired {
		h.mu.Lock()
		h.revision = entry.Revision // our own write that was not answered; it counts from when it was sent, which is not known any more
		h.mu.Unlock()
		return
	}
	h.mu.Lock()
	h.lease.Life++
	h.lease.Seen, h.lease.Stopped = 0, 0
	value := encode(h.lease)
	h.mu.Unlock()
	h.logf("lease: it had ended; taken anew")
	if next, err := h.job.Update(one, h.key, value, entry.Revision); err == nil {
		h.extend(next, sent, true)
	}
}

// leave says that the worker has gone; it tries until ctx ends.
func (h *holder) leave(ctx context.Context, why string) error {
	for {
		h.mu.Lock()
		h.lease.State, h.lease.Why = Left, why
		h.lease.Turn++
		value, revision := encode(h.lease), h.revision
		h.mu.Unlock()
		_, err := h.job.Update(ctx, h.key, value, revision)
		switch {
		case err == nil, errors.Is(err, bus.ErrNotFound):
			return nil
		case ctx.Err() != nil:
			return err
		}
		if entry, e := h.job.Get(ctx, h.key); e == nil {
			h.mu.Lock()
			h.revision = entry.Revision
			h.mu.Unlock()
		} else if errors.Is(e, bus.ErrNotFound) {
			return nil
		}
		h.clock.Sleep(50 * time.Millisecond)
	}
}
