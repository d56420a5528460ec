package counting

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/arrival/arrivaltest"
)

// process draws moments whose gaps on the scale of rate 1 are as given, and maps them to times by the inverse of the cumulative rate.
func process(seed uint64, total float64, gap func(*rand.Rand) float64, when func(area float64) float64) Times {
	r := rand.New(rand.NewPCG(seed, 1))
	var x Times
	for u := gap(r); u < total; u += gap(r) {
		x = append(x, start.UnixNano()+int64(when(u)*1e9))
	}
	return x
}

var start = time.Unix(1_700_000_000, 0)

func TestPoisson(t *testing.T) {
	const rate, total = 500, 10000
	constant := func(area float64) float64 { return area / rate }
	exponential := (*rand.Rand).ExpFloat64
	pairs := func(r *rand.Rand) float64 { return float64(r.IntN(2)) * 2 * r.ExpFloat64() }
	gamma := func(r *rand.Rand) float64 { return (r.ExpFloat64() + r.ExpFloat64()) / 2 }
	ramp := func(area float64) float64 { return math.Sqrt(area / 250) } // 500·t per second after t: t² · 250 in all
	for _, c := range []struct {
		name  string
		times Times
		area  func(float64) float64
		by    []string // what finds it out
	}{
		{"Poisson", process(1, total, exponential, constant), Constant(rate), nil},
		{"on a ramp", process(2, total, exponential, ramp), func(s float64) float64 { return 250 * s * s }, nil},
		{"a ramp that was not asked for", process(2, total, exponential, ramp), Constant(rate), []string{"shape", "gaps"}},
		{"uniform", process(3, total, func(*rand.Rand) float64 { return 1 }, constant), Constant(rate), []string{"gaps", "dispersion"}},
		{"8 % too fast", process(4, total, func(r *rand.Rand) float64 { return r.ExpFloat64() / 1.08 }, constant), Constant(rate), []string{"number"}},
		{"in pairs", process(5, total, pairs, constant), Constant(rate), []string{"gaps", "dispersion"}},
		{"gamma", process(6, total, gamma, constant), Constant(rate), []string{"gaps", "dispersion"}},
		{"with a hole", slices.Concat(process(7, total, exponential, constant).Between(start, start.Add(9*time.Second)),
			process(7, total, exponential, constant).Between(start.Add(10*time.Second), start.Add(time.Hour))), Constant(rate), []string{"dispersion"}},
		{"nothing", nil, Constant(rate), []string{"number", "dispersion"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := &failing{TB: t}
			Poisson(f, c.times.Rescale(start, c.area), total, arrivaltest.Significance)
			all := strings.Join(f.said, "\n")
			if len(f.said) > 0 != (len(c.by) > 0) {
				t.Errorf("said %q", all)
			}
			for _, by := range c.by {
				if !strings.Contains(all, by) {
					t.Errorf("not found out by %s: %q", by, all)
				}
			}
		})
	}
}

// TestDispersionIsExact holds the test's own law: over many Poisson processes its p-values are uniform.
func TestDispersionIsExact(t *testing.T) {
	var ps []float64
	for seed := range uint64(400) {
		u := process(seed, 1000, (*rand.Rand).ExpFloat64, func(a float64) float64 { return a }).Rescale(start, Constant(1))
		_, p := u.Dispersion(10, 1000)
		ps = append(ps, p)
	}
	if p := arrivaltest.KolmogorovSmirnov(ps, func(x float64) float64 { return x }); p < arrivaltest.Significance {
		t.Errorf("p-values are not uniform: p = %.2g", p)
	}
}
