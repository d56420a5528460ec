package cluster

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/iagoloadgen/iago/measure"
	"github.com/iagoloadgen/iago/report"
)

// BenchmarkLedger takes in the seconds of workers that send so much each.
func BenchmarkLedger(b *testing.B) {
	for _, n := range []int{100, 10_000, 100_000} {
		b.Run(fmt.Sprint(n, " requests"), func(b *testing.B) {
			led, err := newLedger(1, report.Recording{}, nil)
			if err != nil {
				b.Fatal(err)
			}
			defer led.close()
			entries := make([][]byte, 64)
			rng := rand.New(rand.NewPCG(1, 2))
			for w := range entries {
				iv := measure.NewInterval()
				iv.End, iv.Arrivals = 1e9, int64(n)
				iv.Requests = measure.Requests{Scheduled: int64(n), Sent: int64(n), Completed: int64(n)}
				for range n {
					late, wait, service := int64(20e3*rng.ExpFloat64()), int64(5e3+10e3*rng.ExpFloat64()), int64(2e6*math.Exp(0.5*rng.NormFloat64()))
					iv.Times.Lateness.Record(late)
					iv.Times.Wait.Record(wait)
					iv.Times.Service.Record(service)
					iv.Times.Latency.Record(late + wait + service)
					iv.Label(0).Latency.Record(late + wait + service)
				}
				entries[w] = appendEntry(head{Worker: fmt.Sprint("w", w), Stints: []Holding{{}, {}}}, appendSecond(iv, func(int) string { return "GET /" }))
			}
			b.SetBytes(int64(len(entries[0])))
			b.ReportAllocs()
			scratch := measure.NewInterval()
			for i := 0; b.Loop(); i++ {
				if err := led.add(entries[i%len(entries)], scratch); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
