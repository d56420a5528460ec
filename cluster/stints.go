package cluster

import (
	"slices"
	"time"

	"github.com/iagoloadgen/iago/arrival"
)

// stints are the parts and times that a worker's figures account for.
type stints struct {
	closed []Holding
	open   []Holding
}

// put replaces what is held now. Parts that go on go on from where they began; what is not among held any more has ended before.
func (s *stints) put(held []Holding) {
	for _, h := range s.open {
		if h.Through != arrival.Forever && !slices.Contains(held, h) {
			s.closed = append(s.closed, h)
		}
	}
	s.open = slices.Clone(held)
}

// cut ends everything that is held at a moment.
func (s *stints) cut(at int64) {
	for _, h := range s.open {
		if h.Through = min(h.Through, at); h.Through > h.From {
			s.closed = append(s.closed, h)
		}
	}
	s.open = nil
}

// all is a copy of both.
func (s *stints) all() []Holding { return slices.Concat(s.closed, s.open) }

// linger is how long what has been given away stays in the engine's plan: a shard that the machine keeps waiting has still to take up what
// was due before, and would not once it is told that it is not its own.
const linger = 3 * time.Second

// settle is what the engine is to hold: what is held, and beside it, of open, what is given away at a moment that is still to come or has
// come not long ago, though a later share does not have it any more. What comes back before that is taken up half way between its two
// times, since the engine holds a part once; next is when that is so for some of it, [arrival.Forever] if there is none.
func (s *stints) settle(held []Holding, now int64) (out []Holding, next int64) {
	next = arrival.Forever
	for _, r := range ranges(held, s.open) {
		h, given := covering(held, r)
		o, known := covering(s.open, r)
		switch turn := o.Through + (h.From-o.Through)/2; {
		case !known, o.Through == arrival.Forever, given && h.From < o.Through:
		case !given && now < o.Through+int64(linger):
			h, given = o, true
		case given && now < turn:
			h, next = o, min(next, turn)
		}
		if !given {
			continue
		}
		if n := len(out); n > 0 && out[n-1].Last == r.first-1 && out[n-1].From == h.From && out[n-1].Through == h.Through {
			out[n-1].Last = r.last
			continue
		}
		out = append(out, Holding{First: r.first, Last: r.last, From: h.From, Through: h.Through})
	}
	return out, next
}

// reach is a row of parts.
type reach struct{ first, last int }

// ranges are the rows of parts that no holding begins or ends within, in order.
func ranges(held ...[]Holding) (out []reach) {
	var edges []int
	for _, h := range slices.Concat(held...) {
		edges = append(edges, h.First, h.Last+1)
	}
	slices.Sort(edges)
	edges = slices.Compact(edges)
	for i := 1; i < len(edges); i++ {
		out = append(out, reach{edges[i-1], edges[i] - 1})
	}
	return out
}

// covering is the holding that has a row of parts.
func covering(held []Holding, r reach) (h Holding, ok bool) {
	i := slices.IndexFunc(held, func(h Holding) bool { return h.First <= r.first && r.last <= h.Last })
	if i < 0 {
		return h, false
	}
	return held[i], true
}

// after is held with nothing in it before a moment.
func after(held []Holding, from int64) []Holding {
	out := make([]Holding, 0, len(held))
	for _, h := range held {
		if h.From = max(h.From, from); h.From < h.Through {
			out = append(out, h)
		}
	}
	return out
}

// before is held with nothing in it at a moment or after.
func before(held []Holding, through int64) []Holding {
	out := make([]Holding, 0, len(held))
	for _, h := range held {
		if h.Through = min(h.Through, through); h.From < h.Through {
			out = append(out, h)
		}
	}
	return out
}
