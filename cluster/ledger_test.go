package cluster

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/iagoloadgen/iago/measure"
	"github.com/iagoloadgen/iago/report"
)

// TestLedgerAddsUpWhatCame: whoever is late with whatever second, in the end each second is the sum of what all have handed in, and so
// are the workers' and the labels' totals.
func TestLedgerAddsUpWhatCame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		led, err := newLedger(1, report.Recording{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer led.close()
		const seconds = 5
		want, labels, byWorker := map[int]*measure.Interval{}, map[string]int64{}, map[string]int64{}
		alive := []string{"w0", "w1", "w2"}
		next := map[string]int{}
		scratch := measure.NewInterval()
		for range rapid.IntRange(1, 25).Draw(t, "steps") {
			if rapid.IntRange(0, 3).Draw(t, "tell") == 0 {
				if err := led.tell(alive, rapid.Int64Range(0, seconds*1e9).Draw(t, "now")); err != nil {
					t.Fatal(err)
				}
			}
			w := rapid.SampledFrom(alive).Draw(t, "worker")
			if next[w] == seconds {
				continue
			}
			iv := secondOf(t, next[w])
			next[w]++
			sum := want[iv.Index]
			if sum == nil {
				sum = measure.NewInterval()
				want[iv.Index] = sum
			}
			sum.Merge(iv, true)
			byWorker[w] += iv.Arrivals
			for n, l := range iv.Labels {
				if l != nil {
					labels[labelOf(n)] += l.Requests.Sent
				}
			}
			if err := led.add(appendEntry(head{Worker: w, Index: iv.Index}, appendSecond(iv, labelOf)), scratch); err != nil {
				t.Fatal(err)
			}
		}
		if err := led.settle(seconds); err != nil {
			t.Fatal(err)
		}
		for index, sum := range want {
			got := measure.NewInterval()
			if _, err := led.second(got, index); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(totals(sum), totals(got), cmpopts.EquateEmpty()); d != "" {
				t.Fatalf("second %d: -want +got: %s", index, d)
			}
		}
		for id, a := range led.workers {
			if a.total.Arrivals != byWorker[id] {
				t.Fatalf("%s: %d arrivals, want %d", id, a.total.Arrivals, byWorker[id])
			}
		}
		for n, l := range led.byLabel {
			if l != nil && l.Requests.Sent != labels[led.labels.name(n)] {
				t.Fatalf("label %s: %d, want %d", led.labels.name(n), l.Requests.Sent, labels[led.labels.name(n)])
			}
		}
	})
}

func labelOf(n int) string { return fmt.Sprint("GET /", n) }

// secondOf is some second of a worker.
func secondOf(t *rapid.T, index int) *measure.Interval {
	iv := measure.NewInterval()
	iv.Index, iv.Start, iv.End = index, int64(index)*1e9, int64(index+1)*1e9
	for range rapid.IntRange(0, 4).Draw(t, "requests") {
		l := iv.Label(rapid.IntRange(0, 2).Draw(t, "label"))
		iv.Arrivals++
		iv.Requests.Sent++
		l.Requests.Sent++
		v := rapid.Int64Range(0, 1e10).Draw(t, "latency")
		iv.Times.Latency.Record(v)
		l.Latency.Record(v)
	}
	return iv
}

// totals are the figures of a second that are compared.
func totals(iv *measure.Interval) map[string]int64 {
	h := &iv.Times.Latency
	_, low := h.Sum()
	return map[string]int64{
		"index": int64(iv.Index), "start": iv.Start, "end": iv.End, "arrivals": iv.Arrivals, "sent": iv.Requests.Sent,
		"count": int64(h.Count()), "sum": int64(low), "least": h.Min(), "most": h.Max(), "half": h.Quantile(0.5),
	}
}
