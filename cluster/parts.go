package cluster

import (
	"cmp"
	"slices"

	"github.com/iagoloadgen/iago/arrival"
)

// part is one part of the arrival process, as the coordinator sees it.
type part struct {
	owner   string // "": nobody's
	from    int64  // its owner's from then on
	through int64  // up to then; arrival.Forever while nobody else waits for it
}

// parts are all of them.
type parts []part

// held are the owner's holdings: stretches with the same times.
func (ps parts) held(owner string) (out []Holding) {
	for i, p := range ps {
		if p.owner != owner {
			continue
		}
		if n := len(out); n > 0 && out[n-1].Last == i-1 && out[n-1].From == p.from && out[n-1].Through == p.through {
			out[n-1].Last = i
			continue
		}
		out = append(out, Holding{First: i, Last: i, From: p.from, Through: p.through})
	}
	return out
}

// take notes what a share says.
func (ps parts) take(owner string, held []Holding) {
	for _, h := range held {
		for i := h.First; i <= h.Last && i < len(ps); i++ {
			ps[i] = part{owner, h.From, h.Through}
		}
	}
}

// free takes everything away from owner.
func (ps parts) free(owner string) {
	for i := range ps {
		if ps[i].owner == owner {
			ps[i] = part{}
		}
	}
}

// counts are how many parts each of the owners has for good.
func (ps parts) counts(owners []string) map[string]int {
	n := make(map[string]int, len(owners))
	for _, o := range owners {
		n[o] = 0
	}
	for _, p := range ps {
		if _, ok := n[p.owner]; ok && p.through == arrival.Forever {
			n[p.owner]++
		}
	}
	return n
}

// deal gives the parts that are nobody's, from a moment on, to those of the owners who have least, so that all have
// the same number of parts, or one more than others. It returns whose shares have changed.
func (ps parts) deal(owners []string, from int64) (changed []string) {
	if len(owners) == 0 {
		return nil
	}
	count := ps.counts(owners)
	quota := ps.quotas(owners, count)
	next := 0
	for i := range ps {
		if ps[i].owner != "" {
			continue
		}
		for next < len(owners) && count[owners[next]] >= quota[owners[next]] {
			next++
		}
		if next == len(owners) {
			break
		}
		o := owners[next]
		ps[i] = part{o, from, arrival.Forever}
		count[o]++
		if !slices.Contains(changed, o) {
			changed = append(changed, o)
		}
	}
	return changed
}

// quotas are how many parts each should have: those who have most get the one more that is left over.
func (ps parts) quotas(owners []string, count map[string]int) map[string]int {
	order := slices.Clone(owners)
	slices.SortStableFunc(order, func(a, b string) int { return cmp.Compare(count[b], count[a]) })
	q := make(map[string]int, len(owners))
	for k, o := range order {
		q[o] = len(ps) / len(owners)
		if k < len(ps)%len(owners) {
			q[o]++
		}
	}
	return q
}

// release has those of the owners who have more than they should let go of some at a moment, and those who are leaving of everything. It
// returns whose shares have changed.
func (ps parts) release(owners, leaving []string, through int64) (changed []string) {
	if len(owners) == 0 {
		return nil
	}
	count := ps.counts(slices.Concat(owners, leaving))
	quota := ps.quotas(owners, count)
	for i := len(ps) - 1; i >= 0; i-- {
		o := ps[i].owner
		if n, ok := count[o]; !ok || ps[i].through != arrival.Forever || n <= quota[o] {
			continue
		}
		ps[i].through = through
		count[o]--
		if !slices.Contains(changed, o) {
			changed = append(changed, o)
		}
	}
	return changed
}

// released gives the parts that owner has let go of, as it has confirmed, to those who have least; they begin where it stopped.
func (ps parts) released(owner string, stopped int64, owners []string) (changed []string) {
	from := int64(0)
	any := false
	for i := range ps {
		if ps[i].owner == owner && ps[i].through != arrival.Forever {
			from = max(from, ps[i].through, stopped)
			ps[i] = part{}
			any = true
		}
	}
	if !any {
		return nil
	}
	changed = ps.deal(owners, from)
	if !slices.Contains(changed, owner) {
		changed = append(changed, owner)
	}
	return changed
}
