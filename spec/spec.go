// Package spec is the spec file: what a run does, as a person writes it down.
//
// A [Spec] holds every setting that `iago run` has. It comes out of a YAML file ([Load], [Parse]), of flags, or of both, and
// is as strict as it can be: unknown fields, wrong types and impossible values are refused, all of them at once, each with
// its place, what was expected and what was probably meant ([Problems]). Two rules make files that are pleasant to keep:
//
//   - A field at the top whose name begins with "x-" is ignored, so that anchors have a place: "x-common: &common {…}".
//   - A file that is read is found relative to the folder of the spec file; what a run writes goes to the working directory.
//
// Values carry units: a rate is "1000/s" or "60000/m", a duration "90s", a size "64MiB".
package spec

import (
	"github.com/iagoloadgen/iago/processor/expr"
	"github.com/iagoloadgen/iago/transport"
)

// Spec is a run. The zero value is not useful: begin with [Defaults].
type Spec struct {
	// The name of the run, for its directory and reports: letters, digits, - and _. Default: the spec file's name or the target's host.
	Name string `yaml:"name,omitempty" jsonschema:"minLength=1,maxLength=100,pattern=^[A-Za-z0-9_-]+$,example=shop-replay"`

	// The URL under test: scheme, host and port, and a path that is put before every request's path. Or a service whose members
	// are found by discovery and followed: their scheme, a plus, the URL of a backend, and a path behind a # if need be, such as
	// http+zk://zk1:2181,zk2:2181/service/web#/prefix.
	Target string `yaml:"target,omitempty" jsonschema:"pattern=^[A-Za-z][A-Za-z0-9+.-]*:/.+,example=http://127.0.0.1:8080/prefix,example=http+zk://zk1:2181/service/web,example=https+k8s://shop/web?port=https"`

	// Several URLs under test, in rotation, instead of target: of servers, of services, or of both. All of one protocol.
	Targets []string `yaml:"targets,omitempty" jsonschema:"minItems=1"`

	// Arrivals per second, such as 1000/s or 60000/m. Default 100/s. "max" is the closed mode: each connection sends again as
	// soon as it has its answer; it needs connections. Not beside a profile or an arrival process that has rates of its own.
	Rate Rate `yaml:"rate,omitempty"`

	// The length of the schedule. Default 10s; without a limit if requests alone is given, and as long as the profile if it ends.
	Duration Duration `yaml:"duration,omitempty"`

	// The schedule ends after this many requests. 0: no such limit.
	Requests int64 `yaml:"requests,omitempty" jsonschema:"minimum=0"`

	// The arrival process: poisson, uniform, or another by name and parameters, such as gamma:shape=0.5.
	Arrival Choice `yaml:"arrival"`

	// The rate over time, piece after piece, instead of rate.
	Profile []Choice `yaml:"profile,omitempty"`

	// The seed of everything random: the same seed and spec give the same due times. Default: drawn, and shown.
	Seed *uint64 `yaml:"seed,omitempty" jsonschema:"minimum=0"`

	// Where records come from. Without records, request is sent again and again.
	Records Records `yaml:"records,omitempty"`

	// An expression over a record that says whether it counts: false leaves it out (docs/expressions.md).
	Filter string `yaml:"filter,omitempty" jsonschema:"example=path startsWith '/shop/'"`

	// The share of records that are used, such as 10%, drawn at random by the seed, before filter.
	Sample expr.Share `yaml:"sample,omitempty"`

	// How a record becomes a request, and the request itself when there are no records.
	Request Request `yaml:"request"`

	// An outside program that makes requests of records, instead of request (docs/exec-protocol.md).
	Processor Processor `yaml:"processor,omitempty"`

	// Named conditions on responses, by expressions.
	Checks []expr.Check `yaml:"checks,omitempty"`

	// Further requests made out of responses, by expressions.
	FollowUps []expr.FollowUp `yaml:"followups,omitempty"`

	// Bounds on further requests made out of responses, by whatever makes them.
	FollowUpLimits FollowUpLimits `yaml:"followup_limits"`

	// How many bytes of an answer's content checks, follow-ups and programs get to see.
	ContentLimit Size `yaml:"content_limit"`

	// The options of protocols, each in a section named after its protocol, such as http1.
	Protocols map[string]transport.Config `yaml:",inline"`

	// The most connections open at once over all targets. 0: as many as the rate and the latency need.
	Connections int `yaml:"connections" jsonschema:"minimum=0"`

	// The most requests under way on a connection, for protocols whose answers come in order. More than one are under way only
	// where no further connection may be opened.
	Pipeline int `yaml:"pipeline" jsonschema:"minimum=1,maximum=65536"`

	// How connections are kept.
	Pool Pool `yaml:"pool"`

	// The time to connect, TLS included. 0: the request's time-out alone.
	ConnectTimeout Duration `yaml:"connect_timeout"`

	// The time from the beginning of an attempt (connecting included) to the end of its answer.
	Timeout Duration `yaml:"timeout"`

	// Names of targets are resolved again at this interval. 0: never.
	Resolve Duration `yaml:"resolve"`

	// How long members of the services among the targets are waited for at the start: each must have one.
	DiscoveryWait Duration `yaml:"discovery_wait"`

	// TLS to targets whose scheme asks for it.
	TLS TLS `yaml:"tls,omitempty"`

	// The header of the PROXY protocol, sent first on each connection.
	Proxy Proxy `yaml:"proxy,omitempty"`

	// What to do with a request that is due while all connections are busy.
	Overload Overload `yaml:"overload"`

	// What to do with an arrival that the generator itself is late for: send (at once, its due time unchanged) or skip=50ms
	// (later than that: dropped).
	Late Late `yaml:"late"`

	// Event-loop threads. 0: by cores and rate.
	Shards int `yaml:"shards" jsonschema:"minimum=0"`

	// How a shard waits for the next arrival: sleep (cheap), spin (sharp, takes a core), auto (asleep until just before, then sharp).
	Wait Wait `yaml:"wait"`

	// The first stretch of the schedule is sent but not counted in the latency figures; it is shown apart.
	Warmup Duration `yaml:"warmup"`

	// Objectives on quantiles of latency, errors, the rate and the share of checks that passed, such as p99<50ms, errors<0.1%,
	// rate>950/s, checks>99.9% and checks{NAME}>=99%.
	SLO []string `yaml:"slo,omitempty" jsonschema:"example=p99<50ms,example=errors<0.1%,example=rate>950/s"`

	// Conditions to break off at, judged over the last 5 s, such as errors>50%.
	AbortOn []string `yaml:"abort_on,omitempty" jsonschema:"example=errors>50%"`

	// How requests are grouped in figures.
	Labels Labels `yaml:"labels"`

	// The run directory. Default: runs/NAME-TIME.
	Out string `yaml:"out,omitempty"`

	// Where to write summary.json besides the run directory; "-" is standard output.
	Summary string `yaml:"summary,omitempty"`

	// Origin says which fields did not come from the file but from a flag, so that messages can name it: Origin["rate"] =
	// "--rate". The keys are full field names ("records.file"). See [Spec.Override].
	Origin map[string]string `yaml:"-"`

	file string          // the spec file's path; empty: none
	at   map[string]mark // where in it each value stands
	away bool            // unpacked: the records need not be on this machine
}

// Defaults returns a spec with every default that does not depend on another field; see [Spec.Complete] for the others.
func Defaults() *Spec {
	return &Spec{
		Arrival:        Choose("poisson"),
		Records:        Records{Loop: true, MaxLine: 1 << 20},
		Request:        Request{Method: "GET", Marker: true, RecordHeaders: true},
		Protocols:      map[string]transport.Config{},
		Pool:           Pool{Keep: 1, Idle: 60 * second, MaxIdle: 300 * second, Reuse: true},
		Pipeline:       1,
		Timeout:        30 * second,
		Resolve:        30 * second,
		DiscoveryWait:  30 * second,
		FollowUpLimits: FollowUpLimits{Depth: 5, PerResponse: 20, Pending: 10_000},
		ContentLimit:   64 << 10,
		Overload:       Overload{Policy: Queue},
		Wait:           Auto,
		Labels:         Labels{Segments: 1, Max: 100},
		Origin:         map[string]string{},
		at:             map[string]mark{},
	}
}

// Override notes that field was set by flag, which wins over the file: what the file says in its place is taken back
// (target and targets, request.body and request.body_file).
func (s *Spec) Override(field, flag string) {
	s.Origin[field] = flag
	switch field {
	case "target":
		s.Targets = nil
	case "targets":
		s.Target = ""
	case "request.body":
		s.Request.BodyFile = ""
	case "request.body_file":
		s.Request.Body = ""
	}
}
