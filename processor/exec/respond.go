package exec

import (
	"slices"

	"github.com/iagoloadgen/iago/processor"
)

// AnsweredCheck is the name of the check that fails for a response that the program did not deal with: it said so, or two programs
// ended over it.
const AnsweredCheck = "processor/exec: response dealt with"

// Responder is a [Stage] whose program sees the outcomes of its requests. It implements processor.BatchResponder.
type Responder struct {
	*Stage
	id    uint64
	items []*item
}

// origin is the State of a request: whose it is, and what its program wants to know it by.
type origin struct {
	slot *slot
	tag  []byte // JSON; empty: none
}

// originOf returns the State for a request with that tag.
func (sl *slot) originOf(tag []byte) *origin {
	if len(tag) == 0 {
		return &sl.origin
	}
	return &origin{slot: sl, tag: slices.Clone(tag)}
}

// Respond is RespondAll for one exchange.
func (r *Responder) Respond(x *processor.Exchange) { r.RespondAll([]*processor.Exchange{x}) }

// RespondAll gives the exchanges to the programs that made their requests (or to those programs' successors) and returns when all are
// answered. A response whose program died is given once more, and then fails [AnsweredCheck].
func (r *Responder) RespondAll(batch []*processor.Exchange) {
	s := r.Stage
	for len(r.items) < len(batch) {
		r.items = append(r.items, new(item))
	}
	items := r.items[:len(batch)]
	for i, x := range batch {
		from, _ := x.Request.State.(*origin)
		if from == nil { // no request of ours: any program will do
			from = &s.slots[i%len(s.slots)].origin
		}
		r.id++
		it := items[i]
		it.answer.reset()
		*it = item{key: key(r.id, true), slot: from.slot, line: appendResponse(it.line[:0], r.id, x, from.tag), answer: it.answer}
		it.file, it.number = "response", int64(r.id)
	}
	s.exchange(items)
	for i, x := range batch {
		items[i].applyTo(x)
		if cap(items[i].line) > spareBytes {
			r.items[i] = new(item)
		}
	}
}

// exchange queues the items and waits until each has ended.
func (s *Stage) exchange(items []*item) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, it := range items {
		sl := it.slot
		if s.closed || s.failed != nil || !sl.wants {
			it.ended, it.err = true, s.failed
			continue
		}
		sl.queue = append(sl.queue, it)
		sl.flush = true
		sl.write.Signal()
	}
	for i := 0; i < len(items) && !s.closed; {
		if items[i].ended {
			i++
			continue
		}
		s.told.Wait()
	}
}

// applyTo tells the exchange what the program wants done.
func (it *item) applyTo(x *processor.Exchange) {
	if it.err != nil || it.answer.bad != "" {
		x.Check(AnsweredCheck, false)
		return
	}
	if !it.ended {
		return // closed
	}
	for i := range it.answer.made {
		m := &it.answer.made[i]
		req := x.FollowUp(m.think)
		m.copyTo(req)
		req.State = it.slot.originOf(m.tag)
	}
	for _, c := range it.answer.checks {
		x.Check(c.name, c.passed)
	}
}
