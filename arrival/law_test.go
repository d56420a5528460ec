package arrival_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/iagoloadgen/iago/arrival"
	"github.com/iagoloadgen/iago/arrival/arrivaltest"
)

// weibull is a law as a user would write it: it does not know how to split itself.
type weibull struct {
	rng          *rand.Rand
	shape, scale float64
}

func newWeibull(shape float64, seed uint64) arrival.Law {
	return &weibull{rand.New(rand.NewPCG(seed, 7)), shape, 1 / math.Gamma(1+1/shape)}
}

func (w *weibull) Gap() float64 { return w.scale * math.Pow(w.rng.ExpFloat64(), 1/w.shape) }

func newGamma(t testing.TB, shape float64, seed uint64) arrival.Law {
	t.Helper()
	law, err := arrival.NewGamma(shape, seed)
	if err != nil {
		t.Fatal(err)
	}
	return law
}

func gammaCDF(shape float64) func(float64) float64 {
	return distuv.Gamma{Alpha: shape, Beta: shape}.CDF
}

func TestLaws(t *testing.T) {
	t.Run("poisson", func(t *testing.T) { arrivaltest.TestLaw(t, arrival.NewPoisson) })
	t.Run("uniform", func(t *testing.T) {
		arrivaltest.TestLaw(t, func(uint64) arrival.Law { return arrival.Uniform() })
	})
	t.Run("weibull", func(t *testing.T) {
		arrivaltest.TestLaw(t, func(seed uint64) arrival.Law { return newWeibull(0.7, seed) })
	})
	for _, shape := range []float64{0.1, 1, 4} {
		t.Run("gamma", func(t *testing.T) {
			arrivaltest.TestLaw(t, func(seed uint64) arrival.Law { return newGamma(t, shape, seed) })
		})
	}
}

func TestRenewal(t *testing.T) {
	arrivaltest.TestRenewal(t, arrival.NewPoisson(1), distuv.Exponential{Rate: 1}.CDF)
	for _, shape := range []float64{0.05, 0.999, 1, 20} {
		arrivaltest.TestRenewal(t, newGamma(t, shape, 1), gammaCDF(shape))
	}
}

func TestGammaShape(t *testing.T) {
	for _, shape := range []float64{0, -1, 1e-4, 1e7, math.NaN(), math.Inf(1)} {
		law, err := arrival.NewGamma(shape, 1)
		if law != nil || err == nil || !strings.Contains(err.Error(), "between 0.001 and 1e+06") {
			t.Errorf("shape %v: law %v, error %v", shape, law, err)
		}
	}
}

// TestSplitPoisson looks at the parts themselves: Poisson laws at 1/n of the rate, independent of each other.
func TestSplitPoisson(t *testing.T) {
	const n, draws = 3, 50_000
	exponential := distuv.Exponential{Rate: 1.0 / n}.CDF
	parts := make([][]float64, n)
	for i := range parts {
		law := arrival.Split(arrival.NewPoisson(5), i, n)
		for range draws {
			parts[i] = append(parts[i], law.Gap())
		}
		if p := arrivaltest.KolmogorovSmirnov(parts[i], exponential); p < arrivaltest.Significance {
			t.Errorf("part %d is not exponential with mean %d: p = %.2g", i, n, p)
		}
	}
	for i := range parts {
		other := parts[(i+1)%n]
		for lag := range 3 {
			sum := 0.0
			for k := lag; k < draws; k++ {
				sum += (parts[i][k]/n - 1) * (other[k-lag]/n - 1)
			}
			if z := sum / math.Sqrt(draws); math.Abs(z) > 4.5 { // P < 1e-5
				t.Errorf("parts %d and %d at lag %d are correlated: %.1f standard deviations", i, (i+1)%n, lag, z)
			}
		}
	}
}

// TestSplitAgain splits parts once more, as a cluster does whose workers have shards that do not talk.
func TestSplitAgain(t *testing.T) {
	var at, uniform []float64
	for i := range 3 {
		for k := range 2 {
			at = append(at, upTo(arrival.Split(arrival.Split(arrival.NewPoisson(9), i, 3), k, 2), 60_000)...)
			uniform = append(uniform, upTo(arrival.Split(arrival.Split(arrival.Uniform(), i, 3), k, 2), 600)...)
		}
	}
	slices.Sort(at)
	gaps := make([]float64, len(at)-1)
	for i := range gaps {
		gaps[i] = at[i+1] - at[i]
	}
	if p := arrivaltest.KolmogorovSmirnov(gaps, distuv.Exponential{Rate: 1}.CDF); p < arrivaltest.Significance {
		t.Errorf("six parts of Poisson together are not exponential: p = %.2g", p)
	}
	slices.Sort(uniform)
	if want := upTo(arrival.Uniform(), 600); !slices.Equal(uniform, want) {
		t.Errorf("six parts of uniform together: %v; expected 1, 2, 3, …", uniform)
	}
}

func upTo(law arrival.Law, horizon float64) []float64 {
	var at []float64
	for x := law.Gap(); x <= horizon; x += law.Gap() {
		at = append(at, x)
	}
	return at
}

// TestSplitOther checks that the parts of any other law are the arrivals of the whole, dealt out.
func TestSplitOther(t *testing.T) {
	const n = 4
	whole := upTo(newWeibull(0.7, 1), 1000)
	for i := range n {
		part := upTo(arrival.Split(newWeibull(0.7, 1), i, n), 1000)
		for k, x := range part {
			if want := whole[i+k*n]; math.Abs(x-want) > 1e-9 {
				t.Fatalf("part %d, arrival %d at %v; expected %v", i, k, x, want)
			}
		}
	}
}

func TestSplitRange(t *testing.T) {
	for _, part := range [][2]int{{-1, 2}, {2, 2}, {0, 0}} {
		mustPanic(t, "expected 0 to", func() { arrival.Split(arrival.Uniform(), part[0], part[1]) })
		mustPanic(t, "expected 0 to", func() { arrival.Process{}.Split(part[0], part[1]) })
		mustPanic(t, "expected 0 to", func() { new(arrival.Schedule).Deal(part[0], part[1]) })
	}
}

func mustPanic(t *testing.T, want string, f func()) {
	t.Helper()
	defer func() {
		t.Helper()
		if r, ok := recover().(string); !ok || !strings.Contains(r, want) {
			t.Errorf("panic %q; expected one with %q", r, want)
		}
	}()
	f()
}
