package arrival

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// Shapes outside are as good as a constant gap, or so rough that no run is long enough to show the mean.
const (
	minShape = 0.001
	maxShape = 1e6
)

func init() {
	Register(Def{
		Name:    "gamma",
		Summary: "burstier (shape below 1) or smoother (above 1) than poisson (1): gamma-distributed gaps",
		Params: []Param{{
			Name: "shape", Kind: KindNumber, Required: true,
			Doc: "the gaps' variance is the squared mean gap divided by the shape",
		}},
		Build: func(a Args) (Process, error) {
			shape := a.Number("shape")
			if err := checkShape(shape); err != nil {
				return Process{}, err
			}
			return Process{NewLaw: func() Law { return newGamma(shape, a.Seed) }}, nil
		},
	})
}

// NewGamma returns the law of independent gaps with the gamma distribution of a shape and of mean 1 (scale
// 1/shape): shape 1 is Poisson, 0.5 has bursts, 10 is nearly regular. The same seed gives the same gaps. The
// error says that the shape is not between 0.001 and 1,000,000.
//
// The gaps are drawn by the method of Marsaglia and Tsang, "A simple method for generating gamma variables",
// ACM Transactions on Mathematical Software 26, 2000; below shape 1 with the boost of their section 6.
func NewGamma(shape float64, seed uint64) (Law, error) {
	if err := checkShape(shape); err != nil {
		return nil, err
	}
	return newGamma(shape, seed), nil
}

func checkShape(shape float64) error {
	if shape >= minShape && shape <= maxShape {
		return nil
	}
	return fmt.Errorf("arrival: gamma: shape %v: expected a number between %g and %g", shape, minShape, maxShape)
}

type gamma struct {
	pcg   *rand.PCG
	rng   *rand.Rand // over pcg
	d, c  float64
	scale float64
	power float64 // 1/shape where the boost is needed, else 0
}

func newGamma(shape float64, seed uint64) *gamma {
	pcg := newPCG(seed, 0)
	g := &gamma{pcg: pcg, rng: rand.New(pcg), scale: 1 / shape}
	if shape < 1 {
		g.power = 1 / shape
		shape++
	}
	g.d = shape - 1.0/3
	g.c = 1 / math.Sqrt(9*g.d)
	return g
}

// Clone makes gamma a [Cloner].
func (g *gamma) Clone() Law {
	c, pcg := *g, *g.pcg
	c.pcg, c.rng = &pcg, rand.New(&pcg)
	return &c
}

func (g *gamma) Gap() float64 {
	gap := g.scale * g.d * g.cube()
	if g.power > 0 {
		gap *= math.Pow(1-g.rng.Float64(), g.power) // 1−U is in (0, 1]
	}
	return gap
}

// cube draws v = (1 + c·x)³ such that d·v has the gamma distribution of shape d + 1/3 and scale 1.
func (g *gamma) cube() float64 {
	for {
		x := g.rng.NormFloat64()
		v := 1 + g.c*x
		if v <= 0 {
			continue
		}
		v = v * v * v
		u := 1 - g.rng.Float64()
		if u < 1-0.0331*x*x*x*x || math.Log(u) < x*x/2+g.d*(1-v+math.Log(v)) {
			return v
		}
	}
}
