package http

import (
	"strconv"
	"time"

	"github.com/iagoloadgen/iago/target/figures"
	"github.com/iagoloadgen/iago/target/model"
)

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

	Connections figures.Connections `json:"connections"`
	Bytes       Bytes               `json:"bytes"`

	// Sojourn is departure − arrival as the model computed them: the truth that a measured latency is held against.
	// Late is how long after its departure an answer was written, where the model delays answers.
	Sojourn figures.Times `json:"sojourn_ns"`
	Late    figures.Times `json:"late_ns"`

	Faults []model.Fired `json:"faults"`
}

// Bytes counts bytes: those taken from and handed to the kernel (inside TLS where that is used), and those of the
// requests' content.
type Bytes struct {
	Received int64 `json:"received"`
	Sent     int64 `json:"sent"`
	Content  int64 `json:"content"`
}

// Stats returns the figures as they stand; after [Server.Wait] they are final. It may be called at any time.
func (s *Server) Stats() Stats {
	sum := newTally()
	for _, t := range s.tallies {
		t.mu.Lock()
		sum.add(t)
		t.mu.Unlock()
	}
	now := s.now()
	out := Stats{
		Schema: figures.Schema, Address: s.addr.String(), Path: s.pathName, Threads: s.options.Threads,
		Service: figures.ServiceText(s.options.Model.Service), Servers: s.options.Model.Servers, Seed: s.options.Model.Seed,
		Started: s.life.Started(), UptimeNS: now,
		Requests: sum.requests, Marked: sum.marked, Abandoned: sum.abandoned,
		Methods: sum.others, Versions: map[string]int64{}, Malformed: sum.malformed, Status: map[string]int64{},
		Connections: figures.Connections{Opened: s.opened.Load(), Max: s.maxOpen.Load(), Open: s.open.Load()},
		Bytes:       Bytes{Received: sum.received, Sent: sum.sent, Content: sum.content},
		Sojourn:     figures.NewTimes(&sum.sojourn), Late: figures.NewTimes(&sum.late),
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
