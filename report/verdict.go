package report

import (
	"slices"

	"github.com/iagoloadgen/iago/measure"
)

// Verdicts on the schedule.
const (
	ScheduleKept    = "kept"
	ScheduleSlipped = "slipped"
	ScheduleClosed  = "closed"
)

// Modes of load.
const (
	ModeOpen   = "open"
	ModeClosed = "closed"
)

const (
	lateAlways   = 1_000_000 // ns of lateness that are always tolerated
	lateShare    = 0.1       // of latency, tolerated beside
	slippedShare = 0.001     // of what was scheduled, tolerated to come to nothing on the generator's side
)

// quantile is one of those that are judged.
type quantile struct {
	key, name string
	q         float64
	of        func(*Stats) int64
}

var judged = []quantile{
	{"p50", "p50", 0.5, func(s *Stats) int64 { return s.P50 }},
	{"p90", "p90", 0.9, func(s *Stats) int64 { return s.P90 }},
	{"p99", "p99", 0.99, func(s *Stats) int64 { return s.P99 }},
	{"p999", "p99.9", 0.999, func(s *Stats) int64 { return s.P999 }},
}

// tolerated is the lateness up to which a quantile of latency can be trusted.
func tolerated(latency int64) int64 { return max(lateAlways, int64(lateShare*float64(latency))) }

// trusted tells whether lateness at q is small beside latency at q.
func (q quantile) trusted(latency, lateness *Stats) bool {
	return q.of(lateness) <= tolerated(q.of(latency))
}

// Judge says what a summary's figures are worth: whether the schedule was kept, which quantiles can be trusted, and why
// not the others, in words. Reasons that make a slip come first; the others are worth knowing in any run.
// Objectives are judged apart, see [Condition].
func Judge(s *Summary) Verdict {
	v := Verdict{Reasons: []string{}, SLO: []Objective{}}
	v.Schedule, v.Trusted = keeping(s.Load.Mode, &s.Latency, &s.Lateness, &s.Requests, generatorsOwn(s))
	v.Reasons = append(v.Reasons, reasons(s)...)
	return v
}

// keeping tells whether a schedule was kept and which quantiles can be trusted. own are the requests that came to nothing
// for a cause on the generator's side.
func keeping(mode string, latency, lateness *Stats, r *measure.Requests, own int64) (schedule string, trusted []string) {
	trusted = []string{}
	for _, q := range judged {
		if q.trusted(latency, lateness) {
			trusted = append(trusted, q.key)
		}
	}
	slip := !slices.Contains(trusted, "p99") || r.Starved > 0 || float64(own) > slippedShare*float64(r.Scheduled)
	switch {
	case mode == ModeClosed:
		return ScheduleClosed, trusted
	case slip:
		return ScheduleSlipped, trusted
	}
	return ScheduleKept, trusted
}

// generatorsOwn counts the requests that came to nothing for a cause on the generator's side.
func generatorsOwn(s *Summary) int64 {
	iv := measure.Interval{DroppedBy: s.DroppedBy, UnsentBy: s.UnsentBy, Errors: s.Errors}
	return iv.GeneratorsOwn()
}
