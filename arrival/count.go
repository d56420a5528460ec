package arrival

const second = int64(1e9)

// Count returns the number of arrivals of the parts first to last (both included) that are due in (from, to], in
// nanoseconds, under p; a from of 0 takes in what is due at 0. It panics unless these are parts, and does not return
// where neither to nor p ends. It draws what lies in the window (not for the uniform law), and before it what Parts says.
func (ps *Parts) Count(p Profile, first, last int, from, to int64) int64 {
	ps.checkRange(first, last)
	if to <= max(from, 0) {
		return 0
	}
	return ps.count(p, first, last, []int64{from, to})[0]
}

// CountBySecond returns the same by the second in which the arrivals are due: element i has those due in the second (k,
// k+1] from the start, k = ⌊from/1 s⌋ + i, as far as they are due in (from, to]. It has an element for each second up
// to to.
func (ps *Parts) CountBySecond(p Profile, first, last int, from, to int64) []int64 {
	ps.checkRange(first, last)
	from = max(from, 0)
	if to <= from {
		return nil
	}
	edges := []int64{from}
	for t := (from/second + 1) * second; t < to; t += second {
		edges = append(edges, t)
	}
	return ps.count(p, first, last, append(edges, to))
}

// count returns the number of arrivals due in each (edges[i], edges[i+1]].
func (ps *Parts) count(p Profile, first, last int, edges []int64) []int64 {
	t := newTally(newPace(p), edges)
	if ps.whole {
		t.add(ps.all(recallNone), func(rank int64) bool {
			part := int(rank % int64(ps.n))
			return first <= part && part <= last
		})
		return t.counts
	}
	cursor := ps.cursors(recallNone)
	for part := first; part <= last; part++ {
		t.add(cursor(part), nil)
	}
	return t.counts
}

// tally counts arrivals in windows that follow each other. Those well within a window are known by their sums; only
// near the edges are due times worked out.
type tally struct {
	pace   pace
	edges  []int64
	start  float64   // sums up to this are before all windows
	lo, hi []float64 // sums above lo, up to hi are in the window
	counts []int64
}

func newTally(p pace, edges []int64) *tally {
	n := len(edges) - 1
	t := &tally{pace: p, edges: edges, start: -1, counts: make([]int64, n)}
	if edges[0] > 0 {
		t.start = p.before(edges[0])
	} else {
		edges[0] = -1
	}
	edges[n] = min(edges[n], Forever-1)
	for i := range n {
		t.lo = append(t.lo, p.after(edges[i]))
		t.hi = append(t.hi, p.before(edges[i+1]))
	}
	return t
}

// add counts the arrivals of a cursor; ours, if there is one, says which.
func (t *tally) add(c Cursor, ours func(rank int64) bool) {
	sk, _ := c.(skipper)
	c.Seek(t.start)
	due, i := int64(0), 0
	for {
		rank, area := c.Next()
		if area <= t.start {
			continue
		}
		within := area > t.lo[i] && area <= t.hi[i]
		if !within {
			due = max(due, t.pace.due(area))
			for due > t.edges[i+1] {
				if i++; i == len(t.counts) {
					return
				}
			}
			if due <= t.edges[0] {
				continue
			}
		}
		if ours == nil || ours(rank) {
			t.counts[i]++
		}
		if within && sk != nil {
			t.counts[i] += sk.skip(t.hi[i])
		}
	}
}
