package chart

import "math"

// Log is a logarithmic scale between two round numbers (1, 2 or 5 times a power of ten).
type Log struct {
	Lo, Hi float64
	// Below says that some values lie below Lo (zeros, usually): they are drawn on the axis, and its label shows it.
	Below bool
	Label func(float64) string
}

// NewLog returns a scale that holds lo…hi, both above 0.
func NewLog(lo, hi float64, below bool, label func(float64) string) Log {
	s := Log{Lo: roundDown(lo), Hi: roundStep(hi), Below: below, Label: label}
	if s.Hi < s.Lo*9.99 {
		s.Hi = s.Lo * 10
	}
	return s
}

// roundDown returns the largest of 1, 2 and 5 times a power of ten that is not above v.
func roundDown(v float64) float64 {
	base := math.Pow(10, math.Floor(math.Log10(v)+4e-10))
	for _, m := range []float64{5, 2} {
		if m*base <= v*(1+1e-9) {
			return m * base
		}
	}
	return base
}

// At implements [Scale].
func (s Log) At(v float64) float64 {
	if !(v > s.Lo) {
		return 0
	}
	return unit(math.Log(v/s.Lo) / math.Log(s.Hi/s.Lo))
}

// Ticks implements [Scale]: every power of ten, and twice and five times it, which are labeled on short scales.
func (s Log) Ticks() []Tick {
	between := Minor
	if s.Hi/s.Lo < 1001 {
		between = Major
	}
	var ticks []Tick
	for e := math.Floor(math.Log10(s.Lo) + 1e-9); ; e++ {
		for _, m := range []float64{1, 2, 5} {
			v := m * math.Pow(10, e)
			if v < s.Lo*(1-1e-9) {
				continue
			}
			if v > s.Hi*(1+1e-9) {
				return s.ends(ticks)
			}
			t := Tick{At: s.At(v), Rank: between}
			if m == 1 || len(ticks) == 0 {
				t.Rank = Major
			}
			if t.Rank == Major {
				t.Label = s.Label(v)
			}
			ticks = append(ticks, t)
		}
	}
}

// ends marks the lower end if values lie below it, and keeps the two lowest labels apart.
func (s Log) ends(ticks []Tick) []Tick {
	const apart = 0.1
	drop := 0
	if s.Below {
		ticks[0].Label = "≤ " + ticks[0].Label
		drop = 1
	}
	for i := 1; i < len(ticks) && ticks[i].At < apart; i++ {
		if drop == 1 {
			ticks[i].Rank, ticks[i].Label = Minor, ""
		} else if ticks[i].Rank == Major {
			ticks[0].Rank, ticks[0].Label = Minor, ""
		}
	}
	return ticks
}
