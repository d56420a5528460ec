package counting

import (
	"slices"
	"time"
)

// Times are moments, ascending: Unix times in ns.
type Times []int64

// Between are those at from or later, and before to.
func (x Times) Between(from, to time.Time) Times {
	i, _ := slices.BinarySearch(x, from.UnixNano())
	j, _ := slices.BinarySearch(x, to.UnixNano())
	return x[i:max(i, j)]
}

// Counts are how many lie in each second since from, up to the last.
func (x Times) Counts(from time.Time) []int64 {
	start, _ := slices.BinarySearch(x, from.UnixNano())
	var counts []int64
	for _, at := range x[start:] {
		second := int((at - from.UnixNano()) / int64(time.Second))
		for len(counts) <= second {
			counts = append(counts, 0)
		}
		counts[second]++
	}
	return counts
}

// MaxRate is the highest rate per second in any window of that length, wherever it begins.
func (x Times) MaxRate(window time.Duration) float64 {
	most, first := 0, 0
	for i, at := range x {
		for at-x[first] >= int64(window) {
			first++
		}
		most = max(most, i-first+1)
	}
	return float64(most) / window.Seconds()
}

// Gap is the longest time between two neighbors, with the moment at which it begins; 0 if there are fewer than two.
func (x Times) Gap() (longest time.Duration, began time.Time) {
	for i := 1; i < len(x); i++ {
		if d := time.Duration(x[i] - x[i-1]); d > longest {
			longest, began = d, time.Unix(0, x[i-1])
		}
	}
	return longest, began
}

// Rescale maps the times since start to the time in which a Poisson process of the given cumulative rate has rate 1: u = Λ(t − start). area is Λ, the
// number of arrivals expected within so many seconds of start (arrival.Profile's Area, [Constant]). If the times are such a process, the
// result is a Poisson process of rate 1 (time-rescaling theorem; Brown, Barbieri, Ventura, Kass, Frank, "The time-rescaling theorem and its
// application to neural spike train data analysis", Neural Computation 14, 2002). Times before start are left out.
func (x Times) Rescale(start time.Time, area func(seconds float64) float64) Rescaled {
	first, _ := slices.BinarySearch(x, start.UnixNano())
	u := make(Rescaled, 0, len(x)-first)
	for _, at := range x[first:] {
		u = append(u, area(time.Duration(at-start.UnixNano()).Seconds()))
	}
	return u
}

// Constant is the cumulative rate of a constant rate per second.
func Constant(rate float64) func(seconds float64) float64 {
	return func(seconds float64) float64 { return rate * seconds }
}
