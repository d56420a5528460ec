package cluster

import (
	"cmp"
	"slices"

	"github.com/iagoloadgen/iago/arrival"
)

// gap is a stretch of parts and a time, ns since the start, for which nobody's figures account.
type gap struct {
	first, last int
	from, to    int64
}

// gaps are what is left of all parts from the start to an end when the stints are taken away. It goes through the parts once, with
// the stints that are about the part at hand.
func gaps(n int, stints []Holding, end int64) (out []gap) {
	edges := []int{0, n}
	var coming []Holding
	for _, s := range stints {
		if s.Through > s.From {
			edges = append(edges, s.First, s.Last+1)
			coming = append(coming, s)
		}
	}
	slices.Sort(edges)
	edges = slices.Compact(edges)
	slices.SortFunc(coming, func(a, b Holding) int { return cmp.Compare(a.First, b.First) })
	var here []Holding
	for i := 0; i+1 < len(edges); i++ {
		first, last := edges[i], edges[i+1]-1
		here = slices.DeleteFunc(here, func(h Holding) bool { return h.Last < first })
		for len(coming) > 0 && coming[0].First <= first {
			here = append(here, coming[0])
			coming = coming[1:]
		}
		slices.SortFunc(here, func(a, b Holding) int { return cmp.Compare(a.From, b.From) })
		at := int64(0)
		for _, h := range here {
			if h.From > at {
				out = append(out, gap{first, last, at, min(h.From, end)})
			}
			at = max(at, h.Through)
			if at >= end {
				break
			}
		}
		if at < end {
			out = append(out, gap{first, last, at, end})
		}
	}
	return out
}

// union is all that is in any of the stints up to an end, each part and moment once.
func union(n int, stints []Holding, end int64) []Holding {
	holdings := func(list []gap) (out []Holding) {
		for _, g := range list {
			out = append(out, Holding{First: g.first, Last: g.last, From: g.from, Through: g.to})
		}
		return out
	}
	return holdings(gaps(n, holdings(gaps(n, stints, end)), end))
}

// nobodys counts, by second, the arrivals that were due in the gaps.
func nobodys(whole *arrival.Parts, p arrival.Profile, list []gap) map[int]int64 {
	const second = int64(1e9)
	count := map[int]int64{}
	for _, g := range list {
		if g.to <= g.from {
			continue
		}
		for i, n := range whole.CountBySecond(p, g.first, g.last, g.from, g.to) {
			if n > 0 {
				count[int(g.from/second)+i] += n
			}
		}
	}
	return count
}

// owed is how many arrivals were due in a worker's stints, the open ones up to a moment.
func owed(whole *arrival.Parts, p arrival.Profile, stints []Holding, upTo int64) (n int64) {
	for _, s := range stints {
		if to := min(s.Through, upTo); to > s.From {
			n += whole.Count(p, s.First, s.Last, s.From, to)
		}
	}
	return n
}
