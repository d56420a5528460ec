package chart

import (
	"math"
	"strconv"
)

// Scale maps values onto the unit interval, 0 at the axis's beginning and 1 at its end. What lies beyond the ends is
// drawn at the nearer end. Scales are values: safe for concurrent use.
type Scale interface {
	At(v float64) float64
	Ticks() []Tick
}

// Rank says how much a tick matters.
type Rank int

// The ranks of ticks.
const (
	Major Rank = iota // gridline and label
	Wide              // gridline, and a label where the page is wide enough
	Minor             // gridline only
)

// Tick is a round number on an axis.
type Tick struct {
	At    float64 // place on the axis, 0…1
	Label string  // with its unit; empty for Minor
	Rank  Rank
}

// Linear is an even scale from Lo to Hi with a tick every Step, labeled by Label.
type Linear struct {
	Lo, Hi, Step float64
	Label        func(float64) string
}

// NewLinear returns a scale from 0 that holds hi and ends at a round number, with about n steps (1, 2 or 5 times a
// power of ten each). least is the smallest end: what the axis shows when all values are 0.
func NewLinear(hi, least float64, n int, label func(float64) string) Linear {
	hi = math.Max(hi, least)
	step := roundStep(hi / float64(n))
	return Linear{Hi: step * math.Ceil(hi/step-1e-9), Step: step, Label: label}
}

// roundStep returns the smallest of 1, 2 and 5 times a power of ten that is not below v.
func roundStep(v float64) float64 {
	base := math.Pow(10, math.Floor(math.Log10(v)))
	for _, m := range []float64{1, 2, 5} {
		if m*base >= v*(1-1e-9) {
			return m * base
		}
	}
	return 10 * base
}

// At implements [Scale].
func (s Linear) At(v float64) float64 {
	if s.Hi <= s.Lo {
		return 0
	}
	return unit((v - s.Lo) / (s.Hi - s.Lo))
}

// Ticks implements [Scale].
func (s Linear) Ticks() []Tick {
	var ticks []Tick
	for i := 0; ; i++ {
		// Rounded, so that 3 × 0.1 is labeled 0.3.
		v, _ := strconv.ParseFloat(strconv.FormatFloat(s.Lo+float64(i)*s.Step, 'g', 12, 64), 64)
		if v > s.Hi*(1+1e-9) {
			return ticks
		}
		ticks = append(ticks, Tick{At: s.At(v), Label: s.Label(v)})
	}
}

// unit clamps to [0, 1]; not-a-number becomes 0.
func unit(f float64) float64 {
	if !(f > 0) {
		return 0
	}
	return math.Min(f, 1)
}
