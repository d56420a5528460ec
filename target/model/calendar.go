package model

import (
	"cmp"
	"slices"
)

// calendar lists the stretches [from, to) in which nothing is worked on, ascending and apart from each other.
type calendar []stretch

type stretch struct{ from, to int64 }

// newCalendar sorts stretches and joins those that overlap.
func newCalendar(stretches []stretch) calendar {
	sorted := slices.SortedFunc(slices.Values(stretches), func(a, b stretch) int { return cmp.Compare(a.from, b.from) })
	var c calendar
	for _, s := range sorted {
		if n := len(c); n > 0 && s.from <= c[n-1].to {
			c[n-1].to = max(c[n-1].to, s.to)
			continue
		}
		c = append(c, s)
	}
	return c
}

// finish returns when work that begins at start and takes the given time is done. It pauses in every stretch,
// and what would be done at the moment that one begins is done at its end.
func (c calendar) finish(start, work int64) int64 {
	for _, s := range c {
		if start >= s.to {
			continue
		}
		if start+work < s.from {
			break
		}
		work -= max(s.from-start, 0)
		start = s.to
	}
	return start + work
}

// until returns the end of the stretch that t lies in.
func (c calendar) until(t int64) (end int64, inside bool) {
	for _, s := range c {
		if t < s.from {
			break
		}
		if t < s.to {
			return s.to, true
		}
	}
	return 0, false
}
