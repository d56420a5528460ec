package report

import (
	"cmp"
	"slices"
	"time"

	"github.com/iagoloadgen/iago/measure"
)

// fate is what becomes of one request.
type fate struct {
	lateness, wait, service int64
	status                  int    // 0: failed
	cause                   string // of failure, drop, starvation or being unsent
	kind                    string // "" sent, "dropped", "starved", "unsent", "in flight", "lost"
	check                   string // of the answer: "" none, "passed", "failed"
	next                    int64  // latency of a follow-up that is made of the answer; 0: none
}

// model is a run that never happened: due times at a constant rate, the fate of each request by a function.
// Everything is whole numbers, so that what is printed is the same on every machine.
type model struct {
	seconds, rate int
	warmup        int // seconds
	fate          func(i int) fate
	keep          func(i int) bool // which requests are played; nil: all
}

// open tells whether a request was sent and had no outcome.
func (f fate) open() bool { return f.kind == "in flight" || f.kind == "lost" }

// unclaimed tells whether no worker had the request, so that none took it.
func (f fate) unclaimed() bool { return f.kind == "unsent" && f.cause == measure.UnsentNoWorker }

// followed tells whether a follow-up was made of the answer.
func (f fate) followed() bool { return f.kind == "" && f.status > 0 && f.next > 0 }

func isTimeout(cause string) bool { return cause == "timeout" }

// intervals returns the seconds of the run, until its last outcome.
func (m model) intervals() []*measure.Interval {
	var list []*measure.Interval
	at := func(t int64) *measure.Interval {
		for int64(len(list)) <= t/1e9 {
			iv := measure.NewInterval()
			iv.Index, iv.Start, iv.End = len(list), int64(len(list))*1e9, int64(len(list)+1)*1e9
			list = append(list, iv)
		}
		return list[t/1e9]
	}
	var flights [][2]int64
	for i := range m.seconds * m.rate {
		if m.keep != nil && !m.keep(i) {
			continue
		}
		due, f := int64(i)*1e9/int64(m.rate), m.fate(i)
		m.play(at, due, f)
		if f.kind == "" || f.open() {
			end := due + f.lateness + f.wait + f.service
			flights = append(flights, [2]int64{due + f.lateness, end})
			if f.followed() {
				flights = append(flights, [2]int64{end, end + f.next})
			}
		}
	}
	at(int64(m.seconds)*1e9 - 1)
	peaks(list, flights)
	last := list[len(list)-1]
	last.End = max(m.length(flights), last.Start+1)
	return list
}

// play counts one request into the seconds of its life.
func (m model) play(at func(int64) *measure.Interval, due int64, f fate) {
	times := func(iv *measure.Interval) *measure.Times {
		if due < int64(m.warmup)*1e9 {
			return &iv.Warmup
		}
		return &iv.Times
	}
	taken := at(due + f.lateness)
	taken.Requests.Scheduled++
	if f.kind == "starved" {
		taken.Requests.Starved++
		return
	}
	if f.unclaimed() {
		taken.Requests.Unsent++
		taken.UnsentBy[f.cause]++
		return
	}
	times(taken).Lateness.Record(f.lateness)
	switch f.kind {
	case "dropped":
		taken.Requests.Dropped++
		taken.DroppedBy[f.cause]++
		return
	case "unsent":
		taken.Requests.Unsent++
		taken.UnsentBy[f.cause]++
		return
	}
	first := due + f.lateness + f.wait
	end := first + f.service
	taken.Requests.Sent++
	m.fly(at, due+f.lateness, end)
	switch f.kind {
	case "in flight":
		at(end).Requests.InFlight++
		return
	case "lost":
		at(end).Requests.Lost++
		return
	}
	last := at(end)
	last.AttemptTime += uint64(f.wait + f.service)
	if f.status > 0 {
		m.answer(at(first), last, times, due, first, end, f)
		if f.followed() {
			m.follow(at, end, f)
		}
		return
	}
	last.Requests.Failed++
	last.Errors[f.cause]++
	if isTimeout(f.cause) {
		last.Requests.TimedOut++
		times(last).Latency.Record(end - due)
		times(at(first)).Wait.Record(f.wait)
	}
}

func (m model) answer(begun, last *measure.Interval, times func(*measure.Interval) *measure.Times, due, first, end int64, f fate) {
	last.Requests.Completed++
	last.Status[f.status]++
	if f.status >= 500 {
		last.ServerErrors++
	}
	if f.check != "" {
		last.Checked("status is 200", f.check == "passed")
		if f.check == "failed" && f.status < 500 {
			last.CheckFail++
		}
	}
	begun.BytesSent += 180
	last.BytesReceived += 2048
	times(begun).Wait.Record(f.wait)
	times(last).Latency.Record(end - due)
	times(last).Service.Record(end - first)
}

// follow counts a follow-up that is due at t and has its outcome f.next later; after a server error it fails.
func (m model) follow(at func(int64) *measure.Interval, t int64, f fate) {
	m.fly(at, t, t+f.next)
	first, last := &at(t).Followups, at(t+f.next)
	first.Requests.Scheduled++
	first.Requests.Sent++
	last.AttemptTime += uint64(f.next)
	if f.status >= 500 {
		last.Followups.Requests.Failed++
		last.Followups.Errors["connection reset"]++
		return
	}
	last.Followups.Requests.Completed++
	last.Followups.Status["200"]++
	last.Followups.Latency.Record(f.next)
}

// fly adds a request in flight to the seconds that it spans.
func (m model) fly(at func(int64) *measure.Interval, from, to int64) {
	for t := from; t < to; {
		iv := at(t)
		until := min(iv.End, to)
		iv.InFlightTime += uint64(until - t)
		if until < to {
			iv.InFlightEnd++
		}
		t = until
	}
}

// length is when the last outcome came, or the schedule ended if that was later.
func (m model) length(flights [][2]int64) int64 {
	end := int64(m.seconds) * 1e9
	for _, f := range flights {
		end = max(end, f[1]+1)
	}
	return end
}

// peaks fills in the most that were in flight in each second; every one has a connection of its own.
func peaks(list []*measure.Interval, flights [][2]int64) {
	type step struct{ at, by int64 }
	var steps []step
	for _, f := range flights {
		steps = append(steps, step{f[0], 1}, step{f[1], -1})
	}
	slices.SortFunc(steps, func(a, b step) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.by, b.by)) })
	n, k := int64(0), 0
	for _, iv := range list {
		iv.MaxInFlight = n
		for ; k < len(steps) && steps[k].at < iv.End; k++ {
			n += steps[k].by
			iv.MaxInFlight = max(iv.MaxInFlight, n)
		}
		iv.MaxConnections = iv.MaxInFlight
	}
}

// total is all seconds merged.
func total(list []*measure.Interval) *measure.Interval {
	t := measure.NewInterval()
	for _, iv := range list {
		t.Merge(iv, false)
	}
	return t
}

// facts are those of an ordinary run of the model.
func (m model) facts() Facts {
	return Facts{
		Run: Run{
			ID: "20260701-120000-x7", Name: "checkout", Version: "0.1.0", Started: time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC),
			Ended: time.Date(2026, 7, 1, 12, 0, 10, 0, time.UTC), Seed: 7, End: EndSchedule, Targets: []string{"http://127.0.0.1:8080"},
		},
		Load: Load{
			Mode: ModeOpen, Arrival: "uniform at " + Rate(float64(m.rate)), Arrivals: int64(m.seconds * m.rate), DurationNS: int64(m.seconds) * 1e9,
		},
		Records: Records{Read: int64(m.seconds * m.rate)},
		Generator: Generator{
			CPUUserNS: 1e9, CPUSystemNS: 2e9, RSSMax: 30 << 20, GCPauseMaxNS: 80_000, Shards: 1, Workers: 1, StealMax: 0.001, Descriptors: 1024, Poller: "epoll",
		},
		Warmup: time.Duration(m.warmup) * time.Second,
	}
}

// spread is a number from 0 to n−1 that looks drawn by chance; the same i gives the same number.
func spread(i int, n int64) int64 {
	x := uint64(i+1) * 0x9e3779b97f4a7c15
	x ^= x >> 29
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 32
	return int64(x % uint64(n))
}

// healthy is a target that answers in 1 to 2 ms, some answers in up to 20 ms.
func healthy(i int) fate {
	f := fate{lateness: 5_000 + spread(i, 30_000), wait: 10_000 + spread(i+1, 5_000), service: 1_000_000 + spread(i+2, 1_000_000), status: 200}
	if i%100 == 37 {
		f.service = 10_000_000 + spread(i, 10_000_000)
	}
	if i%1000 == 500 {
		f.status = 404
	}
	return f
}
