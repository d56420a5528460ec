package html

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/iagoloadgen/iago/measure"
	"github.com/iagoloadgen/iago/report"
	"github.com/iagoloadgen/iago/report/html/chart"
)

func TestQuantileFollowsTheHistogram(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var h measure.Histogram
	for range 12_345 {
		h.Record(int64(rng.ExpFloat64() * 1e6))
	}
	d := newDistribution(buckets(&h))
	for _, q := range []float64{0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999} {
		if got, want := d.quantile(q), float64(h.Quantile(q)); math.Abs(got-want) > 1e-3*want {
			t.Errorf("quantile %v: %v, want %v", q, got, want)
		}
	}
	if got := d.quantile(1 - 1e-6); !math.IsNaN(got) {
		t.Errorf("beyond the last of 12,345 values the line goes on, at %v", got)
	}
	if got := newDistribution(nil).quantile(0.5); !math.IsNaN(got) {
		t.Errorf("quantile of nothing: %v", got)
	}
}

// TestExponentialIsAStraightLine: on this axis an exponential distribution is a line through the origin, which is how
// M/M/1 looks when all is well.
func TestExponentialIsAStraightLine(t *testing.T) {
	var latency []report.Bucket
	const n, mean = 100_000, 1e6
	for i := range n {
		v := -math.Log(1-(float64(i)+0.5)/n) * mean
		latency = append(latency, report.Bucket{Value: int64(v), Count: 1})
	}
	f := spectrum(Data{Latency: latency, Service: latency}, false)
	if _, ok := f.Chart.YScale.(chart.Linear); !ok {
		t.Fatalf("y scale %T, want linear: the largest is %v times the median", f.Chart.YScale, math.Log(n)/math.Ln2)
	}
	for i, v := range f.Chart.Series[0].Values {
		q := f.Chart.X[i].From
		if want := -math.Log(1-q) * mean; q < 0.999 && math.Abs(v-want) > 0.02*mean {
			t.Errorf("at %v: %v, want %v", q, v, want)
		}
	}
	if got, want := f.Chart.Series[0].Values[len(f.Chart.X)-1], float64(latency[n-1].Value); got != want {
		t.Errorf("the line ends at %v, want the largest value %v", got, want)
	}
	if slices.ContainsFunc(f.Chart.Series, func(s chart.Series) bool { return s.Kind == chart.Band }) {
		t.Error("a delay is drawn where latency is service time")
	}
}

func TestDistributionShowsQueueing(t *testing.T) {
	service := []report.Bucket{{Value: 1e6, Count: 1000}}
	latency := []report.Bucket{{Value: 1e6, Count: 900}, {Value: 500e6, Count: 100}}
	f := spectrum(Data{Latency: latency, Service: service, Wait: []report.Bucket{{Value: 0, Count: 1000}}}, false)
	var names []string
	for _, e := range f.Chart.Legend() {
		names = append(names, e.Name)
	}
	if want := []string{"latency", "service time", "delay before sending"}; !slices.Equal(names, want) {
		t.Errorf("drawn %q, want %q (a wait that is always 0 is not)", names, want)
	}
	if _, ok := f.Chart.YScale.(chart.Log); !ok {
		t.Errorf("y scale %T, want logarithmic: 1 ms to 500 ms", f.Chart.YScale)
	}
}
