package test

import (
	"testing"
	"time"
)

// M/M/1: one exponential server of 1 ms at 600/s. The target computes each request's sojourn itself; what Iago measures is
// that and what lies between the two. bench/mm1.sh makes the strict comparison; here the machine may be busy.
func TestSingleServerQueue(t *testing.T) {
	long(t)
	g := startTarget(t, "--service", "exp:mean=1ms", "--servers", "1", "--seed", "11")
	o := iago(t, 20*time.Second, g.url, "-r", "600", "-d", "15s", "--seed", "11")
	o.kept(t)
	truth := g.stop(t)
	if o.Latency.Count != truth.Sojourn.Count || o.Requests.Completed != truth.Requests || o.Requests.Failed > 0 {
		t.Fatalf("%d latencies, %d completed, %d failed; the target saw %d requests and computed %d sojourns",
			o.Latency.Count, o.Requests.Completed, o.Requests.Failed, truth.Requests, truth.Sojourn.Count)
	}
	for _, q := range []struct {
		name                                   string
		latency, lateness, truth, targetIsLate int64
	}{
		{"mean", o.Latency.Mean, o.Lateness.Mean, truth.Sojourn.Mean, truth.Late.Mean},
		{"p50", o.Latency.P50, o.Lateness.P50, truth.Sojourn.P50, truth.Late.P50},
		{"p90", o.Latency.P90, o.Lateness.P90, truth.Sojourn.P90, truth.Late.P90},
		{"p99", o.Latency.P99, o.Lateness.P99, truth.Sojourn.P99, truth.Late.P99},
	} {
		t.Logf("%-4s latency %v, the target's sojourn %v; lateness %v, the target answered %v late", q.name, time.Duration(q.latency),
			time.Duration(q.truth), time.Duration(q.lateness), time.Duration(q.targetIsLate))
		// Each latency holds its request's sojourn, so this is so on any machine. 1 % is the histograms' resolution.
		if float64(q.latency) < 0.99*float64(q.truth) {
			t.Errorf("%s of latency, %v, is below the target's own, %v", q.name, time.Duration(q.latency), time.Duration(q.truth))
		}
		excess := float64(q.latency) - 1.2*float64(q.truth) - 3e6
		busy := q.lateness > 1e6 || q.targetIsLate > 1e6
		if excess > 0 && !busy {
			t.Errorf("%s of latency, %v, is far from the target's own, %v, though neither side was late (%v, %v)", q.name,
				time.Duration(q.latency), time.Duration(q.truth), time.Duration(q.lateness), time.Duration(q.targetIsLate))
		}
	}
	// 600/s against 1000/s: the server is busy for 60 % of the time, so that 1.5 requests are there on average. The standard
	// error of a mean of 15 s of M/M/1 with this load is about 6 %.
	if in := o.Concurrency.Mean; in < 1.0 {
		t.Errorf("%v requests in flight on average; theory says 1.5", in)
	}
}
