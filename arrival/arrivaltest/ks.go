package arrivaltest

import (
	"math"
	"slices"
)

// KolmogorovSmirnov returns the probability that independent draws from the continuous distribution cdf lie as far
// from it as sample does, or farther (asymptotic, with the correction of Stephens, "Use of the Kolmogorov-Smirnov,
// Cramér-von Mises and related statistics without extensive tables", Journal of the Royal Statistical Society B 32,
// 1970). A small value speaks against the sample. sample is left as it is.
func KolmogorovSmirnov(sample []float64, cdf func(float64) float64) float64 {
	sorted := sortedCopy(sample)
	n := float64(len(sorted))
	d := 0.0
	for i, x := range sorted {
		f := cdf(x)
		d = max(d, f-float64(i)/n, float64(i+1)/n-f)
	}
	return tail(d, n)
}

// KolmogorovSmirnov2 returns the probability that two independent samples of one continuous distribution lie as far
// from each other as a and b do, or farther. a and b are left as they are.
func KolmogorovSmirnov2(a, b []float64) float64 {
	a, b = sortedCopy(a), sortedCopy(b)
	n, m := float64(len(a)), float64(len(b))
	d, i, j := 0.0, 0, 0
	for i < len(a) && j < len(b) {
		x := min(a[i], b[j])
		for i < len(a) && a[i] == x {
			i++
		}
		for j < len(b) && b[j] == x {
			j++
		}
		d = max(d, math.Abs(float64(i)/n-float64(j)/m))
	}
	return tail(d, n*m/(n+m))
}

func sortedCopy(x []float64) []float64 {
	x = slices.Clone(x)
	slices.Sort(x)
	return x
}

// tail is Kolmogorov's distribution: the probability of a distance of d or more with n draws.
func tail(d, n float64) float64 {
	root := math.Sqrt(n)
	x := (root + 0.12 + 0.11/root) * d
	if x < 0.2 {
		return 1 // within 1e-12, and the series does not converge
	}
	sum, sign := 0.0, 1.0
	for k := 1.0; k <= 100; k++ {
		sum += sign * math.Exp(-2*k*k*x*x)
		sign = -sign
	}
	return min(1, 2*sum)
}
