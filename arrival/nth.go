package arrival

import (
	"math"
	"slices"
)

// DueOf returns when the n-th arrival of the whole is due under p, counted from 1, in nanoseconds: Forever if p ends
// before. Others may be due at the same nanosecond. It draws all arrivals up to that one; not for the uniform law.
func (ps *Parts) DueOf(p Profile, n int64) int64 {
	if n < 1 {
		return 0
	}
	pc := newPace(p)
	if ps.whole {
		return nthOf(ps.all(recallNone), pc, n)
	}
	if u, ok := ps.process.NewLaw().(*uniform); ok {
		return pc.due(u.nth(n))
	}
	return ps.nthOfParts(pc, n)
}

func nthOf(c Cursor, pc pace, n int64) int64 {
	due := int64(0)
	for k := n; k > 0; k-- {
		_, area := c.Next()
		if k%4096 == 0 || k < 64 { // now and then, to see the end; and the last ones: see pace
			if due = max(due, pc.due(area)); due == Forever {
				break
			}
		}
	}
	return due
}

// nthOfParts lays the parts over each other, one stretch of the axis of area after the other: no merging is needed but
// in the last one.
func (ps *Parts) nthOfParts(pc pace, n int64) int64 {
	width := float64(max(1024, ps.n))
	cursor := ps.cursors(recallNone)
	cursors, heads := make([]Cursor, ps.n), make([]float64, ps.n)
	for i := range cursors {
		cursors[i] = cursor(i)
		_, heads[i] = cursors[i].Next()
	}
	areas := make([]float64, 0, 2*int(width))
	for start := 0.0; ; {
		areas = areas[:0]
		nearest := math.Inf(1)
		for i, c := range cursors {
			head := heads[i]
			for head <= start+width {
				areas = append(areas, head)
				_, head = c.Next()
			}
			heads[i] = head
			nearest = min(nearest, head)
		}
		if n <= int64(len(areas)) {
			slices.Sort(areas)
			return pc.due(areas[n-1])
		}
		n -= int64(len(areas))
		if pc.due(nearest) == Forever {
			return Forever
		}
		start = max(start+width, nearest)
	}
}
