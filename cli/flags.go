package cli

import (
	"encoding"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/iagoloadgen/iago/spec"
)

// setting is a flag of `iago run` and the field of the spec that it sets.
type setting struct {
	name, short, value string // value: what --help shows for it
	field              string
	usage              string
	repeat             bool
	set                func(s *spec.Spec, values []string) error
}

// settings are the flags that stand for fields, in the order of --help.
func settings() []setting {
	return []setting{
		{"rate", "r", "1000/s", "rate", "arrivals per second (1000, 1000/s, 60000/m); max: closed mode, needs --connections (default 100/s)", false, text(func(s *spec.Spec) encoding.TextUnmarshaler { return &s.Rate })},
		{"duration", "d", "30s", "duration", "length of the schedule (default 10s; none if -n is given alone)", false, text(func(s *spec.Spec) encoding.TextUnmarshaler { return &s.Duration })},
		{"requests", "n", "N", "requests", "the schedule ends after its first N requests", false, whole(func(s *spec.Spec, n int64) { s.Requests = n })},
		{"arrival", "", "poisson", "arrival", "arrival process by name and parameters: poisson, uniform, gamma:shape=0.5, … (see iago list)", false, text(func(s *spec.Spec) encoding.TextUnmarshaler { return &s.Arrival })},
		{"profile", "", "ramp:from=0/s,to=1000/s,for=30s", "profile", "a piece of the rate over time, instead of --rate; repeat for a sequence", true, profile},
		{"records", "", "FILE", "records.file", "record source: an access log, a list of paths, JSON lines or commands, plain, gzip or zstd; - is standard input", false, word(func(s *spec.Spec, v string) { s.Records.File = v })},
		{"format", "", "NAME", "records.format", "format of the records (guessed from the content when left out)", false, word(func(s *spec.Spec, v string) { s.Records.Format = v })},
		{"loop", "", "true", "records.loop", "start the source over at its end; false: its end ends the schedule", false, loop},
		{"target", "", "URL", "targets", "URL under test, in the place of the spec's; repeat for several in rotation", true, list(func(s *spec.Spec, v []string) { s.Targets = v })},
		{"method", "X", "GET", "request.method", "method of requests whose record has none", false, word(func(s *spec.Spec, v string) { s.Request.Method = v })},
		{"uri", "", "/path?query", "request.uri", "path and query of requests whose record has none (default: the target's own path)", false, word(func(s *spec.Spec, v string) { s.Request.URI = v })},
		{"header", "H", "'Name: value'", "request.headers", "header added to each request, or put in the place of the record's; repeatable", true, headers},
		{"host", "", "NAME", "request.host", "Host header (default: the target's host and port)", false, word(func(s *spec.Spec, v string) { s.Request.Host = v })},
		{"prefix", "", "/path", "request.prefix", "put before the path of each request", false, word(func(s *spec.Spec, v string) { s.Request.Prefix = v })},
		{"body", "", "TEXT", "request.body", "body of requests whose record has none; the request itself for protocols of lines, such as 'GET key' for Redis", false, word(func(s *spec.Spec, v string) { s.Request.Body = v })},
		{"body-file", "", "FILE", "request.body_file", "file with that body", false, word(func(s *spec.Spec, v string) { s.Request.BodyFile = v })},
		{"seed", "", "N", "seed", "same seed, spec and version: same due times (default: drawn, and shown)", false, seed},
		{"connections", "c", "N", "connections", "most connections open at once over all targets; 0: as many as the rate and the latency need", false, whole(func(s *spec.Spec, n int64) { s.Connections = int(n) })},
		{"pipeline", "", "N", "pipeline", "most requests under way on one connection, where no more may be opened (default 1)", false, whole(func(s *spec.Spec, n int64) { s.Pipeline = int(n) })},
		{"timeout", "", "30s", "timeout", "from the beginning of an attempt to the end of its answer", false, text(func(s *spec.Spec) encoding.TextUnmarshaler { return &s.Timeout })},
		{"overload", "", "queue", "overload", "when all connections are busy: queue, or drop=N: drop what comes while N wait", false, overload},
		{"late", "", "send", "late", "an arrival that the generator itself is late for: send, or skip=50ms: drop it if later than that", false, text(func(s *spec.Spec) encoding.TextUnmarshaler { return &s.Late })},
		{"shards", "", "N", "shards", "event-loop threads (default: by cores and rate)", false, whole(func(s *spec.Spec, n int64) { s.Shards = int(n) })},
		{"wait", "", "auto", "wait", "how a shard waits for the next arrival: sleep (cheap), spin (sharp, takes a core), auto", false, text(func(s *spec.Spec) encoding.TextUnmarshaler { return &s.Wait })},
		{"warmup", "", "10s", "warmup", "the first stretch is sent but kept out of the figures of time", false, text(func(s *spec.Spec) encoding.TextUnmarshaler { return &s.Warmup })},
		{"insecure", "k", "", "tls.insecure", "accept any TLS certificate", false, insecure},
		{"slo", "", "'p99<50ms'", "slo", "objective on a quantile of latency, errors, the rate or checks ('checks>99%'); repeatable; missed: exit status 3", true, list(func(s *spec.Spec, v []string) { s.SLO = v })},
		{"abort-on", "", "'errors>50%'", "abort_on", "break off when this holds over the last 5 s; repeatable", true, list(func(s *spec.Spec, v []string) { s.AbortOn = v })},
		{"out", "", "DIR", "out", "run directory (default runs/NAME-TIME)", false, word(func(s *spec.Spec, v string) { s.Out = v })},
		{"summary", "", "FILE", "summary", "where to write summary.json besides; -: standard output, and everything else goes to standard error", false, word(func(s *spec.Spec, v string) { s.Summary = v })},
		{"name", "", "NAME", "name", "name of the run (default: the spec file's, or the target's host)", false, word(func(s *spec.Spec, v string) { s.Name = v })},
	}
}

func text(field func(*spec.Spec) encoding.TextUnmarshaler) func(*spec.Spec, []string) error {
	return func(s *spec.Spec, v []string) error { return field(s).UnmarshalText([]byte(v[0])) }
}

func word(set func(*spec.Spec, string)) func(*spec.Spec, []string) error {
	return func(s *spec.Spec, v []string) error { set(s, v[0]); return nil }
}

func list(set func(*spec.Spec, []string)) func(*spec.Spec, []string) error {
	return func(s *spec.Spec, v []string) error { set(s, v); return nil }
}

func whole(set func(*spec.Spec, int64)) func(*spec.Spec, []string) error {
	return func(s *spec.Spec, v []string) error {
		n, err := strconv.ParseInt(v[0], 10, 64)
		if err != nil || n < 0 || int64(int(n)) != n {
			return fmt.Errorf("%q: expected a whole number, 0 or more", v[0])
		}
		set(s, n)
		return nil
	}
}

func loop(s *spec.Spec, v []string) (err error) {
	s.Records.Loop, err = strconv.ParseBool(v[0])
	if err != nil {
		return fmt.Errorf("%q: expected true or false", v[0])
	}
	return nil
}

func insecure(s *spec.Spec, v []string) (err error) {
	s.TLS.Insecure, err = strconv.ParseBool(v[0])
	return err
}

func seed(s *spec.Spec, v []string) error {
	n, err := strconv.ParseUint(v[0], 10, 64)
	if err != nil {
		return fmt.Errorf("%q: expected a whole number from 0 to 2^64-1", v[0])
	}
	s.Seed = &n
	return nil
}

func headers(s *spec.Spec, v []string) error {
	s.Request.Headers = nil
	for _, t := range v {
		h, err := spec.ParseHeader(t)
		if err != nil {
			return err
		}
		s.Request.Headers = append(s.Request.Headers, h)
	}
	return nil
}

func profile(s *spec.Spec, v []string) error {
	s.Profile = nil
	for _, t := range v {
		var c spec.Choice
		if err := c.UnmarshalText([]byte(t)); err != nil {
			return err
		}
		s.Profile = append(s.Profile, c)
	}
	return nil
}

func overload(s *spec.Spec, v []string) error {
	if v[0] == "queue" {
		s.Overload = spec.Overload{Policy: spec.Queue}
		return nil
	}
	limit, ok := strings.CutPrefix(v[0], "drop=")
	n, err := strconv.Atoi(limit)
	if !ok || err != nil || n < 1 {
		return fmt.Errorf("%q: expected queue, or drop=N with N above 0", v[0])
	}
	s.Overload = spec.Overload{Policy: spec.Drop, Limit: n}
	return nil
}

// given is a flag that was set on the command line.
type given struct {
	setting
	values []string
}

// addSettings declares the flags on c; the function returned tells which were given.
func addSettings(c *cobra.Command) func() []given {
	all := settings()
	values := make([][]string, len(all))
	for i := range all {
		s := &all[i]
		v := &flagValue{values: &values[i], kind: s.value, repeat: s.repeat}
		f := c.Flags().VarPF(v, s.name, s.short, s.usage)
		if s.value == "" || s.name == "loop" {
			f.NoOptDefVal = "true"
		}
	}
	return func() (out []given) {
		for i := range all {
			if values[i] != nil {
				out = append(out, given{all[i], values[i]})
			}
		}
		return out
	}
}

// flagValue keeps a flag's text; what it means is the spec's business, which finds all mistakes at once.
type flagValue struct {
	values *[]string
	kind   string
	repeat bool
}

func (v *flagValue) String() string { return "" }
func (v *flagValue) Type() string   { return v.kind }
func (v *flagValue) Set(t string) error {
	if !v.repeat {
		*v.values = nil
	}
	*v.values = append(*v.values, t)
	return nil
}
