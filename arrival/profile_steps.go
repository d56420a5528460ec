package arrival

import (
	"fmt"
	"math"
	"time"
)

// maxSteps bounds the memory of one staircase.
const maxSteps = 100_000

func init() {
	RegisterProfile(ProfileDef{
		Name:    "steps",
		Summary: "a staircase: the rate changes at once, by the same amount, at equal intervals",
		Params: []Param{
			{Name: "from", Kind: KindRate, Required: true, Doc: "rate of the first step"},
			{Name: "step", Kind: KindChange, Required: true, Doc: "what each step adds; below 0 for stairs that lead down"},
			{Name: "every", Kind: KindDuration, Required: true, Doc: "length of a step"},
			{Name: "count", Kind: KindCount, Required: true, Doc: "number of steps"},
		},
		Build: func(a Args) (Profile, error) {
			return NewSteps(a.Rate("from"), a.Rate("step"), a.Duration("every"), a.Count("count"))
		},
	})
}

// NewSteps returns the profile of count steps of equal length: the first at the rate from, each further one at step
// (arrivals per second, may be negative) more than the one before. The profile ends with its last step.
func NewSteps(from, step float64, every time.Duration, count int) (Profile, error) {
	if count < 1 || count > maxSteps {
		return nil, fmt.Errorf("arrival: steps: count %d: expected 1 to %d", count, maxSteps)
	}
	rate := func(i int) float64 {
		r := from + step*float64(i)
		if math.Abs(r) < 1e-12*from {
			return 0 // 0.3 − 3 × 0.1 is not 0 in binary
		}
		return r
	}
	last := rate(count - 1)
	if err := checkRates("steps", "first rate", from, "last rate", last); err != nil {
		return nil, err
	}
	if err := checkSpan("steps", "every", every); err != nil {
		return nil, err
	}
	pieces := make([]Profile, count)
	for i := range pieces {
		pieces[i] = newLinear(rate(i), 0, every.Seconds())
	}
	text := fmt.Sprintf("%d steps %s → %s every %s", count, FormatRate(from), FormatRate(last), formatDuration(every))
	return newSequence(text, pieces...), nil
}
