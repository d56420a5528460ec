package chart

import (
	"math"
	"strconv"
)

// Percentile is the axis of a distribution's tail: the quantile q lies at −log₁₀(1−q), so that 90 %, 99 % and 99.9 %
// are equally far apart (Gil Tene's percentile plots, HdrHistogram).
type Percentile struct {
	N   uint64  // values in the distribution
	end float64 // decades: log₁₀(2N), where the largest value stands
}

// NewPercentile returns the axis for n values, up to the largest of them.
func NewPercentile(n uint64) Percentile {
	n = max(n, 1)
	return Percentile{N: n, end: math.Max(math.Log10(2*float64(n)), 1)}
}

// At implements [Scale]; q is in [0, 1].
func (s Percentile) At(q float64) float64 {
	if q >= 1 {
		return 1
	}
	return unit(-math.Log10(1-q) / s.end)
}

// Quantile is the inverse of At.
func (s Percentile) Quantile(at float64) float64 { return 1 - math.Pow(10, -at*s.end) }

// Ticks implements [Scale]: every decade of the tail that at least one value lies in, half-way marks, the maximum.
func (s Percentile) Ticks() []Tick {
	ticks := []Tick{{At: 0, Label: "0\u00a0%"}, {At: s.At(0.5), Label: "50\u00a0%"}}
	if s.end > 3.4 {
		ticks[1].Rank = Wide
	}
	for k := 1; math.Pow(10, float64(k)) <= float64(s.N); k++ {
		t := Tick{At: float64(k) / s.end, Label: tail(k) + "\u00a0%"}
		if s.end > 5.4 && k%2 == 1 && k > 1 {
			t.Rank = Wide
		}
		ticks = append(ticks, t)
		if half := (float64(k) + math.Log10(2)) / s.end; half < 1 {
			ticks = append(ticks, Tick{At: half, Rank: Minor})
		}
	}
	if decades := math.Floor(math.Log10(float64(s.N)) + 1e-9); 1-decades/s.end > 0.065 {
		t := Tick{At: 1, Label: "max"}
		if 1-decades/s.end < 0.2 {
			t.Rank = Wide
		}
		ticks = append(ticks, t)
	}
	return ticks
}

// tail is the percentile with k nines: 90, 99, 99.9, …
func tail(k int) string {
	if k == 1 {
		return "90"
	}
	return strconv.FormatFloat(100-math.Pow(10, float64(2-k)), 'f', max(k-2, 0), 64)
}
