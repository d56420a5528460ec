package arrival

import (
	"fmt"
	"math"
	"time"
)

func init() {
	RegisterProfile(ProfileDef{
		Name:    "constant",
		Summary: "the same rate all the time",
		Params: []Param{
			{Name: "rate", Kind: KindRate, Required: true, Doc: "the rate"},
			forParam,
		},
		Build: func(a Args) (Profile, error) {
			p, err := NewConstant(a.Rate("rate"))
			return a.cut(p, err)
		},
	})
}

// forParam ends a profile that would not end by itself; see Args.cut.
var forParam = Param{Name: "for", Kind: KindDuration, Doc: "length; without it the profile does not end"}

// reach is how far beyond the end of a profile an area may lie, relatively, and still count as its last point:
// rounding must not cost the last arrival.
const reach = 1 + 1e-12

// linear is the rate from + slope·t for 0 ≤ t < length, then 0.
type linear struct {
	from, to float64 // per second; to: at the end, where there is one
	slope    float64 // per second squared
	length   float64 // s; may be +Inf
	total    float64 // area up to the end
}

// NewConstant returns the profile of a rate, in arrivals per second, that does not change.
func NewConstant(rate float64) (Profile, error) {
	if err := checkRates("constant", "rate", rate); err != nil {
		return nil, err
	}
	return newSteady(rate), nil
}

// newSteady is a rate that lasts for ever.
func newSteady(rate float64) *linear { return newLinear(rate, 0, math.Inf(1)) }

func newLinear(from, slope, length float64) *linear {
	l := &linear{from: from, to: from, slope: slope, length: length, total: math.Inf(1)}
	if slope != 0 {
		l.to = from + slope*length
	}
	if !math.IsInf(length, 1) {
		l.total = (l.from + l.to) / 2 * length
	}
	return l
}

// newRise goes from one rate to another in a straight line, and ends.
func newRise(from, to float64, over time.Duration) *linear {
	length := over.Seconds()
	l := newLinear(from, (to-from)/length, length)
	l.to, l.total = to, (from+to)/2*length
	return l
}

// constantRate returns the rate of a profile that is constant for ever, 0 for all others.
func constantRate(p Profile) float64 {
	if l, ok := p.(*linear); ok && l.slope == 0 && math.IsInf(l.length, 1) {
		return l.from
	}
	return 0
}

func (l *linear) Rate(t float64) float64 {
	if t >= l.length {
		return 0
	}
	return l.from + l.slope*max(t, 0)
}

func (l *linear) Area(t float64) float64 {
	if t >= l.length {
		return l.total
	}
	t = max(t, 0)
	return (l.from + l.slope*t/2) * t
}

// When solves from·t + slope·t²/2 = area, in the form of the quadratic formula that does not cancel.
func (l *linear) When(area float64) float64 {
	switch {
	case area <= 0:
		return 0
	case area > l.total*reach, l.from == 0 && l.slope == 0:
		return math.Inf(1)
	case l.slope == 0:
		return min(area/l.from, l.length)
	}
	root := math.Sqrt(max(0, l.from*l.from+2*l.slope*area))
	return min(2*area/(l.from+root), l.length)
}

func (l *linear) Length() float64 { return l.length }

func (l *linear) String() string {
	switch {
	case l.slope != 0:
		return fmt.Sprintf("ramp %s → %s over %s", FormatRate(l.from), FormatRate(l.to), formatSeconds(l.length))
	case math.IsInf(l.length, 1):
		return FormatRate(l.from)
	}
	return fmt.Sprintf("%s for %s", FormatRate(l.from), formatSeconds(l.length))
}

// formatSeconds writes a time that came from a time.Duration.
func formatSeconds(s float64) string {
	return formatDuration(time.Duration(math.Round(s * 1e9)))
}
