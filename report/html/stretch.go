package html

import (
	"math"

	"github.com/iagoloadgen/iago/report"
)

// maxPoints bounds the points of a line, so that hours of run stay a small file.
const maxPoints = 720

// stretch is some successive seconds that are drawn as one point.
type stretch struct {
	from, to float64 // s since the run's start
	seconds  []report.Second
}

// bounds returns where a second begins and ends. It may be longer than a second: the generator was stopped.
func bounds(s *report.Second) (from, to float64) {
	length := float64(s.LengthNS) / 1e9
	if length <= 0 {
		length = 1
	}
	return float64(s.T), float64(s.T) + length
}

// stretches divides a series into at most about maxPoints stretches of step seconds. A last piece shorter than half
// a second joins the one before it: rates over a few milliseconds are noise.
func stretches(series []report.Second) (list []stretch, step int) {
	if len(series) == 0 {
		return nil, 1
	}
	step = stepFor(series[len(series)-1].T - series[0].T)
	for i := range series {
		s := series[i : i+1]
		from, to := bounds(&s[0])
		last := len(list) - 1
		tail := i == len(series)-1 && short(&s[0])
		if last >= 0 && (tail || s[0].T/step == list[last].seconds[0].T/step) {
			p := &list[last]
			p.to, p.seconds = math.Max(to, p.to), series[i-len(p.seconds):i+1]
			continue
		}
		list = append(list, stretch{from, to, s})
	}
	return list, step
}

// stepFor returns the smallest round number of seconds that divides n of them into at most maxPoints (a last piece apart).
func stepFor(n int) int {
	for _, step := range []int{1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600} {
		if n <= step*maxPoints {
			return step
		}
	}
	return n/maxPoints + 1
}

// mean is the mean of v over the stretch, each second weighing what it lasted.
func (p *stretch) mean(v func(*report.Second) float64) float64 { return mean(p.seconds, v) }

// settled is the mean of v without a last piece: nothing is asked for in the milliseconds after the schedule's end.
func (p *stretch) settled(v func(*report.Second) float64) float64 {
	last := len(p.seconds) - 1
	if last > 0 && short(&p.seconds[last]) {
		return mean(p.seconds[:last], v)
	}
	return p.mean(v)
}

// short says that a second lasted too little for a rate of its own.
func short(s *report.Second) bool {
	from, to := bounds(s)
	return to-from < 0.5
}

func mean(seconds []report.Second, v func(*report.Second) float64) float64 {
	var sum, length float64
	for i := range seconds {
		from, to := bounds(&seconds[i])
		sum += v(&seconds[i]) * (to - from)
		length += to - from
	}
	return sum / length
}

// rate is the mean count per second.
func (p *stretch) rate(n func(*report.Second) int64) float64 { return p.mean(perSecond(n)) }

// perSecond makes a rate of a count.
func perSecond(n func(*report.Second) int64) func(*report.Second) float64 {
	return func(s *report.Second) float64 {
		from, to := bounds(s)
		return float64(n(s)) / (to - from)
	}
}

// extremes are the lowest and highest value of v over the stretch's seconds that last at least half a second.
func (p *stretch) extremes(v func(*report.Second) float64) (lo, hi float64) {
	lo, hi = math.Inf(1), math.Inf(-1)
	for i := range p.seconds {
		if short(&p.seconds[i]) && len(p.seconds) > 1 {
			continue
		}
		x := v(&p.seconds[i])
		lo, hi = math.Min(lo, x), math.Max(hi, x)
	}
	return lo, hi
}

// worst is the largest value of a statistic over the seconds that have one; NaN if none has. Quantiles of several
// seconds cannot be averaged; the worst of them is at least true.
func (p *stretch) worst(stats func(*report.Second) *report.Stats, v func(*report.Stats) int64) float64 {
	worst := math.NaN()
	for i := range p.seconds {
		if s := stats(&p.seconds[i]); s.Count > 0 && !(float64(v(s)) <= worst) {
			worst = float64(v(s))
		}
	}
	return worst
}

// most is the largest v of the stretch.
func (p *stretch) most(v func(*report.Second) int64) float64 {
	var most int64
	for i := range p.seconds {
		most = max(most, v(&p.seconds[i]))
	}
	return float64(most)
}

// end is where a series ends, in s.
func end(series []report.Second) float64 {
	var last float64
	for i := range series {
		_, to := bounds(&series[i])
		last = math.Max(last, to)
	}
	return last
}
