// Package figures counts what a built-in target saw, whatever its protocol.
package figures

import (
	"time"

	"github.com/iagoloadgen/iago/measure"
	"github.com/iagoloadgen/iago/target/model"
)

// Schema names the version of [Stats]' JSON.
const Schema = "iago.target/v1"

// Stats is what a target saw. Times are integer nanoseconds, counts integers.
type Stats struct {
	Schema  string `json:"schema"`
	Kind    string `json:"kind"` // of target: redis, tcp, …
	Address string `json:"address"`
	Service string `json:"service"`
	Servers int    `json:"servers"` // 0: any number
	Seed    uint64 `json:"seed"`

	Started  time.Time `json:"started"`
	UptimeNS int64     `json:"uptime_ns"`
	// SpanNS lies between the arrivals of the first and of the last request.
	SpanNS int64 `json:"span_ns"`

	Requests  int64            `json:"requests"`  // read whole
	Kinds     map[string]int64 `json:"kinds"`     // Requests by what the protocol calls them: commands, methods
	Malformed map[string]int64 `json:"malformed"` // refused, by cause; not among Requests

	Answers int64 `json:"answers"` // handed to the kernel; refusals are not among them
	OneWay  int64 `json:"one_way"` // requests that the protocol gives no answer to
	// Abandoned requests got no answer because their connection ended before. With nothing in flight,
	// Requests = Answers + OneWay + Abandoned + what Faults says of close, reset, garbage and hang.
	Abandoned int64 `json:"abandoned"`

	Connections Connections `json:"connections"`
	Bytes       Bytes       `json:"bytes"`

	// Sojourn is departure − arrival as the model computed them: the truth that a measured latency is held against.
	// Late is how long after its departure an answer was written, where the model delays answers.
	Sojourn Times `json:"sojourn_ns"`
	Late    Times `json:"late_ns"`

	Faults []model.Fired `json:"faults"`

	// Protocol holds figures that only this kind of target has; its documentation names them.
	Protocol map[string]int64 `json:"protocol,omitempty"`
}

// Connections counts connections: all that were opened, the most at once, those that are open now.
type Connections struct {
	Opened int64 `json:"opened"`
	Max    int64 `json:"max"`
	Open   int64 `json:"open"`
}

// Bytes counts bytes taken from and handed to the kernel; inside TLS where that is used.
type Bytes struct {
	Received int64 `json:"received"`
	Sent     int64 `json:"sent"`
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

// NewTimes sums h up.
func NewTimes(h *measure.Histogram) Times {
	return Times{
		Count: int64(h.Count()), Min: h.Min(), Mean: int64(h.Mean()), Max: h.Max(),
		P50: h.Quantile(0.5), P75: h.Quantile(0.75), P90: h.Quantile(0.9), P95: h.Quantile(0.95),
		P99: h.Quantile(0.99), P999: h.Quantile(0.999), P9999: h.Quantile(0.9999),
	}
}

// ServiceText names a target's service time; nil stands for none.
func ServiceText(s model.Service) string {
	if s == nil {
		s = model.None{}
	}
	return s.String()
}

// Describe fills in what the options of a target's model say of it.
func (s *Stats) Describe(o model.Options) {
	s.Service, s.Servers, s.Seed = ServiceText(o.Service), o.Servers, o.Seed
}
