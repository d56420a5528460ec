package html

import (
	"math"
	"slices"
	"sort"

	"github.com/iagoloadgen/iago/report"
	"github.com/iagoloadgen/iago/report/html/chart"
)

// gridPoints is how many quantiles of a distribution are drawn.
const gridPoints = 480

// distribution answers quantiles of buckets.
type distribution struct {
	values []int64
	upTo   []uint64 // values ≤ values[i]
	n      uint64
}

func newDistribution(buckets []report.Bucket) distribution {
	var d distribution
	for _, b := range buckets {
		if b.Count == 0 {
			continue
		}
		d.n += b.Count
		d.values, d.upTo = append(d.values, b.Value), append(d.upTo, d.n)
	}
	return d
}

// quantile is the smallest value that at least the share q of all values does not exceed; NaN beyond the last value's
// place, so that a line ends where its data end.
func (d distribution) quantile(q float64) float64 {
	if d.n == 0 || (1-q)*2*float64(d.n) < 1-1e-6 {
		return math.NaN()
	}
	rank := uint64(math.Max(math.Ceil(q*float64(d.n)-1e-6), 1))
	i := sort.Search(len(d.upTo), func(i int) bool { return d.upTo[i] >= rank })
	return float64(d.values[min(i, len(d.values)-1)])
}

// spectrum shows the whole distribution of latency against its parts.
func spectrum(d Data, closed bool) figure {
	f := figure{
		ID: "distribution", Title: "The whole distribution", Tall: true,
		Across: "share of requests at most this slow",
		Shows: "Every quantile of the run, the tail stretched so that 90 %, 99 % and 99.9 % are equally far apart. Latency counts from when a request " +
			"was due, service time from when it was sent.",
		Read: "pick a share below and read how slow requests were up to there: at 99 %, one request in a hundred was slower. Where latency rises above " +
			"service time, requests waited before they were sent: for a free connection (wait), or for the generator (lateness).",
	}
	if closed {
		f.Read += " In closed mode latency and service time are nearly the same by construction: what users would have waited in line is not in either."
	}
	latency, service := newDistribution(d.Latency), newDistribution(d.Service)
	wait, lateness := newDistribution(d.Wait), newDistribution(d.Lateness)
	n := max(latency.n, service.n)
	if n == 0 {
		f.Empty = "No latency was kept of requests due after the warm-up, so there is no distribution to draw."
		if d.Summary.Requests.Completed == 0 {
			f.Empty = "No request completed, so there is no distribution to draw."
		}
		return f
	}
	x := chart.NewPercentile(n)
	quantiles := places(x)
	spans := make([]chart.Span, len(quantiles))
	for i, q := range quantiles {
		spans[i] = chart.Span{From: q, To: q}
	}
	line := func(name, class string, d distribution) chart.Series {
		s := chart.Series{Name: name, Class: class, Values: make([]float64, len(quantiles))}
		for i, q := range quantiles {
			s.Values[i] = d.quantile(q)
		}
		return s
	}
	series := []chart.Series{line("latency", "latency", latency), line("service time", "service", service)}
	for _, s := range []chart.Series{line("wait", "wait", wait), line("lateness", "late", lateness)} {
		if highest([]chart.Series{s}) > 0 {
			series = append(series, s)
		}
	}
	y, log := axis(series, latency.quantile(0.5), timeRatio, leastTime, axisDuration)
	f.Axis = scaled("time", log)
	if b, ok := delay(series[0].Values, series[1].Values, y); ok {
		series = append(series, b)
	}
	f.Chart = &chart.Chart{
		ID: f.ID, Title: f.Title, Desc: f.Shows, X: spans, XScale: x, YScale: y, Series: series, Format: duration,
		Where: func(i int) string { return quantileName(quantiles[i], n) },
	}
	return f
}

// delay is the band between service time and latency; ok if it can be seen on the axis.
func delay(latency, service []float64, y chart.Scale) (s chart.Series, ok bool) {
	s = chart.Series{Name: "delay before sending", Class: "delay", Kind: chart.Band, Silent: true}
	for i, v := range latency {
		low := math.Min(service[i], v)
		if y.At(v)-y.At(low) > 0.02 {
			ok = true
		}
		s.Low, s.Values = append(s.Low, low), append(s.Values, v)
	}
	return s, ok
}

// places are the quantiles that are drawn: an even grid on the axis, and the round ones exactly.
func places(x chart.Percentile) []float64 {
	var at []float64
	for i := range gridPoints + 1 {
		at = append(at, float64(i)/gridPoints)
	}
	for _, t := range x.Ticks() {
		at = append(at, t.At)
	}
	slices.Sort(at)
	at = slices.CompactFunc(at, func(a, b float64) bool { return math.Abs(b-a) < 1e-9 })
	quantiles := make([]float64, len(at))
	for i, a := range at {
		quantiles[i] = x.Quantile(a)
	}
	return quantiles
}

// quantileName writes a quantile with as many digits as its tail needs: 42 %, 99.93 %.
func quantileName(q float64, n uint64) string {
	if (1-q)*float64(n) < 0.75 {
		return "the slowest"
	}
	digits := 0
	if q > 0.9 {
		digits = int(math.Ceil(-math.Log10(1-q)-1e-9)) - 1
	}
	scale := math.Pow(10, float64(digits))
	return significant(math.Floor(100*q*scale+1e-6)/scale, digits+2) + nbsp + "%"
}
