package cluster

import (
	"slices"

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

// ending are those of open that are given away at a moment that is still to come, and are held until then, though a later share does
// not have them any more.
func (s *stints) ending(held []Holding, now int64) (out []Holding) {
	for _, h := range s.open {
		again := slices.ContainsFunc(held, func(o Holding) bool { return o.First <= h.Last && h.First <= o.Last })
		if h.Through != arrival.Forever && h.Through > now && !again {
			out = append(out, h)
		}
	}
	return out
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
