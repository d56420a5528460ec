package arrival

import "time"

func init() {
	RegisterProfile(ProfileDef{
		Name:    "ramp",
		Summary: "from one rate to another in a straight line, up or down",
		Params: []Param{
			{Name: "from", Kind: KindRate, Default: "0/s", Doc: "rate at the beginning"},
			{Name: "to", Kind: KindRate, Required: true, Doc: "rate at the end"},
			{Name: "for", Kind: KindDuration, Required: true, Doc: "length"},
		},
		Build: func(a Args) (Profile, error) {
			from, to, over := a.Rate("from"), a.Rate("to"), a.Duration("for")
			if err := checkRamp(from, to, over); err != nil {
				return nil, err
			}
			return newRise(from, to, over), nil
		},
	})
	Register(Def{
		Name:    "slow-start",
		Summary: "poisson arrivals whose rate goes from initial to final in a straight line, then stays",
		Params: []Param{
			{Name: "final", Kind: KindRate, Required: true, Doc: "rate after the ramp"},
			{Name: "ramp", Kind: KindDuration, Required: true, Doc: "length of the ramp"},
			{Name: "initial", Kind: KindRate, Default: "1/s", Doc: "rate at the beginning"},
		},
		OwnRate: true,
		Build: func(a Args) (Process, error) {
			p, err := NewRamp(a.Rate("initial"), a.Rate("final"), a.Duration("ramp"))
			return a.poisson(p), err
		},
	})
}

// NewRamp returns the profile that goes from one rate (arrivals per second) to another in a straight line, up or
// down, and then stays there.
func NewRamp(from, to float64, over time.Duration) (Profile, error) {
	if err := checkRamp(from, to, over); err != nil {
		return nil, err
	}
	rise := newRise(from, to, over)
	return newSequence(rise.String()+", then steady", rise, newSteady(to)), nil
}

func checkRamp(from, to float64, over time.Duration) error {
	if err := checkRates("ramp", "from", from, "to", to); err != nil {
		return err
	}
	return checkSpan("ramp", "length", over)
}
