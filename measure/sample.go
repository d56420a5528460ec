package measure

import (
	"cmp"
	"container/heap"
	"maps"
	"math/rand/v2"
	"slices"
)

const (
	firstPerCause = 20   // the first of each cause that are kept
	mostCauses    = 25   // causes of which the first ones are kept
	drawnSize     = 500  // kept at random
	sampleSize    = 1000 // most in all: firstPerCause × mostCauses + drawnSize
)

// Sample keeps at most 1000 failures of any number: the first 20 of each cause (of the first 25 causes), and 500 drawn
// from all with equal chances. The same seed and the same failures give the same sample. Its zero value is not usable.
// It is not safe for concurrent use: each shard has its own, merged at the end.
//
// The drawn ones are those with the smallest of random numbers, one drawn for each failure (bottom-k sampling: Cohen and
// Kaplan, "Summarizing data using bottom-k sketches", PODC 2007): so samples merge exactly, in whatever order.
type Sample struct {
	rng   *rand.PCG
	first map[string][]*kept
	drawn keptHeap

	// What the last Want decided.
	rank     uint64
	asFirst  bool
	asDrawn  bool
	wantedBy string
}

// kept is a failure with its random number; one that is both among the first and drawn is there once, by pointer.
type kept struct {
	Failure
	rank uint64
}

// NewSample returns an empty sample. Samples that are to be merged need different seeds.
func NewSample(seed uint64) *Sample {
	return &Sample{rng: rand.NewPCG(seed, 0x5eed_0f_fa11), first: map[string][]*kept{}}
}

// Want tells whether the failure that has just happened is to be kept; then, and only then, it is to be passed to Put.
// It must be asked of every failure, and costs no allocation.
func (s *Sample) Want(cause string) bool {
	s.rank = s.rng.Uint64()
	s.wantedBy = cause
	earlier, known := s.first[cause]
	s.asFirst = len(earlier) < firstPerCause && (known || len(s.first) < mostCauses)
	s.asDrawn = len(s.drawn) < drawnSize || s.rank < s.drawn[0].rank
	return s.asFirst || s.asDrawn
}

// Put keeps f, of which Want has just said that it is wanted. f's strings must be its own.
func (s *Sample) Put(f Failure) {
	k := &kept{Failure: f, rank: s.rank}
	if s.asFirst {
		s.first[s.wantedBy] = append(s.first[s.wantedBy], k)
	}
	if s.asDrawn {
		s.draw(k)
	}
	s.asFirst, s.asDrawn = false, false
}

// draw lets k into the drawn ones if its number is small enough.
func (s *Sample) draw(k *kept) {
	switch {
	case len(s.drawn) < drawnSize:
		heap.Push(&s.drawn, k)
	case k.rank < s.drawn[0].rank:
		s.drawn[0] = k
		heap.Fix(&s.drawn, 0)
	}
}

// Merge adds all that o holds; o must not be used any more.
func (s *Sample) Merge(o *Sample) {
	for cause, list := range o.first {
		all := append(s.first[cause], list...)
		slices.SortFunc(all, byTime)
		s.first[cause] = all[:min(len(all), firstPerCause)]
	}
	for _, k := range o.drawn {
		s.draw(k)
	}
	s.keepFirstCauses()
}

// keepFirstCauses forgets the first ones of those causes that came up last, so that mostCauses remain.
func (s *Sample) keepFirstCauses() {
	if len(s.first) <= mostCauses {
		return
	}
	causes := slices.SortedFunc(maps.Keys(s.first), func(a, b string) int { return byTime(s.first[a][0], s.first[b][0]) })
	for _, c := range causes[mostCauses:] {
		delete(s.first, c)
	}
}

// Failures returns what is kept, in the order of time.
func (s *Sample) Failures() []Failure {
	all := make(map[*kept]bool, sampleSize)
	for _, list := range s.first {
		for _, k := range list {
			all[k] = true
		}
	}
	for _, k := range s.drawn {
		all[k] = true
	}
	out := make([]Failure, 0, len(all))
	for _, k := range slices.SortedFunc(maps.Keys(all), byTime) {
		out = append(out, k.Failure)
	}
	return out
}

// byTime orders by time, and what happened at the same time in a way that does not depend on the order of merging.
func byTime(a, b *kept) int {
	return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.rank, b.rank))
}

// keptHeap has the largest random number on top.
type keptHeap []*kept

func (h keptHeap) Len() int           { return len(h) }
func (h keptHeap) Less(i, j int) bool { return h[i].rank > h[j].rank }
func (h keptHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *keptHeap) Push(x any)        { *h = append(*h, x.(*kept)) }
func (h *keptHeap) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}
