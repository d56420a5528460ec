package arrival

import (
	"cmp"
	"slices"
	"time"
)

// Grace is how late an arrival that comes up with a new plan may be and still be yielded.
const Grace = 100 * time.Millisecond

// Share is the schedule of a changing set of parts. What it yields is decided by the latest [Plan]; nothing is
// yielded twice. It is used by one goroutine. Next does not allocate.
type Share struct {
	parts         *Parts
	shard, shards int
	cursor        func(part int) Cursor

	pace  pace
	plans int64
	known map[int]*partLane // all parts that have ever been held; of a law that divides itself
	whole *wholeLane        // of one that does not

	lanes []*lane
	heads []int64 // scratch: when the next arrival of each is due
	tree  tree    // over lanes

	took    bool     // the first arrival has been yielded
	backlog []behind // what was due under the plan before and has not been yielded
}

// behind is an arrival of the backlog.
type behind struct {
	part *heldPart
	area float64
	due  int64
}

// Share makes the schedule of those parts, out of the ones that plans say are held, whose number leaves the remainder
// shard when divided by shards. It is empty until the first plan. It panics unless 0 ≤ shard < shards.
func (ps *Parts) Share(shard, shards int) *Share {
	checkPart("shard", shard, shards)
	s := &Share{parts: ps, shard: shard, shards: shards}
	s.tree.build(nil)
	if ps.whole {
		s.whole = newWholeLane(ps)
	} else {
		s.cursor, s.known = ps.cursors(recallPart), map[int]*partLane{}
	}
	return s
}

// Next yields the next arrival under the present plan: when it is due, in nanoseconds from the start. Due times do not
// decrease from one plan to the next. ok is false when there is none; another plan may bring more.
func (s *Share) Next() (due int64, ok bool) {
	s.finish()
	due = s.tree.first.due
	if len(s.backlog) > 0 {
		due = min(due, s.backlog[0].due)
	}
	if s.took = due < Forever; !s.took {
		return 0, false
	}
	return due, true
}

// Unread puts back the arrival that Next yielded last; Next or Apply takes it up again. Whoever has fetched an arrival
// and not used it must put it back before Apply. It may be called more than once, and after Next had none.
func (s *Share) Unread() { s.took = false }

// finish has done with the arrival that was yielded last.
func (s *Share) finish() {
	if !s.took {
		return
	}
	s.took = false
	if len(s.backlog) > 0 && s.backlog[0].due <= s.tree.first.due {
		s.backlog = s.backlog[1:]
		return
	}
	l := s.lanes[s.tree.first.lane]
	l.take()
	s.tree.replace(l.settle(&s.pace))
}

// Apply puts the share under p at the time now, in nanoseconds from the start:
//
//   - parts newly held begin after their From, parts no longer held end;
//   - what has not been yielded is due by the new profile, the sum of gaps up to it unchanged;
//   - a part that is held again, or whose From has moved up, goes on after From. What was due before is passed over: it is in
//     somebody else's account;
//   - what has only come up with this plan and would have been due more than [Grace] ago is passed over too, lest it
//     make a burst. missed is the number of these.
//
// Arrivals that were due under the plan before and have not been yielded, because the caller is late itself, are
// yielded before all others if their parts are still held. What has been yielded before a plan with a lower rate came is
// not taken back: the next arrivals are due the later. A law that is no [Seeker] may have to go through all
// arrivals up to now. Apply panics on a plan that [Plan.Validate] refuses.
func (s *Share) Apply(p *Plan, now int64) (missed int64) {
	if err := p.Validate(s.parts.n); err != nil {
		panic(err.Error())
	}
	late := now - int64(Grace)
	behind := s.drain(late)
	sameProfile := same(s.pace.profile, p.Profile)
	s.pace = newPace(p.Profile)
	s.plans++
	if s.whole != nil {
		s.lanes = s.whole.hold(s, p, sameProfile)
	} else {
		s.holdParts(p, sameProfile)
	}
	s.heads = s.heads[:0]
	for _, l := range s.lanes {
		due := l.settle(&s.pace)
		for ; due <= late; due = l.settle(&s.pace) {
			l.take()
			missed++
		}
		s.heads = append(s.heads, due)
	}
	s.tree.build(s.heads)
	s.restore(behind)
	return missed
}

// drain takes everything that is due by late under the present plan.
func (s *Share) drain(late int64) []behind {
	s.finish()
	var out []behind
	for {
		due, ok := s.Next()
		if !ok || due > late {
			break
		}
		if len(s.backlog) > 0 && s.backlog[0].due == due {
			out = append(out, s.backlog[0])
		} else {
			l := s.lanes[s.tree.first.lane]
			out = append(out, behind{l.part, l.area, due})
		}
	}
	s.Unread()
	return append(out, s.backlog...)
}

// restore makes a backlog of those drained arrivals that the new plan still calls for.
func (s *Share) restore(drained []behind) {
	s.backlog = s.backlog[:0:0]
	for _, b := range drained {
		b.due = s.pace.due(b.area)
		if b.part.plan == s.plans && b.part.window.has(b.due) {
			s.backlog = append(s.backlog, b)
		}
	}
	slices.SortStableFunc(s.backlog, func(a, b behind) int { return cmp.Compare(a.due, b.due) })
}

// ours calls f for each part of this shard that p holds.
func (s *Share) ours(p *Plan, f func(part int, w window)) {
	for _, h := range p.Held {
		w := p.window(h)
		first := h.First + ((s.shard-h.First)%s.shards+s.shards)%s.shards
		for part := first; part <= h.Last; part += s.shards {
			f(part, w)
		}
	}
}
