// Package report turns what was measured into what people and scripts read: summary.json, the terminal, the HTML report.
package report

import (
	"time"

	"github.com/iagoloadgen/iago/measure"
)

// Schema names the version of summary.json.
const Schema = "iago.summary/v1"

// Summary is summary.json. Times are integer nanoseconds, counts integers. Fields may be added, never renamed.
type Summary struct {
	Schema   string           `json:"schema"`
	Run      Run              `json:"run"`
	Load     Load             `json:"load"`
	Requests measure.Requests `json:"requests"`
	Latency  Stats            `json:"latency_ns"`
	Lateness Stats            `json:"lateness_ns"`
	Wait     Stats            `json:"wait_ns"`
	Service  Stats            `json:"service_ns"`
	Warmup   *Warmup          `json:"warmup,omitempty"`
	Bytes    Bytes            `json:"bytes"`
	Status   map[string]int64 `json:"status"`
	// ServerErrors is the part of completed whose answers the protocol calls errors of the server (HTTP 5xx).
	ServerErrors int64            `json:"server_errors"`
	Errors       map[string]int64 `json:"errors"`
	DroppedBy    map[string]int64 `json:"dropped_by,omitempty"`
	UnsentBy     map[string]int64 `json:"unsent_by,omitempty"`
	Checks       map[string]Check `json:"checks"` // follow-ups' included
	// CheckFailed is the part of completed whose answers failed a check and are no server errors.
	CheckFailed int64     `json:"check_failed,omitempty"`
	Followups   Followups `json:"followups"`
	// Unseen counts outcomes that were not shown to the processor because it was behind: their checks and follow-ups are missing.
	Unseen int64 `json:"unseen,omitempty"`
	// Datagrams counts answers that came to no request under way.
	Datagrams   measure.Datagrams `json:"datagrams,omitzero"`
	Concurrency Concurrency       `json:"concurrency"`
	Records     Records           `json:"records"`
	Labels      map[string]Label  `json:"labels"`
	Verdict     Verdict           `json:"verdict"`
	Generator   Generator         `json:"generator"`         // of a job on several workers: all of them together
	Workers     []Worker          `json:"workers,omitempty"` // none: one process alone
	Events      []Event           `json:"events,omitempty"`  // in the order of time
}

// Run identifies a run.
type Run struct {
	ID         string    `json:"id"`
	Name       string    `json:"name"`
	Version    string    `json:"version"`
	Started    time.Time `json:"started"`
	Ended      time.Time `json:"ended"`
	Seed       uint64    `json:"seed"`
	SpecSHA256 string    `json:"spec_sha256"`
	End        string    `json:"end"` // why it ended: "schedule", "source", "interrupted", "aborted: …"
	Targets    []string  `json:"targets"`
	ElapsedNS  int64     `json:"elapsed_ns"` // from the start to the last outcome
}

// Load says what was asked and what was achieved.
type Load struct {
	Mode          string  `json:"mode"`     // "open" or "closed"
	Arrival       string  `json:"arrival"`  // in words: "poisson at 1000/s"
	Arrivals      int64   `json:"arrivals"` // arrivals consumed: requests times their weights
	DurationNS    int64   `json:"duration_ns"`
	RateScheduled float64 `json:"rate_scheduled"` // per second of the schedule
	RateSent      float64 `json:"rate_sent"`
	RateCompleted float64 `json:"rate_completed"`
	Connections   int     `json:"connections"` // the limit; 0: none
}

// Stats sums up a histogram, in ns.
type Stats struct {
	Count  int64 `json:"count"`
	Min    int64 `json:"min"`
	Mean   int64 `json:"mean"`
	StdDev int64 `json:"stddev"`
	Max    int64 `json:"max"`
	P50    int64 `json:"p50"`
	P75    int64 `json:"p75"`
	P90    int64 `json:"p90"`
	P95    int64 `json:"p95"`
	P99    int64 `json:"p99"`
	P999   int64 `json:"p999"`
	P9999  int64 `json:"p9999"`
}

// Warmup is the stretch that the other figures leave out (requests are counted in both).
type Warmup struct {
	DurationNS int64 `json:"duration_ns"`
	Latency    Stats `json:"latency_ns"`
	Lateness   Stats `json:"lateness_ns"`
	Wait       Stats `json:"wait_ns"`
	Service    Stats `json:"service_ns"`
}

// Bytes are those handed to and taken from the kernel (inside TLS where it is used).
type Bytes struct {
	Sent     int64 `json:"sent"`
	Received int64 `json:"received"`
}

// Check counts the outcomes of one named check.
type Check = measure.Check

// Followups are requests made out of responses, outside the schedule.
type Followups struct {
	Requests measure.Requests `json:"requests"`
	Latency  Stats            `json:"latency_ns"` // from the response's end plus think time to the last byte
	Status   map[string]int64 `json:"status,omitempty"`
	Errors   map[string]int64 `json:"errors,omitempty"`
	Refused  int64            `json:"refused,omitempty"` // never made: beyond the bounds on depth and number
	Bad      int64            `json:"bad,omitempty"`     // never made: they could not be encoded
}

// FollowupCounts are a second's follow-ups.
type FollowupCounts struct {
	Scheduled int64 `json:"scheduled"`
	Completed int64 `json:"completed"`
	Failed    int64 `json:"failed"`
}

// Concurrency is the number of requests between attempt and outcome.
type Concurrency struct {
	Mean float64 `json:"mean"`
	Max  int64   `json:"max"`
	// InFlightTimeNS is the time integral of concurrency, AttemptTimeNS the sum of attempt → outcome over all sent:
	// equal in a run that ended by itself.
	InFlightTimeNS uint64 `json:"in_flight_time_ns"`
	AttemptTimeNS  uint64 `json:"attempt_time_ns"`
	Connections    int64  `json:"connections"` // the most open at once
}

// Records counts what the source gave.
type Records struct {
	Read     int64    `json:"read"`
	Bad      int64    `json:"bad"`
	Filtered int64    `json:"filtered"`
	Loops    int64    `json:"loops"`
	Unused   int64    `json:"unused"` // requests that were made of records read ahead, and not sent
	FirstBad []string `json:"first_bad,omitempty"`
}

// Label is one group of requests.
type Label struct {
	Requests measure.Requests `json:"requests"`
	Latency  Stats            `json:"latency_ns"`
}

// Verdict says what the figures are worth.
type Verdict struct {
	Schedule string      `json:"schedule"` // "kept", "slipped", "closed"
	Trusted  []string    `json:"trusted"`  // of p50, p90, p99, p999
	Reasons  []string    `json:"reasons"`
	SLO      []Objective `json:"slo"`
}

// Objective is one judged objective.
type Objective struct {
	Expr  string  `json:"expr"`
	Value float64 `json:"value"` // in the objective's own unit: ns for times, a fraction for errors and checks, 1/s for rates
	OK    bool    `json:"ok"`
	Note  string  `json:"note,omitempty"` // why it could not be judged; OK is false then
}

// Generator is what the run cost on this side.
type Generator struct {
	CPUUserNS    int64   `json:"cpu_user_ns"`
	CPUSystemNS  int64   `json:"cpu_system_ns"`
	RSSMax       int64   `json:"rss_max_bytes"`
	GCPauseMaxNS int64   `json:"gc_pause_max_ns"`
	Shards       int     `json:"shards"`
	Workers      int     `json:"workers"`
	StealMax     float64 `json:"steal_max"` // the largest share of a second that the hypervisor took, 0…1
	Descriptors  int64   `json:"descriptor_limit"`
	Poller       string  `json:"poller"`
	// DescriptorWaits counts requests that waited because the process was out of file descriptors.
	DescriptorWaits int64 `json:"descriptor_waits,omitempty"`
}

// Second is a line of series.jsonl: one second of a run.
type Second struct {
	T         int     `json:"t"`          // the second, from 0
	LengthNS  int64   `json:"length_ns"`  // less than a second for the last one, more if the generator was stopped
	RateAsked float64 `json:"rate_asked"` // mean of the schedule's profile over the second; 0 in closed mode
	measure.Requests
	Bytes       Bytes            `json:"bytes"`
	Latency     Stats            `json:"latency_ns"`
	Lateness    Stats            `json:"lateness_ns"`
	Wait        Stats            `json:"wait_ns"`
	Service     Stats            `json:"service_ns"`
	Concurrency float64          `json:"concurrency"` // mean over the second
	MaxInFlight int64            `json:"concurrency_max"`
	Waiting     int64            `json:"waiting"` // for a connection, at the second's end
	Connections int64            `json:"connections"`
	Errors      map[string]int64 `json:"errors,omitempty"`
	ServerErr   int64            `json:"server_errors,omitempty"`
	CheckFailed int64            `json:"check_failed,omitempty"` // as in the summary; counted when the processor has said so
	Checks      Check            `json:"checks,omitzero"`        // those of all names together
	Followups   FollowupCounts   `json:"followups,omitzero"`
	Steal       float64          `json:"steal,omitempty"`
	Warmup      bool             `json:"warmup,omitempty"`
	Workers     int              `json:"workers,omitempty"` // at the second's end; 0: one process alone
}

// Bucket is a step of a distribution: Count values ≤ Value ns (and above the bucket before).
type Bucket struct {
	Value int64  `json:"value"`
	Count uint64 `json:"count"`
}
