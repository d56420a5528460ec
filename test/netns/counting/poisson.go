package counting

import (
	"fmt"
	"math"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/iagoloadgen/iago/arrival/arrivaltest"
)

// Rescaled are ascending moments on a scale on which the process has rate 1, from 0 ([Times.Rescale]).
//
// Its tests return the probability that a Poisson process looks as odd, or odder: a small one speaks against the process. Each sees
// something else: [Rescaled.Number] a wrong rate, [Rescaled.Shape] one that changes otherwise than asked, [Rescaled.Gaps] gaps of another law,
// [Rescaled.Dispersion] arrivals that clump or keep apart.
type Rescaled []float64

// Number tests whether as many arrived before total as were expected, which is total (a normal law, so total should be a hundred or more).
func (u Rescaled) Number(total float64) float64 {
	z := (float64(len(u.before(total))) - total) / math.Sqrt(total)
	return math.Erfc(math.Abs(z) / math.Sqrt2)
}

// Shape tests whether the arrivals before total are spread evenly, however many they are (Kolmogorov–Smirnov).
func (u Rescaled) Shape(total float64) float64 {
	return arrivaltest.KolmogorovSmirnov(u.before(total), func(x float64) float64 { return min(1, max(0, x/total)) })
}

// Gaps tests whether the gaps are exponential with mean 1 (Kolmogorov–Smirnov), the first one from 0.
func (u Rescaled) Gaps() float64 {
	gaps, last := make([]float64, len(u)), 0.0
	for i, x := range u {
		gaps[i], last = x-last, x
	}
	return arrivaltest.KolmogorovSmirnov(gaps, func(x float64) float64 { return -math.Expm1(-max(0, x)) })
}

// Dispersion is the index of dispersion of the counts in the whole windows of that width before total (variance over mean: 1 for a
// Poisson process, 0 for even spacing, more for bursts), and its test, two-sided: with k windows, (k−1)·index follows χ² with k−1 degrees of
// freedom (R. A. Fisher, "The significance of deviations from expectation in a Poisson series", Biometrics 6, 1950). Windows should
// expect five arrivals or more, and there must be two.
func (u Rescaled) Dispersion(width, total float64) (index, p float64) {
	counts := make([]float64, int(total/width))
	for _, x := range u {
		if i := int(x / width); i < len(counts) {
			counts[i]++
		}
	}
	k, sum := float64(len(counts)), 0.0
	for _, n := range counts {
		sum += n
	}
	mean := sum / k
	if len(counts) < 2 || mean == 0 {
		return math.NaN(), 0
	}
	squares := 0.0
	for _, n := range counts {
		squares += (n - mean) * (n - mean)
	}
	chi := squares / mean
	law := distuv.ChiSquared{K: k - 1}
	return chi / (k - 1), min(1, 2*min(law.CDF(chi), law.Survival(chi)))
}

// before are the moments before total.
func (u Rescaled) before(total float64) Rescaled {
	for i, x := range u {
		if x >= total {
			return u[:i]
		}
	}
	return u
}

// Poisson fails the test if the arrivals before total, which is how many are expected, are no Poisson process of rate 1: by number, shape, gaps, and
// dispersion over windows of ten. A true one fails with a probability of significance at most.
func Poisson(t testing.TB, u Rescaled, total, significance float64) {
	t.Helper()
	u = u.before(total)
	index, dispersion := u.Dispersion(10, total)
	tests := []struct {
		what string
		p    float64
	}{
		{"their number", u.Number(total)},
		{"their shape over time", u.Shape(total)},
		{"their gaps", u.Gaps()},
		{fmt.Sprintf("their dispersion (%.3f, expected 1)", index), dispersion},
	}
	share := significance / float64(len(tests)) // Bonferroni
	for _, test := range tests {
		if !(test.p >= share) {
			t.Errorf("counting: %d arrivals, %.0f expected, are no Poisson process by %s: p = %.2g, significance %.2g",
				len(u), total, test.what, test.p, share)
		}
	}
}
