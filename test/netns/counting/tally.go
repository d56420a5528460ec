package counting

import (
	"maps"
	"slices"
	"sync"
	"testing"
	"time"
)

// Bucket is the resolution of counts.
const Bucket = 10 * time.Millisecond

// exactly is how many exact times are kept unless told otherwise: 64 MB.
const exactly = 8_000_000

// Tally is what arrived, and when. Its methods are safe for concurrent use; those with tags look at the arrivals of these senders only, at all of
// them without.
type Tally struct {
	t     testing.TB
	exact int // most exact times to keep

	mu     sync.Mutex
	base   int64 // Unix time of the first bucket's beginning, ns
	total  int64
	series map[string]*series // by tag
}

// series is what one sender sent.
type series struct {
	buckets []int32
	times   []int64
}

func newTally(t testing.TB, exact int) *Tally {
	if exact == 0 {
		exact = exactly
	}
	base := time.Now().Truncate(Bucket).UnixNano()
	return &Tally{t: t, exact: exact, base: base, series: map[string]*series{}}
}

// add counts an arrival at a Unix time in ns.
func (y *Tally) add(at int64, tag []byte) {
	y.mu.Lock()
	defer y.mu.Unlock()
	s := y.series[string(tag)]
	if s == nil {
		s = new(series)
		y.series[string(tag)] = s
	}
	i := int(max(at-y.base, 0) / int64(Bucket))
	if i >= len(s.buckets) {
		s.buckets = append(s.buckets, make([]int32, i+1-len(s.buckets))...)
	}
	s.buckets[i]++
	if y.total < int64(y.exact) {
		s.times = append(s.times, at)
	}
	y.total++
}

// Total is how many arrived.
func (y *Tally) Total(tags ...string) int64 {
	y.mu.Lock()
	defer y.mu.Unlock()
	var sum int64
	for _, s := range y.chosen(tags) {
		for _, n := range s.buckets {
			sum += int64(n)
		}
	}
	return sum
}

// Tags are the senders that have been seen, sorted.
func (y *Tally) Tags() []string {
	y.mu.Lock()
	defer y.mu.Unlock()
	return slices.Sorted(maps.Keys(y.series))
}

// Counts are the arrivals of each second since from, up to the last arrival: the first figure is those within a second of from. from is rounded down
// to a bucket's beginning; arrivals before it are left out.
func (y *Tally) Counts(from time.Time, tags ...string) []int64 {
	const perSecond = int(time.Second / Bucket)
	first := int(floor(from.UnixNano()-y.base, int64(Bucket)))
	var counts []int64
	for i, n := range y.buckets(tags) {
		if n == 0 || i < first {
			continue
		}
		second := (i - first) / perSecond
		for len(counts) <= second {
			counts = append(counts, 0)
		}
		counts[second] += n
	}
	return counts
}

// MaxRate is the highest rate per second in any window of that length, which is rounded up to whole buckets.
func (y *Tally) MaxRate(window time.Duration, tags ...string) float64 {
	width := int((window + Bucket - 1) / Bucket)
	if width < 1 {
		y.t.Fatalf("counting: a window of %v: expected more than nothing", window)
	}
	var most, now int64
	list := y.buckets(tags)
	for i, n := range list {
		now += n
		if i >= width {
			now -= list[i-width]
		}
		most = max(most, now)
	}
	return float64(most) / (time.Duration(width) * Bucket).Seconds()
}

// Times are the exact times of the arrivals, ascending. If more arrived than are kept, the test fails: it is then for [Tally.Counts], or for more
// memory ([Options]).
func (y *Tally) Times(tags ...string) Times {
	y.t.Helper()
	y.mu.Lock()
	defer y.mu.Unlock()
	if y.total > int64(y.exact) {
		y.t.Fatalf("counting: %d arrived, but exact times are kept of the first %d only: raise Options.Exact, or use Counts", y.total, y.exact)
	}
	var all Times
	for _, s := range y.chosen(tags) {
		all = append(all, s.times...)
	}
	slices.Sort(all)
	return all
}

// buckets sums up the chosen senders'.
func (y *Tally) buckets(tags []string) []int64 {
	y.mu.Lock()
	defer y.mu.Unlock()
	var sum []int64
	for _, s := range y.chosen(tags) {
		if more := len(s.buckets) - len(sum); more > 0 {
			sum = append(sum, make([]int64, more)...)
		}
		for i, n := range s.buckets {
			sum[i] += int64(n)
		}
	}
	return sum
}

// chosen are the series of these tags, or all.
func (y *Tally) chosen(tags []string) (list []*series) {
	for tag, s := range y.series {
		if len(tags) == 0 || slices.Contains(tags, tag) {
			list = append(list, s)
		}
	}
	return list
}

// floor is a/b rounded down.
func floor(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
