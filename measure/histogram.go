// Package measure counts and times: histograms, outcomes and per-second intervals, all mergeable exactly and
// independent of any protocol. Nothing in it grows with the number of requests.
package measure

import (
	"math"
	"math/bits"
)

// The layout is HdrHistogram's for 1 ns … 1 h at three significant digits: values below 2048 have a bucket each,
// above that every power of two has 1024 linear buckets, so a bucket is never wider than 1/1024 of its value.
// (Gil Tene, HdrHistogram; http://hdrhistogram.org.) Buckets live in blocks that come into being when first
// touched, so that an unused or narrow histogram costs little.
const (
	subBits    = 10
	subCount   = 1 << subBits // linear buckets per power of two
	blockBits  = 7
	blockSize  = 1 << blockBits
	maxBuckets = (42-subBits)*subCount + subCount
	blocks     = maxBuckets / blockSize

	// MaxValue is the largest value kept apart: one hour, in ns. Larger ones count as this.
	MaxValue = int64(3600_000_000_000)
)

// Histogram counts durations in nanoseconds. The zero value is empty and ready. It is not safe for concurrent use.
type Histogram struct {
	count  uint64
	sum    uint64 // of the exact values, modulo 2^64 ns (584 years)
	high   uint64 // how often that has come round: an hour of ten million requests/s that take a second each is 1,142 years
	max    int64
	below  int64 // MaxValue − the smallest value: 0 while empty, so that Record need not ask
	blocks [blocks]*[blockSize]uint64
}

// bucketOf returns the index of v's bucket, for 0 ≤ v ≤ MaxValue.
func bucketOf(v int64) int {
	shift := bits.Len64(uint64(v)|(2*subCount-1)) - (subBits + 1)
	return shift<<subBits + int(uint64(v)>>(uint(shift)&63))
}

// bucketRange returns the lowest and highest value of bucket i.
func bucketRange(i int) (lo, hi int64) {
	shift := max(i>>subBits-1, 0)
	lo = int64(i-shift<<subBits) << uint(shift)
	return lo, lo + 1<<uint(shift) - 1
}

// Record counts one value. Negative values count as 0, those above [MaxValue] as MaxValue.
func (h *Histogram) Record(v int64) {
	if uint64(v) > uint64(MaxValue) {
		v = min(max(v, 0), MaxValue)
	}
	h.count++
	sum, carry := bits.Add64(h.sum, uint64(v), 0)
	h.sum, h.high = sum, h.high+carry
	h.max = max(h.max, v)
	h.below = max(h.below, MaxValue-v)
	i := bucketOf(v)
	b := h.blocks[i>>blockBits]
	if b == nil {
		b = h.touch(i >> blockBits)
	}
	b[i&(blockSize-1)]++
}

// touch makes block bi exist. Kept out of line: Record then needs no stack of its own on the common path.
//
//go:noinline
func (h *Histogram) touch(bi int) *[blockSize]uint64 {
	if h.blocks[bi] == nil {
		h.blocks[bi] = new([blockSize]uint64)
	}
	return h.blocks[bi]
}

// Add merges o into h; exact.
func (h *Histogram) Add(o *Histogram) {
	if o.count == 0 {
		return
	}
	h.max = max(h.max, o.max)
	h.below = max(h.below, o.below)
	h.count += o.count
	h.addSum(o.high, o.sum)
	from, to := o.span()
	for i := from; i < to; i++ {
		b := o.blocks[i]
		if b == nil {
			continue
		}
		into := h.touch(i)
		for j, n := range b {
			into[j] += n
		}
	}
}

// addSum adds high × 2^64 + low to the sum.
func (h *Histogram) addSum(high, low uint64) {
	sum, carry := bits.Add64(h.sum, low, 0)
	h.sum, h.high = sum, h.high+high+carry
}

// span is the range of blocks, from … to-1, outside of which no bucket counts anything: what is done every second for hundreds
// of histograms should not look at all of their memory.
func (h *Histogram) span() (from, to int) {
	if h.count == 0 {
		return 0, 0
	}
	return bucketOf(h.Min()) >> blockBits, bucketOf(h.max)>>blockBits + 1
}

// Reset empties h and keeps its memory.
func (h *Histogram) Reset() {
	from, to := h.span()
	for _, b := range h.blocks[from:to] {
		if b != nil {
			*b = [blockSize]uint64{}
		}
	}
	h.count, h.sum, h.high, h.max, h.below = 0, 0, 0, 0, 0
}

// Count is the number of values.
func (h *Histogram) Count() uint64 { return h.count }

// Sum is the exact sum of all values in ns: high × 2^64 + low.
func (h *Histogram) Sum() (high, low uint64) { return h.high, h.sum }

// Min is the smallest value; 0 when empty.
func (h *Histogram) Min() int64 {
	if h.count == 0 {
		return 0
	}
	return MaxValue - h.below
}

// Max is the largest value; 0 when empty.
func (h *Histogram) Max() int64 { return h.max }

// Mean is the exact mean in ns; 0 when empty.
func (h *Histogram) Mean() float64 {
	if h.count == 0 {
		return 0
	}
	return (float64(h.high)*(1<<64) + float64(h.sum)) / float64(h.count)
}

// StdDev is the population's standard deviation in ns, each value taken at the middle of its bucket (of the part of
// it between Min and Max, so that a histogram of one value has none).
func (h *Histogram) StdDev() float64 {
	if h.count == 0 {
		return 0
	}
	mean, s := h.Mean(), 0.0
	h.Each(func(lo, hi int64, n uint64) {
		lo, hi = max(lo, h.Min()), min(hi, h.max)
		d := float64(lo) + float64(hi-lo)/2 - mean
		s += d * d * float64(n)
	})
	return math.Sqrt(s / float64(h.count))
}

// Quantile returns the smallest value v such that at least q of all values are ≤ v, to the upper end of its bucket
// (at most 0.1 % above) and never above Max. q is in [0, 1]; 0 gives Min. An empty histogram gives 0.
func (h *Histogram) Quantile(q float64) int64 {
	if h.count == 0 {
		return 0
	}
	if q <= 0 {
		return h.Min()
	}
	// q and q·count are each rounded once, so the product may lie a hair above the whole number that was meant.
	f := q * float64(h.count)
	rank := min(max(uint64(math.Ceil(f*(1-1e-15))), 1), h.count)
	var seen uint64
	from, to := h.span()
	for bi := from; bi < to; bi++ {
		b := h.blocks[bi]
		if b == nil {
			continue
		}
		for j, n := range b {
			if seen += n; seen >= rank {
				_, hi := bucketRange(bi<<blockBits + j)
				return max(min(hi, h.max), h.Min())
			}
		}
	}
	return h.max
}

// Each calls f for every bucket that is not empty, in ascending order: its lowest and highest value and its count.
func (h *Histogram) Each(f func(lo, hi int64, count uint64)) {
	from, to := h.span()
	for bi := from; bi < to; bi++ {
		b := h.blocks[bi]
		if b == nil {
			continue
		}
		for j, n := range b {
			if n > 0 {
				lo, hi := bucketRange(bi<<blockBits + j)
				f(lo, hi, n)
			}
		}
	}
}
