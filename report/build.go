package report

import (
	"maps"
	"strconv"
	"time"

	"github.com/iagoloadgen/iago/measure"
)

// Facts are what is known of a run besides its figures.
type Facts struct {
	Run        Run
	Load       Load // Mode, Arrival, Arrivals, DurationNS and Connections; the rates are reckoned
	Records    Records
	Generator  Generator
	Labels     map[string]*measure.Label
	Warmup     time.Duration
	StatusName func(status int) string // as the protocol writes it; nil: the number
	Objectives []Condition
	Workers    []Worker // of a job on several; Build judges each. nil: one process alone
	Events     []Event  // in any order
}

// Build sums a run up and judges it. total is the merge of all its intervals. Rates are per second of the schedule
// (Load.DurationNS), which answers may outlast.
func Build(total *measure.Interval, f Facts) *Summary {
	s := &Summary{
		Schema: Schema, Run: f.Run, Load: f.Load, Requests: total.Requests,
		Latency: StatsOf(&total.Times.Latency), Lateness: StatsOf(&total.Times.Lateness),
		Wait: StatsOf(&total.Times.Wait), Service: StatsOf(&total.Times.Service),
		Bytes:  Bytes{Sent: total.BytesSent, Received: total.BytesReceived},
		Status: statuses(total, f.StatusName), ServerErrors: total.ServerErrors,
		Errors: copyMap(total.Errors), DroppedBy: copyMap(total.DroppedBy), UnsentBy: copyMap(total.UnsentBy),
		Checks: copyMap(total.Checks), CheckFailed: total.CheckFail, Unseen: total.Unseen, Datagrams: total.Datagrams,
		Followups: followups(&total.Followups), Labels: make(map[string]Label, len(f.Labels)),
		Concurrency: Concurrency{
			Max: total.MaxInFlight, InFlightTimeNS: total.InFlightTime, AttemptTimeNS: total.AttemptTime, Connections: total.MaxConnections,
		},
		Records: f.Records, Generator: f.Generator, Workers: judgedWorkers(f.Workers, f.Load.Mode), Events: inOrder(f.Events),
	}
	s.Generator.DescriptorWaits = total.DescriptorWaits
	if len(s.Workers) > 0 {
		s.Generator.Workers = len(s.Workers)
	}
	if f.Warmup > 0 {
		s.Warmup = &Warmup{
			DurationNS: int64(f.Warmup),
			Latency:    StatsOf(&total.Warmup.Latency), Lateness: StatsOf(&total.Warmup.Lateness),
			Wait: StatsOf(&total.Warmup.Wait), Service: StatsOf(&total.Warmup.Service),
		}
	}
	if length := total.End - total.Start; length > 0 {
		s.Concurrency.Mean = float64(total.InFlightTime) / float64(length)
		s.Run.ElapsedNS = length
	}
	if d := float64(f.Load.DurationNS) / 1e9; d > 0 {
		s.Load.RateScheduled = float64(s.Requests.Scheduled) / d
		s.Load.RateSent = float64(s.Requests.Sent) / d
		s.Load.RateCompleted = float64(s.Requests.Completed) / d
	}
	for name, l := range f.Labels {
		s.Labels[name] = Label{Requests: l.Requests, Latency: StatsOf(&l.Latency)}
	}
	s.Verdict = Judge(s)
	for _, c := range f.Objectives {
		o, _ := c.Judge(Figures{Interval: total, Labels: f.Labels, DurationNS: f.Load.DurationNS})
		s.Verdict.SLO = append(s.Verdict.SLO, o)
	}
	return s
}

func statuses(iv *measure.Interval, name func(int) string) map[string]int64 {
	if name == nil {
		name = strconv.Itoa
	}
	m := map[string]int64{}
	for status, n := range iv.Status {
		if n > 0 {
			m[name(status)] += n
		}
	}
	return m
}

func followups(f *measure.Followups) Followups {
	return Followups{
		Requests: f.Requests, Latency: StatsOf(&f.Latency), Status: maps.Clone(f.Status), Errors: maps.Clone(f.Errors),
		Refused: f.Refused, Bad: f.Bad,
	}
}

// copyMap never returns nil: summary.json has {} where there is nothing.
func copyMap[V any](m map[string]V) map[string]V {
	out := make(map[string]V, len(m))
	maps.Copy(out, m)
	return out
}
