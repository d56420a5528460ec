package test

import (
	"math"
	"testing"
	"time"
)

// A target that freezes for 2 s in a run of 10 s at 1000/s: requests go on being due, so that 2000 of the 10,000 find it
// frozen and wait for what is left of the 2 s. A generator that waits for answers would have seen a handful.
func TestStall(t *testing.T) {
	long(t)
	for name, flags := range map[string][]string{"free": nil, "ten connections": {"--connections", "10"}} {
		t.Run(name, func(t *testing.T) {
			g := startTarget(t, "--fault", "stall:at=4s,for=2s")
			o := iago(t, 15*time.Second, append([]string{g.url, "-r", "1000", "-d", "10s", "--arrival", "uniform"}, flags...)...)
			o.kept(t)
			seen := g.stop(t)
			if o.Requests.Scheduled != 10_000 || o.Requests.Completed != 10_000 || seen.Requests != 10_000 {
				t.Fatalf("%d scheduled, %d completed, the target saw %d; nothing of 10,000 may be missing",
					o.Requests.Scheduled, o.Requests.Completed, seen.Requests)
			}
			d := distributions(t, o)
			// Evenly: each 200 ms between 0 and 2 s hold 2 % of the requests. On a busy machine it takes a moment to make up for the
			// stall, in which further requests are held up: more may be slow, never fewer.
			const fewer, more = 0.02, 0.06
			around := func(share, want float64) bool { return share >= want-fewer && share <= want+more }
			for ms := int64(200); ms <= 1800; ms += 200 {
				want, got := (2-float64(ms)/1e3)/10, shareAbove(d.Latency, ms*1e6)
				if !around(got, want) {
					t.Errorf("%.2f %% of latencies lie above %d ms; expected about %.0f %%", 100*got, ms, 100*want)
				}
				if band := got - shareAbove(d.Latency, (ms+200)*1e6); ms < 1800 && math.Abs(band-0.02) > 0.012 {
					t.Errorf("%.2f %% of latencies lie between %d and %d ms; expected about 2 %%", 100*band, ms, ms+200)
				}
			}
			if o.Latency.Max < 1.9e9 || o.Latency.Max > 4e9 {
				t.Errorf("the longest latency is %v; expected about 2 s", time.Duration(o.Latency.Max))
			}
			if o.Lateness.P99 > 300e6 {
				t.Errorf("p99 of lateness is %v: the generator stood still with its target", time.Duration(o.Lateness.P99))
			}
			if flags == nil {
				if got := shareAbove(d.Service, 200e6); !around(got, 0.18) {
					t.Errorf("%.1f %% of service times lie above 200 ms; each request has a connection of its own, so expected 18 %%", 100*got)
				}
				return
			}
			if got := shareAbove(d.Wait, 200e6); !around(got, 0.18) {
				t.Errorf("%.1f %% of waits lie above 200 ms; expected 18 %%, the delay of those without a connection", 100*got)
			}
			if got := shareAbove(d.Service, 500e6); got > 10.0/10_000 {
				t.Errorf("%v of service times lie above 500 ms; only the 10 under way could meet the stall", got)
			}
			if o.Concurrency.Max > 10 || o.Concurrency.Connections > 10 {
				t.Errorf("%d in flight over %d connections; the limit is 10", o.Concurrency.Max, o.Concurrency.Connections)
			}
		})
	}
}
