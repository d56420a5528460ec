package html

import (
	"math"
	"slices"

	"github.com/iagoloadgen/iago/report"
	"github.com/iagoloadgen/iago/report/html/chart"
)

// Axes become logarithmic beyond these ratios of the largest to the usual value.
const (
	timeRatio  = 20
	countRatio = 60
	leastTime  = 1e3 // ns
	leastCount = 0.01
)

func latencyOf(s *report.Second) *report.Stats  { return &s.Latency }
func latenessOf(s *report.Second) *report.Stats { return &s.Lateness }

func sent(s *report.Second) int64      { return s.Sent }
func completed(s *report.Second) int64 { return s.Completed }

// rates shows what was asked, sent and completed.
func (t *timeline) rates(closed bool) figure {
	f := figure{
		ID: "rates", Title: "Rate", Axis: "requests per second",
		Shows: "How many requests per second the schedule asked for, how many were sent and how many came back complete." + t.pace,
		Read: "the three lines should lie on each other, wobbling as chance arrivals do. Sent below asked: the generator or its limits held " +
			"requests back. Completed below sent: the target fell behind or failed; a bump afterwards is it catching up.",
	}
	if closed {
		f.Shows = "How many requests per second were sent and how many came back complete." + t.pace
		f.Read = "nothing was asked for: in closed mode the target sets the pace. A dip is the target slowing down, and fewer requests saw it."
	}
	if f.Empty = t.missing(); f.Empty != "" {
		return f
	}
	var series []chart.Series
	if !closed {
		asked := t.line("asked", "asked", func(p *stretch) float64 {
			return p.settled(func(s *report.Second) float64 { return s.RateAsked })
		})
		series = append(series, asked)
	}
	series = append(series,
		t.line("sent", "sent", func(p *stretch) float64 { return p.rate(sent) }),
		t.line("completed", "completed", func(p *stretch) float64 { return p.rate(completed) }))
	if band, ok := t.envelope("completed, lowest to highest second", "completed", perSecond(completed)); ok {
		series = append(series, band)
	}
	y := chart.NewLinear(highest(series), 1, 5, axisRate)
	f.Chart = t.chart(f, y, rate, series)
	return f
}

// latencies shows percentiles of latency.
func (t *timeline) latencies(closed bool) figure {
	f := figure{
		ID: "latency", Title: "Latency over time",
		Shows: "Latency of the requests that ended in each second, from when they were due to the last byte of their answer." + t.worst,
		Read: "half of the requests were faster than p50, 99 of 100 faster than p99. A lone peak of max is one slow request; a hill in which " +
			"all lines rise is a stall that everybody waited through. A line breaks where nothing ended.",
	}
	if closed {
		f.Read += " In closed mode a stall shows in a few requests only: the others were not sent."
	}
	series := t.statistics(latencyOf, true)
	if highest(series) < 0 {
		f.Empty = t.unmeasured("completed, so there is no latency to draw.")
		return f
	}
	y, log := axis(series, median(series[0].Values), timeRatio, leastTime, axisDuration)
	f.Axis = scaled("latency", log)
	f.Chart = t.chart(f, y, duration, series)
	return f
}

// statistics are the lines of p50, p90 (if wanted), p99 and the maximum.
func (t *timeline) statistics(of func(*report.Second) *report.Stats, p90 bool) []chart.Series {
	series := []chart.Series{t.statistic("p50", "p50", of, func(s *report.Stats) int64 { return s.P50 })}
	if p90 {
		series = append(series, t.statistic("p90", "p90", of, func(s *report.Stats) int64 { return s.P90 }))
	}
	return append(series,
		t.statistic("p99", "p99", of, func(s *report.Stats) int64 { return s.P99 }),
		t.statistic("max", "max", of, func(s *report.Stats) int64 { return s.Max }))
}

// lateness shows how late the generator itself was.
func (t *timeline) lateness() figure {
	f := figure{
		ID: "lateness", Title: "Lateness of the generator",
		Shows: "How long after its due time the generator took each request up. This is its own delay, never the target’s." + t.worst,
		Read: "it should stay far below latency: microseconds to a millisecond. Where it rises, the machine that runs Iago was paused or short " +
			"of CPU, and latency in that stretch says more about it than about the target.",
	}
	series := t.statistics(latenessOf, false)
	if highest(series) < 0 {
		f.Empty = t.unmeasured("was taken up, so there is no lateness to draw.")
		return f
	}
	y, log := axis(series, median(series[0].Values), timeRatio, leastTime, axisDuration)
	f.Axis = scaled("lateness", log)
	f.Chart = t.chart(f, y, duration, series)
	return f
}

// concurrency shows requests in flight and those waiting for a connection.
func (t *timeline) concurrency() figure {
	f := figure{
		ID: "concurrency", Title: "Concurrency",
		Shows: "Requests between attempt and outcome, as the mean and the most of each second, and requests waiting for a free connection at the second’s end." + t.mixed(),
		Read: "in an open test concurrency is not set, it follows: rate × latency (Little’s law). It climbs when the target slows down. " +
			"Waiting above zero means that the limit of connections was reached.",
	}
	if f.Empty = t.missing(); f.Empty != "" {
		return f
	}
	mean := func(s *report.Second) float64 { return s.Concurrency }
	series := []chart.Series{
		t.line("mean", "mean", func(p *stretch) float64 { return p.mean(mean) }),
		t.line("max", "peak", func(p *stretch) float64 { return p.most(func(s *report.Second) int64 { return s.MaxInFlight }) }),
		t.line("waiting", "waiting", func(p *stretch) float64 { return p.most(func(s *report.Second) int64 { return s.Waiting }) }),
	}
	y, log := axis(series, median(series[0].Values), countRatio, leastCount, axisNumber)
	f.Axis = scaled("requests", log)
	if band, ok := t.envelope("mean, lowest to highest second", "mean", mean); ok {
		series = append(series, band)
	}
	f.Chart = t.chart(f, y, number, series)
	return f
}

// mostCauses bounds the colors of the error chart.
const mostCauses = 6

const (
	serverErrors = "server error answers"
	failedChecks = "answers that failed a check"
)

// errors shows failures by cause.
func (t *timeline) errors() figure {
	f := figure{
		ID: "errors", Title: "Errors", Axis: "errors per second",
		Shows: "Failed requests per second by cause, time-outs among them, and answers that the protocol calls errors of the server (5xx in HTTP) or that failed a check, on top of each other." + t.mean(),
		Read:  "a failure stands in the second in which it was noticed: a time-out one time-out after its request was sent.",
	}
	if f.Empty = t.missing(); f.Empty != "" {
		return f
	}
	totals := t.totals()
	if len(totals) == 0 {
		f.Empty = "None: no request failed, no answer was an error of the server, and none failed a check."
		return f
	}
	var series []chart.Series
	causes := bySize(totals)
	for i, cause := range causes {
		if i == mostCauses-1 && len(causes) > mostCauses {
			series = append(series, t.cause("other causes", i, causes[i:]...))
			break
		}
		series = append(series, t.cause(cause, i, cause))
	}
	f.Chart = t.chart(f, chart.NewLinear(stacked(series), 1, 4, axisRate), rate, series)
	return f
}

// totals counts the run's failures by cause, and the answers that are errors.
func (t *timeline) totals() map[string]int64 {
	totals := map[string]int64{}
	for i := range t.list {
		for j := range t.list[i].seconds {
			s := &t.list[i].seconds[j]
			for cause, n := range s.Errors {
				totals[cause] += n
			}
			if s.ServerErr > 0 {
				totals[serverErrors] += s.ServerErr
			}
			if s.CheckFailed > 0 {
				totals[failedChecks] += s.CheckFailed
			}
		}
	}
	return totals
}

// stacked is the height of the highest column when all series stand on each other.
func stacked(series []chart.Series) float64 {
	top := 0.0
	for i := range series[0].Values {
		sum := 0.0
		for _, s := range series {
			sum += s.Values[i]
		}
		top = math.Max(top, sum)
	}
	return top
}

// mean says what a column stands for.
func (t *timeline) mean() string {
	if t.pace == "" {
		return ""
	}
	return " A column is the mean over its stretch."
}

// cause is the columns of one or several causes.
func (t *timeline) cause(name string, color int, causes ...string) chart.Series {
	s := t.line(clip(name, 60), "cause"+string(rune('1'+color)), func(p *stretch) float64 {
		return p.rate(func(s *report.Second) (n int64) {
			for _, c := range causes {
				switch c {
				case serverErrors:
					n += s.ServerErr
				case failedChecks:
					n += s.CheckFailed
				}
				n += s.Errors[c]
			}
			return n
		})
	})
	s.Kind = chart.Column
	return s
}

// bySize orders names by their count, the largest first, equals by name.
func bySize(counts map[string]int64) []string {
	names := make([]string, 0, len(counts))
	for name, n := range counts {
		if n > 0 {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(a, b string) int {
		if counts[a] != counts[b] {
			if counts[a] > counts[b] {
				return -1
			}
			return 1
		}
		if a < b {
			return -1
		}
		return 1
	})
	return names
}

// highest is the largest value of all series, −1 if there is none.
func highest(series []chart.Series) float64 {
	top := -1.0
	for _, s := range series {
		for _, v := range s.Values {
			if v > top {
				top = v
			}
		}
	}
	return top
}
