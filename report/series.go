package report

import (
	"maps"
	"math"

	"github.com/iagoloadgen/iago/measure"
)

// StatsOf sums h up.
func StatsOf(h *measure.Histogram) Stats {
	return Stats{
		Count: int64(h.Count()), Min: h.Min(), Mean: int64(math.Round(h.Mean())), StdDev: int64(math.Round(h.StdDev())), Max: h.Max(),
		P50: h.Quantile(0.5), P75: h.Quantile(0.75), P90: h.Quantile(0.9), P95: h.Quantile(0.95), P99: h.Quantile(0.99),
		P999: h.Quantile(0.999), P9999: h.Quantile(0.9999),
	}
}

// Around is what a second's interval does not know of itself.
type Around struct {
	RateAsked float64 // mean of the schedule's profile over the second, per second; 0 in closed mode
	Steal     float64 // share of the second that the hypervisor took, 0…1
	Warmup    bool    // the second began within the warm-up
	Workers   int     // at the second's end; 0: one process alone
}

// NewSecond makes a line of series.jsonl of a second's interval, merged over all shards. Unlike the summary, it shows
// everything that happened in the second: what was due during the warm-up is in its times too.
func NewSecond(iv *measure.Interval, a Around) Second {
	s := Second{
		T: iv.Index, LengthNS: iv.End - iv.Start, RateAsked: a.RateAsked, Requests: iv.Requests,
		Bytes:   Bytes{Sent: iv.BytesSent, Received: iv.BytesReceived},
		Latency: statsOfBoth(&iv.Times.Latency, &iv.Warmup.Latency), Lateness: statsOfBoth(&iv.Times.Lateness, &iv.Warmup.Lateness),
		Wait: statsOfBoth(&iv.Times.Wait, &iv.Warmup.Wait), Service: statsOfBoth(&iv.Times.Service, &iv.Warmup.Service),
		MaxInFlight: iv.MaxInFlight, Waiting: iv.WaitingEnd, Connections: iv.MaxConnections,
		ServerErr: iv.ServerErrors, CheckFailed: iv.CheckFail, Steal: a.Steal, Warmup: a.Warmup, Workers: a.Workers,
	}
	f := &iv.Followups.Requests
	s.Followups = FollowupCounts{Scheduled: f.Scheduled, Completed: f.Completed, Failed: f.Failed}
	for _, c := range iv.Checks {
		s.Checks.Passed += c.Passed
		s.Checks.Failed += c.Failed
	}
	if len(iv.Errors) > 0 {
		s.Errors = maps.Clone(iv.Errors) // the interval will be filled again
	}
	if s.LengthNS > 0 {
		s.Concurrency = float64(iv.InFlightTime) / float64(s.LengthNS)
	}
	return s
}

// statsOfBoth sums two histograms up as one.
func statsOfBoth(a, b *measure.Histogram) Stats {
	switch {
	case b.Count() == 0:
		return StatsOf(a)
	case a.Count() == 0:
		return StatsOf(b)
	}
	var both measure.Histogram
	both.Add(a)
	both.Add(b)
	return StatsOf(&both)
}
