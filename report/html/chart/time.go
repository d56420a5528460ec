package chart

import (
	"fmt"
	"math"
	"strconv"
)

// timeSteps are the round steps of a clock, in seconds.
var timeSteps = []float64{
	0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30,
	60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200,
}

// Time is the axis of a run's seconds, from 0 to End.
type Time struct {
	End  float64 // s
	step float64
}

// NewTime returns the axis for a run of end seconds.
func NewTime(end float64) Time {
	end = math.Max(end, 0.001)
	const most = 8
	for _, step := range timeSteps {
		if end/step <= most {
			return Time{End: end, step: step}
		}
	}
	return Time{End: end, step: 86400 * math.Ceil(end/86400/most)}
}

// At implements [Scale]; t is in seconds.
func (s Time) At(t float64) float64 { return unit(t / s.End) }

// Ticks implements [Scale].
func (s Time) Ticks() []Tick {
	var ticks []Tick
	n := int(s.End/s.step + 1e-9)
	for i := range n + 1 {
		t := Tick{At: s.At(float64(i) * s.step), Label: s.label(float64(i) * s.step)}
		if n >= 6 && i%2 == 1 {
			t.Rank = Wide
		}
		ticks = append(ticks, t)
	}
	return ticks
}

func (s Time) label(t float64) string {
	switch {
	case s.End <= 120:
		return strconv.FormatFloat(math.Round(t*1000)/1000, 'f', -1, 64) + "\u00a0s"
	case s.step < 60 || s.End <= 5400 && math.Mod(s.step, 60) != 0:
		return fmt.Sprintf("%d:%02d", int(t)/60, int(t)%60)
	case s.End <= 5400:
		return strconv.Itoa(int(t)/60) + "\u00a0min"
	case s.step < 3600:
		return fmt.Sprintf("%d:%02d\u00a0h", int(t)/3600, int(t)/60%60)
	default:
		return strconv.Itoa(int(t)/3600) + "\u00a0h"
	}
}
