package html

import (
	"math"
	"slices"

	"github.com/iagoloadgen/iago/report"
	"github.com/iagoloadgen/iago/report/html/chart"
)

// figure is one chart with its words.
type figure struct {
	ID, Title string
	Axis      string       // what the y axis shows
	Across    string       // what the x axis shows
	Chart     *chart.Chart // nil: Empty is said instead
	Empty     string
	Shows     string // what the chart shows
	Read      string // how to read it
	Tall      bool
}

// timeline makes the figures over a run's time: they have the same x axis.
type timeline struct {
	list   []stretch
	end    float64 // s
	x      []chart.Span
	warmup []chart.Span
	events []chart.Event
	pace   string // what a point stands for, if not one second
	worst  string // the same for statistics that cannot be averaged
}

func newTimeline(series []report.Second, warmup *report.Warmup) *timeline {
	list, step := stretches(series)
	t := &timeline{list: list, end: end(series)}
	for _, p := range list {
		t.x = append(t.x, chart.Span{From: p.from, To: p.to})
	}
	if warmup != nil && warmup.DurationNS > 0 {
		t.warmup = []chart.Span{{From: 0, To: math.Min(float64(warmup.DurationNS)/1e9, t.end)}}
	}
	if step > 1 {
		every := long(float64(step) * 1e9)
		t.pace = " A point is the mean of " + every + "; the band behind it spans that stretch’s lowest and highest second."
		t.worst = " A point is the worst second of each " + every + ": quantiles cannot be averaged."
	}
	return t
}

// values evaluates f for every stretch.
func (t *timeline) values(f func(*stretch) float64) []float64 {
	out := make([]float64, len(t.list))
	for i := range t.list {
		out[i] = f(&t.list[i])
	}
	return out
}

// line is a series of f.
func (t *timeline) line(name, class string, f func(*stretch) float64) chart.Series {
	return chart.Series{Name: name, Class: class, Values: t.values(f)}
}

// statistic is a line of one statistic: the worst second of each stretch.
func (t *timeline) statistic(name, class string, of func(*report.Second) *report.Stats, v func(*report.Stats) int64) chart.Series {
	return t.line(name, class, func(p *stretch) float64 { return p.worst(of, v) })
}

// envelope is the band between the lowest and the highest second of each stretch; ok is false where a stretch is a second.
func (t *timeline) envelope(name, class string, v func(*report.Second) float64) (s chart.Series, ok bool) {
	s = chart.Series{Name: name, Class: class, Kind: chart.Band, Silent: true}
	for i := range t.list {
		lo, hi := t.list[i].extremes(v)
		s.Low, s.Values = append(s.Low, lo), append(s.Values, hi)
	}
	return s, t.pace != ""
}

// chart puts series on the time axis.
func (t *timeline) chart(f figure, y chart.Scale, format func(float64) string, series []chart.Series) *chart.Chart {
	return &chart.Chart{
		ID: f.ID, Title: f.Title, Desc: f.Shows, Group: "time",
		X: t.x, XScale: chart.NewTime(t.end), YScale: y,
		Series: series, Shade: t.warmup, Events: t.events, Format: format,
		Where: func(i int) string { return clock(t.x[i].From, t.end) + "\u2009–\u2009" + clock(t.x[i].To, t.end) },
	}
}

// missing says that there is nothing to draw; "" if there is.
func (t *timeline) missing() string {
	if len(t.list) > 0 {
		return ""
	}
	return "No per-second figures were kept."
}

// unmeasured says that no request did what would have been measured.
func (t *timeline) unmeasured(what string) string {
	if m := t.missing(); m != "" {
		return m
	}
	return "No request " + what
}

// mixed says what a point of means and maxima stands for.
func (t *timeline) mixed() string {
	if t.pace == "" {
		return ""
	}
	return t.pace + " Of max and waiting a point is the most."
}

// axis chooses the y scale: linear from 0, or logarithmic if the largest value is more than ratio times the usual one.
// least is the smallest value that a logarithmic axis tells apart.
func axis(series []chart.Series, usual, ratio, least float64, label func(float64) string) (scale chart.Scale, log bool) {
	lo, hi, below := math.Inf(1), 0.0, false
	for _, s := range series {
		for _, v := range s.Values {
			if v < least {
				below = true
			} else if v < lo {
				lo = v
			}
			if v > hi {
				hi = v
			}
		}
	}
	if !(usual > 0) || hi <= ratio*math.Max(usual, least) {
		return chart.NewLinear(hi, least, 5, label), false
	}
	return chart.NewLog(lo, hi, below, label), true
}

// median of the values that are above 0; 0 if none is.
func median(values []float64) float64 {
	var v []float64
	for _, x := range values {
		if x > 0 {
			v = append(v, x)
		}
	}
	if len(v) == 0 {
		return 0
	}
	slices.Sort(v)
	return v[len(v)/2]
}

// scaled names the axis.
func scaled(what string, log bool) string {
	if log {
		return what + ", logarithmic"
	}
	return what
}
