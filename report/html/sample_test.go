package html

import (
	"math"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/iagoloadgen/iago/measure"
	"github.com/iagoloadgen/iago/report"
)

// simulation is a made-up run: Poisson arrivals at a rate, a limit of connections, one exponential server of mean
// 1 ms (so M/M/1 at 60 % of its capacity), which stalls and restarts once.
type simulation struct {
	seconds, warmup int
	rate            float64
	connections     int
	stall, restart  [2]float64 // s; from, to
	rng             *rand.Rand
	inFlight        []int // every 10 ms
	waiting         []int
}

func newSimulation(seconds int) *simulation {
	return &simulation{
		seconds: seconds, warmup: 5, rate: 600, connections: 64,
		stall: [2]float64{30, 32}, restart: [2]float64{46, 49},
		rng: rand.New(rand.NewPCG(7, 7)),
	}
}

// run plays the simulation and sums it up as a run's report would.
func (m *simulation) run() Data {
	intervals := make([]*measure.Interval, m.seconds+1)
	for i := range intervals {
		intervals[i] = measure.NewInterval()
		intervals[i].Index, intervals[i].Start, intervals[i].End = i, int64(i)*1e9, int64(i+1)*1e9
	}
	intervals[m.seconds].End = int64(m.seconds)*1e9 + 40e6
	labels := map[string]*measure.Label{}
	m.arrivals(intervals, labels)
	return m.data(intervals, labels)
}

func (m *simulation) arrivals(intervals []*measure.Interval, labels map[string]*measure.Label) {
	second := func(t float64) *measure.Interval { return intervals[min(int(t), len(intervals)-1)] }
	var due, serverFree float64
	done := make([]float64, m.connections) // when each connection is free again
	routes := []string{"/search", "/item", "/cart", "/login", "/static"}
	for k := 0; ; k++ {
		if due += m.rng.ExpFloat64() / m.rate; due >= float64(m.seconds) {
			return
		}
		late := 20e-6 + m.rng.ExpFloat64()*15e-6
		if m.rng.IntN(400) == 0 {
			late += m.rng.Float64() * 1.2e-3
		}
		taken := due + late
		first := math.Max(taken, done[k%m.connections]) + 12e-6
		scheduled, s := second(due), second(taken)
		scheduled.Requests.Scheduled++
		s.Requests.Sent++
		times := &s.Times
		if due < float64(m.warmup) {
			times = &s.Warmup
		}
		times.Lateness.Record(int64(late * 1e9))
		label := routes[min(int(m.rng.ExpFloat64()*1.4), len(routes)-1)]
		if labels[label] == nil {
			labels[label] = &measure.Label{}
		}
		labels[label].Requests.Scheduled++
		if first > m.restart[0] && first < m.restart[1] && m.rng.IntN(3) > 0 {
			s.Requests.Failed++
			cause := []string{"connection refused", "connection refused", "closed early", "timeout"}[m.rng.IntN(4)]
			if cause == "timeout" {
				s.Requests.TimedOut++
			}
			s.Errors[cause]++
			labels[label].Requests.Failed++
			continue
		}
		start := math.Max(first+80e-6, serverFree)
		if start > m.stall[0] && start < m.stall[1] {
			start = m.stall[1]
		}
		end := start + m.rng.ExpFloat64()*1e-3 + 50e-6
		serverFree, done[k%m.connections] = end, end
		m.complete(second(end), due, taken, first, end)
		labels[label].Requests.Completed++
		if due >= float64(m.warmup) {
			labels[label].Latency.Record(int64((end - due) * 1e9))
		}
	}
}

// complete records an answer.
func (m *simulation) complete(s *measure.Interval, due, taken, first, end float64) {
	s.Requests.Completed++
	status := 200
	switch m.rng.IntN(2000) {
	case 0:
		status = 503
		s.ServerErrors++
	case 1, 2, 3, 4, 5, 6, 7:
		status = 404
	}
	s.Status[status]++
	m.during(&m.inFlight, first, end)
	m.during(&m.waiting, taken, first)
	times := &s.Times
	if due < float64(m.warmup) {
		times = &s.Warmup
	}
	times.Latency.Record(int64((end - due) * 1e9))
	times.Wait.Record(int64((first - taken) * 1e9))
	times.Service.Record(int64((end - first) * 1e9))
	s.BytesSent += 180
	s.BytesReceived += 900 + int64(m.rng.IntN(4000))
}

// during counts one more from … to.
func (m *simulation) during(counts *[]int, from, to float64) {
	if *counts == nil {
		*counts = make([]int, 100*(m.seconds+1))
	}
	for i := int(math.Ceil(from * 100)); i <= int(to*100) && i < len(*counts); i++ {
		(*counts)[i]++
	}
}

// concurrency returns a second's mean and largest concurrency.
func (m *simulation) concurrency(second int) (mean float64, most int64) {
	for _, n := range m.inFlight[100*second : 100*second+100] {
		mean += float64(n) / 100
		most = max(most, int64(n))
	}
	return mean, most
}

func (m *simulation) data(intervals []*measure.Interval, labels map[string]*measure.Label) Data {
	total := measure.NewInterval()
	var d Data
	overall := 0.0
	for _, i := range intervals {
		total.Merge(i, false)
		var times measure.Times // with the warm-up's: the series shows everything
		times.Add(&i.Times)
		times.Add(&i.Warmup)
		mean, most := m.concurrency(i.Index)
		overall += mean / float64(m.seconds)
		asked := m.rate
		if i.Index >= m.seconds {
			asked = 0
		}
		d.Series = append(d.Series, report.Second{
			T: i.Index, LengthNS: i.End - i.Start, RateAsked: asked, Requests: i.Requests,
			Latency: stats(&times.Latency), Lateness: stats(&times.Lateness), Wait: stats(&times.Wait), Service: stats(&times.Service),
			Concurrency: mean, MaxInFlight: most, Waiting: int64(m.waiting[100*i.Index+99]), Connections: int64(m.connections),
			Errors: i.Errors, ServerErr: i.ServerErrors, Warmup: i.Index < m.warmup, CheckFailed: int64(max(i.Index-52, 0)),
		})
	}
	d.Latency, d.Service = buckets(&total.Times.Latency), buckets(&total.Times.Service)
	d.Wait, d.Lateness = buckets(&total.Times.Wait), buckets(&total.Times.Lateness)
	d.Summary = m.summary(total, labels)
	answers(d.Summary)
	scatter(d.Summary)
	d.Summary.Concurrency.Mean = overall
	d.SpecYAML = sampleSpec
	for k := range 30 {
		d.Failures = append(d.Failures, measure.Failure{
			At: int64(46e9) + int64(k)*97e6, Due: int64(46e9) + int64(k)*97e6 - 700e3, Latency: 700e3 + int64(k)*31e3, Cause: "connection refused",
			Target: "127.0.0.1:8080", Method: "GET", URI: "/search?q=" + strconv.Itoa(k) + "&page=2", Label: "/search",
		})
	}
	return d
}

func (m *simulation) summary(i *measure.Interval, labels map[string]*measure.Label) *report.Summary {
	seconds := float64(m.seconds)
	s := &report.Summary{
		Schema: report.Schema,
		Run: report.Run{
			ID: "20260714-101112-k3f9", Name: "checkout at 600/s", Version: "0.3.0 (b684fce)",
			Started: time.Date(2026, 7, 14, 10, 11, 12, 0, time.UTC), Ended: time.Date(2026, 7, 14, 10, 12, 12, 4e7, time.UTC),
			Seed: 7, SpecSHA256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", End: "schedule",
			Targets: []string{"http://127.0.0.1:8080"},
		},
		Load: report.Load{
			Mode: "open", Arrival: "poisson at 600/s", Arrivals: i.Requests.Scheduled, DurationNS: int64(m.seconds) * 1e9,
			RateScheduled: float64(i.Requests.Scheduled) / seconds, RateSent: float64(i.Requests.Sent) / seconds,
			RateCompleted: float64(i.Requests.Completed) / seconds, Connections: m.connections,
		},
		Requests: i.Requests,
		Latency:  stats(&i.Times.Latency), Lateness: stats(&i.Times.Lateness), Wait: stats(&i.Times.Wait), Service: stats(&i.Times.Service),
		Warmup: &report.Warmup{DurationNS: int64(m.warmup) * 1e9, Latency: stats(&i.Warmup.Latency), Lateness: stats(&i.Warmup.Lateness)},
		Bytes:  report.Bytes{Sent: i.BytesSent, Received: i.BytesReceived},
		Status: map[string]int64{}, ServerErrors: i.ServerErrors, Errors: i.Errors, Labels: map[string]report.Label{},
		Concurrency: report.Concurrency{Max: int64(m.connections), Connections: int64(m.connections)},
		Records:     report.Records{Read: 10000, Bad: 1, Loops: 3, FirstBad: []string{"access.log:17: no request line"}},
		Verdict: report.Verdict{
			Schedule: "kept", Trusted: []string{"p50", "p90", "p99", "p999"},
			SLO: []report.Objective{{Expr: "p50<5ms", Value: float64(i.Times.Latency.Quantile(0.5)), OK: true}, {Expr: "errors<0.1%", Value: 0.0331}},
		},
		Generator: report.Generator{
			CPUUserNS: 1.3e9, CPUSystemNS: 2.1e9, RSSMax: 31 << 20, GCPauseMaxNS: 81e3, Shards: 1, Workers: 1, StealMax: 0.004,
			Descriptors: 1048576, Poller: "epoll_pwait2",
		},
	}
	for code, n := range i.Status {
		if n > 0 {
			s.Status[strconv.Itoa(code)] = n
		}
	}
	for name, l := range labels {
		s.Labels[name] = report.Label{Requests: l.Requests, Latency: stats(&l.Latency)}
	}
	return s
}

// answers adds what a processor and datagrams bring.
func answers(s *report.Summary) {
	s.CheckFailed = 36
	s.Checks = map[string]report.Check{
		"status < 400": {Passed: 35_000, Failed: 36}, "has a token": {Passed: 999_993, Failed: 7}, "answered within 50 ms": {Passed: 35_036},
		`json(body).items.all(item, item.price > 0 && item.currency in ["EUR", "USD"])`: {Passed: 1200},
	}
	f := &s.Followups
	f.Requests = measure.Requests{Scheduled: 1210, Sent: 1208, Completed: 1203, Failed: 5, TimedOut: 2, Unsent: 2}
	f.Status, f.Errors = map[string]int64{"200": 1190, "404": 13}, map[string]int64{"timeout": 2, "closed early": 3}
	f.Latency = report.Stats{Count: 1205, Min: 8e5, Mean: 4e6, P50: 3e6, P90: 9e6, P99: 3e7, P999: 4e8, Max: 5e8}
	f.Refused, f.Bad = 12, 1
	s.Datagrams = measure.Datagrams{Late: 9, Duplicate: 14, Unmatched: 2}
}

// scatter makes it a job on four workers, of which one was lost. Their figures are made up.
func scatter(s *report.Summary) {
	s.Generator.Workers, s.UnsentBy = 4, map[string]int64{measure.UnsentNoWorker: 612}
	for i := range int64(4) {
		s.Workers = append(s.Workers, report.Worker{
			Name: "w" + strconv.FormatInt(i+1, 10), Host: "10.0.0." + strconv.FormatInt(i+1, 10), State: report.WorkerDone, Verdict: report.ScheduleKept, ThroughNS: 60e9,
			Requests: measure.Requests{Sent: 8800 + 31*i, Completed: 8700 + 17*i, Failed: 100 + 14*i}, Latency: s.Latency, Lateness: s.Lateness,
			ClockOffsetNS: 12_345 - 50_000*i, ClockErrorNS: 98_765, Trusted: []string{"p50", "p90", "p99", "p999"},
		})
	}
	lost, slow := &s.Workers[2], &s.Workers[1]
	lost.State, lost.Reason, lost.ThroughNS, lost.Requests.Lost = report.WorkerLost, "signal: killed", 41_800_000_000, 17
	lost.Requests.Completed, lost.Requests.Sent = 6000, 6117
	slow.Verdict, slow.Lateness.P99 = report.ScheduleSlipped, 23e6
	s.Verdict.Reasons = []string{
		"worker w2 on 10.0.0.2 was late by 23ms at p99 while 2 others kept the schedule: the delay is that machine's own, neither the target's nor the spec's. " +
			"Give it cores of its own, or do without it.",
	}
	s.Events = []report.Event{
		{AtNS: -312_000_000, Text: "4 workers are ready, their clocks compared to 99µs"},
		{AtNS: 20_000_000_000, Text: "rate changed from 500/s to 600/s"},
		{AtNS: 41_800_000_000, Text: "w3 was lost: signal: killed"},
		{AtNS: 42_700_000_000, Text: "w1 and w4 have the share of w3"},
	}
}

// stats sums up a histogram.
func stats(h *measure.Histogram) report.Stats {
	return report.Stats{
		Count: int64(h.Count()), Min: h.Min(), Mean: int64(h.Mean()), StdDev: int64(h.StdDev()), Max: h.Max(),
		P50: h.Quantile(0.5), P75: h.Quantile(0.75), P90: h.Quantile(0.9), P95: h.Quantile(0.95), P99: h.Quantile(0.99),
		P999: h.Quantile(0.999), P9999: h.Quantile(0.9999),
	}
}

func buckets(h *measure.Histogram) []report.Bucket {
	var list []report.Bucket
	h.Each(func(_, hi int64, n uint64) { list = append(list, report.Bucket{Value: hi, Count: n}) })
	return list
}

const sampleSpec = `name: checkout at 600/s
targets: [http://127.0.0.1:8080]
arrival:
  law: poisson
  rate: 600/s
duration: 60s
warmup: 5s
connections: 64
records:
  file: access.log
  format: combined
slo:
  - p50<5ms
  - errors<0.1%
`
