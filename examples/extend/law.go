package main

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/iagoloadgen/iago/arrival"
)

func init() {
	arrival.Register(arrival.Def{
		Name: "lognormal", Summary: "gaps with a long tail: most are short, a few are very long",
		Params: []arrival.Param{{Name: "sigma", Kind: arrival.KindNumber, Default: "1", Doc: "spread of the gaps' logarithm, at most 2"}},
		Build: func(a arrival.Args) (arrival.Process, error) {
			sigma := a.Number("sigma")
			if !(sigma > 0 && sigma <= 2) {
				return arrival.Process{}, fmt.Errorf("lognormal: sigma: %v: expected a number above 0, at most 2", sigma)
			}
			return arrival.Process{NewLaw: func() arrival.Law { return newLognormal(sigma, a.Seed) }}, nil
		},
	})
}

// lognormal draws gaps whose logarithm is normal with standard deviation sigma. The mean of such a gap is exp(mu + sigma²/2), so
// that mu = −sigma²/2 gives the mean of 1 that every law has.
type lognormal struct {
	rng       *rand.Rand
	mu, sigma float64
}

func newLognormal(sigma float64, seed uint64) *lognormal {
	return &lognormal{rng: rand.New(rand.NewPCG(seed, 0)), mu: -sigma * sigma / 2, sigma: sigma}
}

// Gap implements arrival.Law.
func (l *lognormal) Gap() float64 { return math.Exp(l.mu + l.sigma*l.rng.NormFloat64()) }
