package engine

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/processor"
)

// ns is a duration of nanoseconds.
func ns(n int64) time.Duration { return time.Duration(n) }

// responder shows outcomes to a processor, in a goroutine of its own: what the processor does takes its time, and the
// shards do not wait for it.
type responder struct {
	e      *engine
	one    processor.Responder
	many   processor.BatchResponder // nil: one at a time
	desks  []*desk
	batch  []*exchange
	shown  []*processor.Exchange
	target int
	told   int

	parked atomic.Bool
	wake   chan struct{}
	stop   chan struct{}
	done   chan struct{}
}

// respondBatch is how many outcomes are shown at once.
const respondBatch = 256

func newResponder(e *engine, p processor.Responder) *responder {
	r := &responder{e: e, one: p, wake: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{})}
	r.many, _ = p.(processor.BatchResponder)
	return r
}

// hurry wakes the responder; for the shards.
func (r *responder) hurry() {
	if r.parked.Swap(false) {
		select {
		case r.wake <- struct{}{}:
		default:
		}
	}
}

func (r *responder) run() {
	defer close(r.done)
	for {
		if r.round() {
			continue
		}
		r.parked.Store(true)
		if r.round() { // something may have come just before
			continue
		}
		select {
		case <-r.wake:
		case <-r.stop:
			return
		}
		r.parked.Store(false)
	}
}

// end lets the processor go; the shards have ended.
func (r *responder) end() {
	close(r.stop)
	<-r.done
}

// round shows what there is, a bounded number at a time; false: there was nothing.
func (r *responder) round() bool {
	r.batch, r.shown = r.batch[:0], r.shown[:0]
	for _, d := range r.desks {
		for len(r.batch) < respondBatch {
			x, ok := d.asks.Pop()
			if !ok {
				break
			}
			r.open(d, x)
			r.batch = append(r.batch, x)
			r.shown = append(r.shown, &x.Exchange)
		}
	}
	if len(r.batch) == 0 {
		return false
	}
	if r.many != nil {
		r.many.RespondAll(r.shown)
	} else {
		for _, x := range r.shown {
			r.one.Respond(x)
		}
	}
	for _, x := range r.batch {
		r.encode(x)
		d := x.shard.desk
		for !d.back.Push(x) { // it holds more than can be out, but for a shard that is being ended
			time.Sleep(time.Millisecond)
			select {
			case <-r.stop:
				return false
			default:
			}
		}
		if d.back.Len() == 1 { // else the shard has not been through with those before it yet
			x.shard.poll.Wake()
		}
	}
	return true
}

// open makes x ready for the processor.
func (r *responder) open(d *desk, x *exchange) {
	allowed := r.e.cfg.FollowUps.PerResponse
	if x.Depth >= r.e.cfg.FollowUps.Depth {
		allowed = 0
	}
	x.Begin(allowed, func() *load.Request {
		it, ok := d.spare.Pop()
		if !ok {
			it = new(item)
		}
		it.req.Reset()
		it.follow, it.label, it.pinned = true, -1, false
		x.items = append(x.items, it)
		return &it.req
	})
}

// encode makes bytes of the follow-ups; those that cannot be encoded are counted.
func (r *responder) encode(x *exchange) {
	for i, it := range x.items {
		err := r.e.encode(it, &r.target)
		if err == nil {
			continue
		}
		x.items[i] = nil
		x.bad++
		if r.told++; r.told <= 3 {
			r.e.logf("follow-up: %v", fmt.Errorf("of %s: %w", x.Request.URI, err))
		}
	}
}
