package arrival

import "math/rand/v2"

func init() {
	Register(Def{
		Name:    "poisson",
		Summary: "independent arrivals, as from many users who do not know of each other: exponential gaps",
		Build: func(a Args) (Process, error) {
			return Process{NewLaw: func() Law { return NewPoisson(a.Seed) }}, nil
		},
	})
}

// NewPoisson returns the law of the Poisson process: independent, exponentially distributed gaps. The same seed
// gives the same gaps. It splits into independent Poisson laws, whose superposition is Poisson again (Kingman,
// Poisson Processes, 1993, section 2.2).
func NewPoisson(seed uint64) Law { return newPoisson(seed, 0, 1) }

type poisson struct {
	rng        *rand.Rand
	mean       float64 // of a gap: the number of parts
	seed, part uint64
}

func newPoisson(seed, part uint64, mean float64) *poisson {
	return &poisson{rng: newStream(seed, part), mean: mean, seed: seed, part: part}
}

func (p *poisson) Gap() float64 { return p.mean * p.rng.ExpFloat64() }

func (p *poisson) Split(i, n int) Law {
	part := mix(mix(p.part+uint64(n)) + uint64(i))
	return newPoisson(p.seed, part, p.mean*float64(n))
}
