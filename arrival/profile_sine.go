package arrival

import (
	"fmt"
	"math"
	"slices"
	"time"
)

func init() {
	params := []Param{
		{Name: "min", Kind: KindRate, Required: true, Doc: "lowest rate"},
		{Name: "max", Kind: KindRate, Required: true, Doc: "highest rate"},
		{Name: "period", Kind: KindDuration, Required: true, Doc: "length of one wave"},
		{Name: "warmup", Kind: KindDuration, Default: "0s", Doc: "length of a ramp from 0 to the mean before the first wave"},
	}
	build := func(a Args) (Profile, error) {
		return NewSine(a.Rate("min"), a.Rate("max"), a.Duration("period"), a.Duration("warmup"))
	}
	RegisterProfile(ProfileDef{
		Name:    "sine",
		Summary: "a wave between two rates that begins at their mean, rising",
		Params:  append(slices.Clone(params), forParam),
		Build: func(a Args) (Profile, error) {
			p, err := build(a)
			return a.cut(p, err)
		},
	})
	Register(Def{
		Name:    "sinusoidal",
		Summary: "poisson arrivals whose rate follows a sine between min and max",
		Params:  params,
		OwnRate: true,
		Build: func(a Args) (Process, error) {
			p, err := build(a)
			return a.poisson(p), err
		},
	})
}

// NewSine returns the profile whose rate (arrivals per second) follows a sine between lowest and highest, beginning
// at their mean and rising; after a warmup, if that is not 0, in which the rate goes from 0 to the mean in a
// straight line.
func NewSine(lowest, highest float64, period, warmup time.Duration) (Profile, error) {
	if err := checkRates("sine", "min", lowest, "max", highest); err != nil {
		return nil, err
	}
	if lowest > highest {
		return nil, fmt.Errorf("arrival: sine: min %s is above max %s; swap them", FormatRate(lowest), FormatRate(highest))
	}
	if err := checkSpan("sine", "period", period); err != nil {
		return nil, err
	}
	if warmup < 0 {
		return nil, fmt.Errorf("arrival: sine: warmup %v: expected 0 or more", warmup)
	}
	wave := newSine(lowest, highest, period)
	if warmup == 0 {
		return wave, nil
	}
	rise := newRise(0, wave.mean, warmup)
	return newSequence(fmt.Sprintf("%s, then %s", rise, wave), rise, wave), nil
}

// sine is the rate mean + amp·sin(2πt/period).
type sine struct {
	mean, amp float64 // per second
	period    float64 // s
	text      string
}

func newSine(lowest, highest float64, period time.Duration) *sine {
	return &sine{
		mean:   lowest + (highest-lowest)/2,
		amp:    (highest - lowest) / 2,
		period: period.Seconds(),
		text:   fmt.Sprintf("sine %s … %s every %s", FormatRate(lowest), FormatRate(highest), formatDuration(period)),
	}
}

func (s *sine) Rate(t float64) float64 {
	return max(0, s.mean+s.amp*math.Sin(2*math.Pi*s.phase(t)))
}

// Area counts whole waves apart, so that far out the wave is as exact as near the start.
func (s *sine) Area(t float64) float64 {
	if t <= 0 {
		return 0
	}
	half, _ := math.Sincos(math.Pi * s.phase(t))
	return s.mean*t + s.amp*s.period/math.Pi*half*half // 1 − cos 2x = 2 sin² x
}

// phase returns the part of the wave that has passed at t, 0 to 1.
func (s *sine) phase(t float64) float64 { return math.Mod(max(t, 0), s.period) / s.period }

func (s *sine) When(area float64) float64 {
	if area <= 0 {
		return 0
	}
	wave := s.mean * s.period
	if wave == 0 {
		return math.Inf(1)
	}
	waves := math.Floor(area / wave)
	rest := min(max(math.FMA(-waves, wave, area), 0), wave)
	return s.period * (waves + s.solve(2*math.Pi*rest/wave)/(2*math.Pi))
}

// solve returns the x in [0, 2π] with x + e·(1 − cos x) = y, where e = amp/mean ≤ 1. This is Kepler's equation in
// disguise, so there is no closed form: Newton's method, kept within a bracket by bisection because at e = 1
// the slope vanishes at x = 3π/2.
func (s *sine) solve(y float64) float64 {
	e := s.amp / s.mean
	x, lo, hi := y, 0.0, 2*math.Pi
	for range 64 { // bisection alone needs 55 steps
		sin, cos := math.Sincos(x / 2)
		excess := x + 2*e*sin*sin - y
		next := x - excess/(1+2*e*sin*cos)
		if math.Abs(next-x) <= 1e-15*x {
			return next
		}
		if excess < 0 {
			lo = x
		} else {
			hi = x
		}
		if !(next > lo && next < hi) {
			next = lo + (hi-lo)/2
		}
		x = next
	}
	return x
}

func (s *sine) String() string { return s.text }
