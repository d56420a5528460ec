package cluster

import (
	"cmp"
	"slices"

	"github.com/iagoloadgen/iago/arrival"
)

// part is one part of the arrival process, as the coordinator sees it.
type part struct {
	owner   string // "": nobody's
	from    int64  // its owner's from then on; of nobody's: the next owner's, 0: that is open
	through int64  // up to then; arrival.Forever while nobody else waits for it
}

// parts are all of them, and who has which: what is done several times a second for thousands of owners must not look at
// all of it.
type parts struct {
	list   []part
	hands  map[string]*hand // by owner
	nobody []int            // parts that are nobody's, ascending
}

// hand is what an owner has.
type hand struct {
	parts []int // ascending
	kept  int   // how many of them are its own for good
}

// newParts returns n parts that are nobody's.
func newParts(n int) *parts {
	ps := &parts{list: make([]part, n), hands: map[string]*hand{}, nobody: make([]int, n)}
	for i := range ps.nobody {
		ps.nobody[i] = i
	}
	return ps
}

// hand is what an owner has, to be changed.
func (ps *parts) hand(owner string) *hand {
	h := ps.hands[owner]
	if h == nil {
		h = &hand{}
		ps.hands[owner] = h
	}
	return h
}

// kept is how many parts an owner has for good.
func (ps *parts) kept(owner string) int {
	if h := ps.hands[owner]; h != nil {
		return h.kept
	}
	return 0
}

// count is how many parts an owner has; "": how many are nobody's.
func (ps *parts) count(owner string) int {
	if owner == "" {
		return len(ps.nobody)
	}
	if h := ps.hands[owner]; h != nil {
		return len(h.parts)
	}
	return 0
}

// set gives part i to an owner, or to nobody, with its times.
func (ps *parts) set(i int, p part) {
	ps.leave(i)
	ps.list[i] = p
	if p.owner == "" {
		ps.nobody = inserted(ps.nobody, i)
		return
	}
	h := ps.hand(p.owner)
	h.parts = inserted(h.parts, i)
	if p.through == arrival.Forever {
		h.kept++
	}
}

// leave takes part i out of the hand that it is in.
func (ps *parts) leave(i int) {
	p := ps.list[i]
	if p.owner == "" {
		ps.nobody = removed(ps.nobody, i)
		return
	}
	h := ps.hand(p.owner)
	h.parts = removed(h.parts, i)
	if p.through == arrival.Forever {
		h.kept--
	}
}

func inserted(list []int, i int) []int {
	at, found := slices.BinarySearch(list, i)
	if found {
		return list
	}
	return slices.Insert(list, at, i)
}

func removed(list []int, i int) []int {
	at, found := slices.BinarySearch(list, i)
	if !found {
		return list
	}
	return slices.Delete(list, at, at+1)
}

// held are the owner's holdings: stretches with the same times.
func (ps *parts) held(owner string) (out []Holding) {
	h := ps.hands[owner]
	if h == nil {
		return nil
	}
	for _, i := range h.parts {
		p := ps.list[i]
		if n := len(out); n > 0 && out[n-1].Last == i-1 && out[n-1].From == p.from && out[n-1].Through == p.through {
			out[n-1].Last = i
			continue
		}
		out = append(out, Holding{First: i, Last: i, From: p.from, Through: p.through})
	}
	return out
}

// take notes what a share says.
func (ps *parts) take(owner string, held []Holding) {
	for _, h := range held {
		for i := h.First; i <= h.Last && i < len(ps.list); i++ {
			ps.set(i, part{owner, h.From, h.Through})
		}
	}
}

// again has what the owner holds begin anew, at a moment at the earliest.
func (ps *parts) again(owner string, from int64) {
	if h := ps.hands[owner]; h != nil {
		for _, i := range h.parts {
			ps.list[i].from = max(ps.list[i].from, from)
		}
	}
}

// free takes everything away from owner.
func (ps *parts) free(owner string) {
	h := ps.hands[owner]
	if h == nil {
		return
	}
	for _, i := range h.parts {
		ps.list[i] = part{}
	}
	ps.nobody = append(ps.nobody, h.parts...)
	slices.Sort(ps.nobody)
	delete(ps.hands, owner)
}

// deal gives the parts that are nobody's to those of the owners who have least, so that all have the same number of parts, or
// one more than others: from a moment on, or from where their last owner has let go of them. It returns whose shares have changed.
func (ps *parts) deal(owners []string, from int64) (changed []string) {
	if len(ps.nobody) == 0 {
		return nil
	}
	if len(owners) == 0 {
		for _, i := range ps.nobody {
			ps.list[i].from = 0
		}
		return nil
	}
	quota := ps.quotas(owners)
	next, rest := 0, ps.nobody[:0]
	for k, i := range ps.nobody {
		for next < len(owners) && ps.kept(owners[next]) >= quota[next] {
			next++
		}
		if next == len(owners) {
			rest = append(rest, ps.nobody[k:]...)
			break
		}
		o := owners[next]
		ps.list[i] = part{o, cmp.Or(ps.list[i].from, from), arrival.Forever}
		h := ps.hand(o)
		h.parts = inserted(h.parts, i)
		h.kept++
		if n := len(changed); n == 0 || changed[n-1] != o {
			changed = append(changed, o)
		}
	}
	ps.nobody = rest
	return changed
}

// quotas are how many parts each should have: those who have most get the one more that is left over.
func (ps *parts) quotas(owners []string) []int {
	q, order := make([]int, len(owners)), make([]int, len(owners))
	for k, o := range owners {
		q[k], order[k] = ps.kept(o), k
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(q[b], q[a]) })
	for rank, k := range order {
		q[k] = len(ps.list) / len(owners)
		if rank < len(ps.list)%len(owners) {
			q[k]++
		}
	}
	return q
}

// even tells whether none of the owners has more than he should.
func (ps *parts) even(owners []string) bool {
	n := len(ps.list)
	more := 0
	for _, o := range owners {
		switch k := ps.kept(o) - n/len(owners); {
		case k > 1:
			return false
		case k == 1:
			more++
		}
	}
	return more <= n%len(owners)
}

// release has those of the owners who have more than they should let go of some at a moment, and those who are leaving of everything. It
// returns whose shares have changed.
func (ps *parts) release(owners, leaving []string, through int64) (changed []string) {
	if len(owners) == 0 {
		return nil
	}
	for _, o := range leaving {
		if ps.reduce(o, 0, through) {
			changed = append(changed, o)
		}
	}
	if ps.even(owners) {
		return changed
	}
	quota := ps.quotas(owners)
	for k, o := range owners {
		if ps.reduce(o, quota[k], through) {
			changed = append(changed, o)
		}
	}
	return changed
}

// reduce has an owner let go of what it has beyond its quota.
func (ps *parts) reduce(owner string, quota int, through int64) bool {
	h := ps.hands[owner]
	if h == nil || h.kept <= quota {
		return false
	}
	for _, i := range slices.Backward(h.parts) {
		if h.kept > quota && ps.list[i].through == arrival.Forever {
			ps.list[i].through = through
			h.kept--
		}
	}
	return true
}

// released takes from owner the parts that it has let go of, as it has confirmed; the next owner's begin where it stopped. It tells
// whether there are any.
func (ps *parts) released(owner string, stopped int64) bool {
	h := ps.hands[owner]
	if h == nil || h.kept == len(h.parts) {
		return false
	}
	from := int64(0)
	for _, i := range h.parts {
		if p := ps.list[i]; p.through != arrival.Forever {
			from = max(from, p.through, stopped)
		}
	}
	for _, i := range slices.Clone(h.parts) {
		if ps.list[i].through != arrival.Forever {
			ps.set(i, part{from: from})
		}
	}
	return true
}
