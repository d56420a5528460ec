package main

import (
	"math"
	"math/rand/v2"
	"slices"
)

// figures are those that are compared, in this order everywhere.
var figures = [...]string{"mean", "p50", "p90", "p99"}

// queue is an M/M/1 queue: arrivals at rate lambda, one server of rate mu, per second.
type queue struct{ lambda, mu float64 }

// theory gives the figures of the sojourn time, in seconds: exponential with rate mu−lambda (Kleinrock, Queueing Systems I,
// section 3.2).
func (q queue) theory() (f [len(figures)]float64) {
	mean := 1 / (q.mu - q.lambda)
	return [...]float64{mean, -math.Log(0.5) * mean, -math.Log(0.1) * mean, -math.Log(0.01) * mean}
}

// spread gives the standard deviations of the figures of n sojourns in a row, in seconds. Sojourns are correlated, so the
// usual error of a mean does not hold; runs of Lindley's recursion (1952) with a fixed seed tell.
func (q queue) spread(n int) (sd [len(figures)]float64) {
	const runs = 200
	random := rand.New(rand.NewPCG(1, 2))
	times := make([]float64, n)
	var sum, squares [len(figures)]float64
	for range runs {
		wait, total := 0.0, 0.0
		for i := range times {
			sojourn := wait + random.ExpFloat64()/q.mu
			times[i] = sojourn
			total += sojourn
			wait = max(0, sojourn-random.ExpFloat64()/q.lambda)
		}
		slices.Sort(times)
		at := func(p float64) float64 { return times[int(p*float64(n-1))] }
		for i, f := range [...]float64{total / float64(n), at(0.5), at(0.9), at(0.99)} {
			sum[i] += f
			squares[i] += f * f
		}
	}
	for i := range sd {
		mean := sum[i] / runs
		sd[i] = math.Sqrt(squares[i]/runs - mean*mean)
	}
	return sd
}
