package arrival

import (
	"fmt"
	"math"
	"slices"
	"time"
)

func init() {
	params := []Param{
		{Name: "warm_rate", Kind: KindRate, Required: true, Doc: "rate at the end of the warm-up"},
		{Name: "warmup", Kind: KindDuration, Required: true, Doc: "length of the warm-up"},
		{Name: "increase_per_minute", Kind: KindRate, Required: true, Doc: "what a minute adds to the rate after the warm-up"},
		{Name: "initial", Kind: KindRate, Default: "1/s", Doc: "rate at the beginning"},
	}
	build := func(a Args) (Profile, error) {
		return NewEndlessRamp(a.Rate("initial"), a.Rate("warm_rate"), a.Duration("warmup"), a.Rate("increase_per_minute"))
	}
	RegisterProfile(ProfileDef{
		Name:    "endless-ramp",
		Summary: "a warm-up from initial to warm_rate, then ever more",
		Params:  append(slices.Clone(params), forParam),
		Build: func(a Args) (Profile, error) {
			p, err := build(a)
			return a.cut(p, err)
		},
	})
	Register(Def{
		Name:    "infinite-ramp",
		Summary: "poisson arrivals whose rate grows in a straight line until time runs out, after a warm-up",
		Params:  params,
		OwnRate: true,
		Build: func(a Args) (Process, error) {
			p, err := build(a)
			return a.poisson(p), err
		},
	})
}

// NewEndlessRamp returns the profile that goes in a straight line from initial to warm (arrivals per second)
// within warmup, and from then on grows, in a straight line too, by perMinute arrivals per second every minute.
// Without warm-up (0) it begins at warm.
func NewEndlessRamp(initial, warm float64, warmup time.Duration, perMinute float64) (Profile, error) {
	err := checkRates("endless ramp", "initial rate", initial, "warm rate", warm, "increase per minute", perMinute)
	if err != nil {
		return nil, err
	}
	growth := newLinear(warm, perMinute/60, math.Inf(1))
	then := fmt.Sprintf(", then +%s every minute", FormatRate(perMinute))
	if warmup == 0 {
		return newSequence(FormatRate(warm)+then, growth), nil
	}
	if err := checkSpan("endless ramp", "warmup", warmup); err != nil {
		return nil, err
	}
	rise := newRise(initial, warm, warmup)
	return newSequence(rise.String()+then, rise, growth), nil
}
