package measure

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// values draws durations over the whole range, evenly over their logarithms, with the edges of buckets among them.
func values(t *rapid.T, atLeast int) []int64 {
	one := rapid.Custom(func(t *rapid.T) int64 {
		bits := rapid.IntRange(0, 41).Draw(t, "bits")
		v := int64(1)<<bits + rapid.Int64Range(-2, int64(1)<<bits).Draw(t, "above")
		return min(max(v, 0), MaxValue)
	})
	return rapid.SliceOfN(one, atLeast, 300).Draw(t, "values")
}

func histogramOf(values []int64) *Histogram {
	h := new(Histogram)
	for _, v := range values {
		h.Record(v)
	}
	return h
}

// content is all that a histogram says, for comparison.
type content struct {
	Count, High, Sum uint64
	Min, Max         int64
	Buckets          [][3]int64
}

func contentOf(h *Histogram) content {
	c := content{Count: h.Count(), Min: h.Min(), Max: h.Max()}
	c.High, c.Sum = h.Sum()
	h.Each(func(lo, hi int64, n uint64) { c.Buckets = append(c.Buckets, [3]int64{lo, hi, int64(n)}) })
	return c
}

func TestBucketsJoinWithoutGaps(t *testing.T) {
	next := int64(0)
	for i := 0; i < maxBuckets && next <= MaxValue; i++ {
		lo, hi := bucketRange(i)
		if lo != next || hi < lo {
			t.Fatalf("bucket %d is %d…%d, should begin at %d", i, lo, hi, next)
		}
		if bucketOf(lo) != i || hi <= MaxValue && bucketOf(hi) != i {
			t.Fatalf("bucket %d of %d…%d, but its ends fall into %d and %d", i, lo, hi, bucketOf(lo), bucketOf(hi))
		}
		if width := hi - lo; width > lo/1024 {
			t.Fatalf("bucket %d of %d…%d is wider than 1/1024 of its value", i, lo, hi)
		}
		next = hi + 1
	}
	if next <= MaxValue {
		t.Fatalf("buckets end at %d", next-1)
	}
}

func TestLayoutIsHdrHistograms(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		vs := values(t, 1)
		ours, theirs := histogramOf(vs), hdr.New(1, MaxValue, 3)
		for _, v := range vs {
			if err := theirs.RecordValue(v); err != nil {
				t.Fatal(err)
			}
		}
		for _, v := range vs {
			lo, hi := bucketRange(bucketOf(v))
			if !theirs.ValuesAreEquivalent(lo, v) || !theirs.ValuesAreEquivalent(hi, v) || theirs.ValuesAreEquivalent(hi+1, v) ||
				lo > 0 && theirs.ValuesAreEquivalent(lo-1, v) {
				t.Fatalf("%d is in our bucket %d…%d, which is not the library's", v, lo, hi)
			}
		}
		for k := 0; k < len(vs); k += 1 + len(vs)/10 {
			// The library rounds ranks where we round up, so compare at whole ones; it gives the bucket's end, also beyond the maximum.
			q := float64(k+1) / float64(len(vs))
			if a, b := min(theirs.ValueAtQuantile(100*q), slices.Max(vs)), ours.Quantile(q); a != b {
				t.Fatalf("quantile %v of %v: library %d, ours %d", q, vs, a, b)
			}
		}
	})
}

func TestQuantilesAgainstSortedData(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		vs := values(t, 1)
		h := histogramOf(vs)
		slices.Sort(vs)
		q := rapid.Float64Range(0, 1).Draw(t, "q")
		rank := max(int(math.Ceil(q*float64(len(vs)))), 1)
		exact, got := vs[rank-1], h.Quantile(q)
		if got < exact || float64(got-exact) > 0.001*float64(exact) {
			t.Fatalf("quantile %v: exact %d, got %d", q, exact, got)
		}
		if h.Quantile(0) != vs[0] || h.Quantile(1) != vs[len(vs)-1] {
			t.Fatalf("quantiles 0 and 1 are %d and %d, want %d and %d", h.Quantile(0), h.Quantile(1), vs[0], vs[len(vs)-1])
		}
	})
}

// A quantile whose rank is a whole number is that value, although q·n is rounded; also where n is large.
func TestQuantileRanksAreWhole(t *testing.T) {
	for _, n := range []uint64{10, 100, 1000, 2000, 3000, 7000, 1_000_000, 30_000_000_000} {
		for _, q := range []float64{0.1, 0.29, 0.5, 0.57, 0.58, 0.9, 0.95, 0.99, 0.999} {
			rank := uint64(math.Round(q * float64(n)))
			if math.Abs(q*float64(n)-float64(rank)) > 1e-4 {
				continue // not a whole number
			}
			var h Histogram
			h.Record(1)
			h.Record(2)
			h.blocks[0][1], h.blocks[0][2], h.count = rank, n-rank, n // as if recorded so often
			if got := h.Quantile(q); got != 1 {
				t.Errorf("quantile %v of %d values of which %d are 1: got %d", q, n, rank, got)
			}
			h.blocks[0][1], h.blocks[0][2] = rank-1, n-rank+1
			if got := h.Quantile(q); got != 2 {
				t.Errorf("quantile %v of %d values of which %d are 1: got %d", q, n, rank-1, got)
			}
		}
	}
}

func TestMomentsAndExtremes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		vs := values(t, 1)
		h := histogramOf(vs)
		sum, n := 0.0, float64(len(vs))
		for _, v := range vs {
			sum += float64(v)
		}
		mean, square := sum/n, 0.0
		for _, v := range vs {
			square += (float64(v) - mean) * (float64(v) - mean)
		}
		if h.Count() != uint64(len(vs)) || h.Min() != slices.Min(vs) || h.Max() != slices.Max(vs) {
			t.Fatalf("count %d, min %d, max %d of %v", h.Count(), h.Min(), h.Max(), vs)
		}
		if math.Abs(h.Mean()-mean) > 1e-9*mean {
			t.Fatalf("mean %v, want %v", h.Mean(), mean)
		}
		// Each value is at most half a bucket, 1/2048 of itself, from where it is taken to be.
		if dev, tolerance := math.Sqrt(square/n), float64(h.Max())/2048; math.Abs(h.StdDev()-dev) > tolerance {
			t.Fatalf("standard deviation %v, want %v ± %v", h.StdDev(), dev, tolerance)
		}
	})
}

func TestOneValueHasNoDeviation(t *testing.T) {
	h := histogramOf([]int64{1_234_567_890, 1_234_567_890, 1_234_567_890})
	if h.StdDev() != 0 || h.Mean() != 1_234_567_890 || h.Quantile(0.5) != 1_234_567_890 {
		t.Fatalf("deviation %v, mean %v, median %v", h.StdDev(), h.Mean(), h.Quantile(0.5))
	}
}

func TestMergeIsUnion(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := values(t, 0), values(t, 0)
		merged := histogramOf(a)
		merged.Add(histogramOf(b))
		if d := cmp.Diff(contentOf(histogramOf(append(slices.Clone(a), b...))), contentOf(merged)); d != "" {
			t.Fatalf("union and merge differ:\n%s", d)
		}
	})
}

func TestResetEmpties(t *testing.T) {
	h := histogramOf([]int64{5, 5_000_000, MaxValue})
	h.Reset()
	if d := cmp.Diff(content{}, contentOf(h)); d != "" {
		t.Fatalf("after Reset:\n%s", d)
	}
	if h.Quantile(0.5) != 0 || h.Mean() != 0 || h.StdDev() != 0 {
		t.Fatalf("an empty histogram says %d, %v, %v", h.Quantile(0.5), h.Mean(), h.StdDev())
	}
	h.Record(7)
	if h.Min() != 7 || h.Max() != 7 || h.Quantile(0.5) != 7 {
		t.Fatalf("min %d, max %d, median %d after a 7", h.Min(), h.Max(), h.Quantile(0.5))
	}
}

func TestValuesBeyondTheRange(t *testing.T) {
	h := histogramOf([]int64{-1, math.MinInt64, MaxValue + 1, math.MaxInt64})
	want := content{Count: 4, Sum: 2 * uint64(MaxValue), Min: 0, Max: MaxValue}
	got := contentOf(h)
	got.Buckets = nil
	if d := cmp.Diff(want, got); d != "" {
		t.Fatal(d)
	}
}

func TestRecordAllocatesNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	vs := make([]int64, 1000)
	for i := range vs {
		vs[i] = int64(r.ExpFloat64() * 1e6)
	}
	h := histogramOf(vs)
	if n := testing.AllocsPerRun(100, func() {
		for _, v := range vs {
			h.Record(v)
		}
	}); n != 0 {
		t.Fatalf("%v allocations in 1000 values", n)
	}
	if n := testing.AllocsPerRun(100, func() { h.Reset(); h.Record(vs[0]) }); n != 0 {
		t.Fatalf("%v allocations after Reset", n)
	}
}
