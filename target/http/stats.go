package http

import (
	"strconv"
	"time"

	"github.com/iagoloadgen/iago/measure"
	"github.com/iagoloadgen/iago/target/model"
)

// StatsSchema names the version of [Stats]' JSON.
const StatsSchema = "iago.target/v1"

// Stats is what a target saw. Times are integer nanoseconds, counts integers.
type Stats struct {
	Schema  string `json:"schema"`
	Address string `json:"address"`
	Path    string `json:"path"` // "epoll" or "portable"
	Threads int    `json:"threads"`
	Service string `json:"service"`
	Servers int    `json:"servers"` // 0: any number
	Seed    uint64 `json:"seed"`

	Started  time.Time `json:"started"`
	UptimeNS int64     `json:"uptime_ns"`
	// SpanNS lies between the arrivals of the first and of the last request.
	SpanNS int64 `json:"span_ns"`

	Requests  int64            `json:"requests"` // read whole
	Methods   map[string]int64 `json:"methods"`
	Versions  map[string]int64 `json:"versions"`
	Marked    int64            `json:"x_iago"`    // with an X-Iago header
	Malformed map[string]int64 `json:"malformed"` // refused, by cause; not among Requests
	Recorded  int64            `json:"recorded"`  // lines of the record file

	Answers int64            `json:"answers"` // given, or being written; refusals included
	Status  map[string]int64 `json:"status"`  // Answers by status
	// Abandoned requests got no answer because their connection ended before. With nothing in flight,
	// Requests + Malformed = Answers + Abandoned + what Faults says of close, reset, garbage and hang.
	Abandoned int64 `json:"abandoned"`

	Connections Connections `json:"connections"`
	Bytes       Bytes       `json:"bytes"`

	// Sojourn is departure − arrival as the model computed them: the truth that a measured latency is held against.
	// Late is how long after its departure an answer was written, where the model delays answers.
	Sojourn Times `json:"sojourn_ns"`
	Late    Times `json:"late_ns"`

	Faults []model.Fired `json:"faults"`
}

// Connections counts connections: all that were opened, the most at once, those that are open now.
type Connections struct {
	Opened int64 `json:"opened"`
	Max    int64 `json:"max"`
	Open   int64 `json:"open"`
}

// Bytes counts bytes: those taken from and handed to the kernel (inside TLS where that is used), and those of the
// requests' content.
type Bytes struct {
	Received int64 `json:"received"`
	Sent     int64 `json:"sent"`
	Content  int64 `json:"content"`
}

// Times sums up a distribution of times, in ns.
type Times struct {
	Count int64 `json:"count"`
	Min   int64 `json:"min"`
	Mean  int64 `json:"mean"`
	Max   int64 `json:"max"`
	P50   int64 `json:"p50"`
	P75   int64 `json:"p75"`
	P90   int64 `json:"p90"`
	P95   int64 `json:"p95"`
	P99   int64 `json:"p99"`
	P999  int64 `json:"p999"`
	P9999 int64 `json:"p9999"`
}

func newTimes(h *measure.Histogram) Times {
	return Times{
		Count: int64(h.Count()), Min: h.Min(), Mean: int64(h.Mean()), Max: h.Max(),
		P50: h.Quantile(0.5), P75: h.Quantile(0.75), P90: h.Quantile(0.9), P95: h.Quantile(0.95),
		P99: h.Quantile(0.99), P999: h.Quantile(0.999), P9999: h.Quantile(0.9999),
	}
}

// Stats returns the figures as they stand; after [Server.Wait] they are final. It may be called at any time.
func (s *Server) Stats() Stats {
	sum := newTally()
	for _, t := range s.tallies {
		t.mu.Lock()
		sum.add(t)
		t.mu.Unlock()
	}
	now := s.ended.Load()
	if now == 0 {
		now = s.now()
	}
	out := Stats{
		Schema: StatsSchema, Address: s.addr.String(), Path: s.pathName, Threads: s.options.Threads,
		Service: serviceText(s.options.Model.Service), Servers: s.options.Model.Servers, Seed: s.options.Model.Seed,
		Started: s.base, UptimeNS: now,
		Requests: sum.requests, Marked: sum.marked, Abandoned: sum.abandoned,
		Methods: sum.others, Versions: map[string]int64{}, Malformed: sum.malformed, Status: map[string]int64{},
		Connections: Connections{Opened: s.opened.Load(), Max: s.maxOpen.Load(), Open: s.open.Load()},
		Bytes:       Bytes{Received: sum.received, Sent: sum.sent, Content: sum.content},
		Sojourn:     newTimes(&sum.sojourn), Late: newTimes(&sum.late),
		Faults: s.desk.model.Fired(now),
	}
	if sum.first >= 0 {
		out.SpanNS = sum.last - sum.first
	}
	if s.desk.record != nil {
		out.Recorded = s.desk.record.count()
	}
	for i, n := range sum.methods {
		if n > 0 {
			out.Methods[methods[i]] = n
		}
	}
	for i, n := range sum.versions {
		if n > 0 {
			out.Versions["1."+strconv.Itoa(i)] = n
		}
	}
	for status, n := range sum.status {
		if n > 0 {
			out.Status[strconv.Itoa(status)] = n
			out.Answers += n
		}
	}
	return out
}

func serviceText(s model.Service) string {
	if s == nil {
		s = model.None{}
	}
	return s.String()
}
