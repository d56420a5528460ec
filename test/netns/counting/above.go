package counting

import (
	"math"
	"testing"
)

// NeverAbove fails the test for each second in which more arrived than share·asked + sigmas·√asked, asked(i) being what was asked for in second i: a
// promise with its tolerance, and Poisson noise. Counts are those of [Tally.Counts] or [Times.Counts]. Usual: share 1.02, sigmas 5.
func NeverAbove(t testing.TB, counts []int64, asked func(second int) float64, share, sigmas float64) {
	t.Helper()
	for i, n := range counts {
		a := asked(i)
		if most := share*a + sigmas*math.Sqrt(a); float64(n) > most {
			t.Errorf("counting: %d arrived in second %d, where %.0f were asked for and %.0f are the most", n, i, a, most)
		}
	}
}

// NeverBelow is the other side: it fails the test for each second, of those that there are counts for, in which fewer arrived than
// share·asked − sigmas·√asked.
func NeverBelow(t testing.TB, counts []int64, asked func(second int) float64, share, sigmas float64) {
	t.Helper()
	for i, n := range counts {
		a := asked(i)
		if least := share*a - sigmas*math.Sqrt(a); float64(n) < least {
			t.Errorf("counting: %d arrived in second %d, where %.0f were asked for and %.0f are the least", n, i, a, least)
		}
	}
}
