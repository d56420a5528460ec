package arrivaltest

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/iagoloadgen/iago/arrival"
)

// gaps is how many gaps of a law are looked at.
const gaps = 50_000

// TestLaw checks what every law promises: gaps that are never negative, with mean 1 (as far as batches of 1000 gaps
// are nearly independent and their means nearly normal), the same ones for the same seed, without allocating; and parts
// that make up the whole. What it promises besides, as an arrival.Seeker or an arrival.Cloner, is checked too. newLaw returns a fresh law; a law without randomness takes no notice of seed.
func TestLaw(t *testing.T, newLaw func(seed uint64) arrival.Law) {
	t.Helper()
	for _, c := range lawChecks {
		t.Run(c.name, func(t *testing.T) {
			if err := c.check(newLaw); err != nil {
				t.Error(err)
			}
		})
	}
}

var lawChecks = []struct {
	name  string
	check func(newLaw func(uint64) arrival.Law) error
}{
	{"gaps", checkGaps},
	{"mean", checkMean},
	{"seed", checkSeed},
	{"allocations", checkAllocations},
	{"split", checkSplit},
	{"cursor", checkCursor},
	{"clone", checkClone},
}

func draw(law arrival.Law, n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = law.Gap()
	}
	return out
}

func checkGaps(newLaw func(uint64) arrival.Law) error {
	for i, g := range draw(newLaw(1), gaps) {
		if !(g >= 0) || math.IsInf(g, 1) {
			return fmt.Errorf("gap %d is %v; expected a finite number, 0 or more", i, g)
		}
	}
	return nil
}

func checkMean(newLaw func(uint64) arrival.Law) error {
	return meanOne(draw(newLaw(2), gaps))
}

// meanOne compares the mean of the gaps with 1 by the method of batch means (Law, Simulation Modeling and Analysis,
// section 9.5.3).
func meanOne(sample []float64) error {
	var batches []float64
	for b := range slices.Chunk(sample, 1000) {
		batches = append(batches, mean(b))
	}
	m := mean(batches)
	variance := 0.0
	for _, b := range batches {
		variance += (b - m) * (b - m)
	}
	n := float64(len(batches))
	bound := sigmas*math.Sqrt(variance/(n-1)/n) + 1e-9
	if math.Abs(m-1) > bound {
		return fmt.Errorf("mean gap %v over %d gaps; expected 1 ± %.2g", m, len(sample), bound)
	}
	return nil
}

func mean(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	return sum / float64(len(x))
}

func checkSeed(newLaw func(uint64) arrival.Law) error {
	a, b, other := draw(newLaw(3), gaps), draw(newLaw(3), gaps), draw(newLaw(4), gaps)
	if !slices.Equal(a, b) {
		return errors.New("two laws of the same seed have different gaps")
	}
	if slices.Equal(a, other) && slices.Min(a) < slices.Max(a) {
		return errors.New("seeds 3 and 4 have the same gaps, though these vary")
	}
	return nil
}

func checkAllocations(newLaw func(uint64) arrival.Law) error {
	law := newLaw(5)
	if n := testing.AllocsPerRun(1000, func() { law.Gap() }); n != 0 {
		return fmt.Errorf("Gap allocates %v times a call; expected 0", n)
	}
	return nil
}

// TestRenewal checks that the gaps of a law are independent draws from a distribution: cdf(x) is the probability of
// a gap of at most x. It looks at the distribution with Kolmogorov and Smirnov's test, and at the first five
// autocorrelations, which are normal with variance 1/n for independent gaps of finite variance.
func TestRenewal(t testing.TB, law arrival.Law, cdf func(x float64) float64) {
	t.Helper()
	if err := checkRenewal(draw(law, gaps), cdf); err != nil {
		t.Error(err)
	}
}

func checkRenewal(sample []float64, cdf func(x float64) float64) error {
	if p := KolmogorovSmirnov(sample, cdf); p < Significance {
		return fmt.Errorf("the gaps do not have the distribution: Kolmogorov-Smirnov p = %.2g", p)
	}
	m, variance := mean(sample), 0.0
	for _, x := range sample {
		variance += (x - m) * (x - m)
	}
	for lag := 1; lag <= 5; lag++ {
		sum := 0.0
		for i := lag; i < len(sample); i++ {
			sum += (sample[i] - m) * (sample[i-lag] - m)
		}
		if r := sum / variance * math.Sqrt(float64(len(sample))); math.Abs(r) > sigmas {
			return fmt.Errorf("gaps %d apart are correlated: %.1f standard deviations", lag, r)
		}
	}
	return nil
}
