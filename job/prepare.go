// Package job is one run in one process: it makes a source, a schedule and an engine of a spec, collects what they
// measure, judges it, and leaves a run directory. It is what `iago run` and programs that test by themselves call.
package job

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/iagoloadgen/iago/arrival"
	"github.com/iagoloadgen/iago/engine"
	"github.com/iagoloadgen/iago/internal/host"
	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/measure"
	"github.com/iagoloadgen/iago/processor"
	"github.com/iagoloadgen/iago/report"
	"github.com/iagoloadgen/iago/source"
	"github.com/iagoloadgen/iago/spec"
	"github.com/iagoloadgen/iago/transport"
)

// Options are what a run needs besides its spec. The zero value runs quietly and leaves no directory.
type Options struct {
	Stdin     io.Reader                         // what records "-" read; nil: os.Stdin
	Version   string                            // shown in results and in the default User-Agent
	Processor processor.Processor               // instead of the spec's request section; needs records
	Source    source.Source                     // instead of the spec's records: they come from elsewhere, tried already
	Part      func(source.Source) source.Source // leaves a part of the spec's records; nil: all of them

	// Dir is the run directory to leave; "": none. Created with its parents; refused if it holds anything but an earlier run.
	Dir string
	// OnSecond is called with every second's figures, and those of the last five merged, soon after its end, by one
	// goroutine; the interval holds during the call. nil: none.
	OnSecond func(s report.Second, window *measure.Interval)
	// Log gets rare events in words, besides iago.log. nil: none.
	Log func(line string)

	// Poller is how to talk to the kernel, "auto", "io_uring", "epoll" or "portable" as far as the system has them; "" is "auto".
	Poller string
}

// Job is a run that has passed all checks and has not begun. Close it if it is not run.
type Job struct {
	spec     *spec.Spec
	options  Options
	seed     uint64
	process  arrival.Process // of an open run
	config   engine.Config
	source   source.Source
	closers  []io.Closer // processors
	follower *follower   // nil: no target is discovered
	slo      []report.Condition
	abort    []report.Condition
}

// Prepare makes all the checks of a run without sending anything: s is validated, the record source opened and its first
// records read, certificates loaded, the request encoded.
func Prepare(s *spec.Spec, o Options) (*Job, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	s.Complete()
	j := &Job{spec: s, options: o, seed: rand.Uint64() >> 11} // 53 bits: JSON readers keep no more
	if s.Seed != nil {
		j.seed = *s.Seed
	}
	steps := []func() error{j.target, j.arrivals, j.requests, j.limits, j.conditions}
	for _, step := range steps {
		if err := step(); err != nil {
			j.Close()
			return nil, err
		}
	}
	return j, nil
}

// Close lets go of the record source and the processor, and ends the following of services.
func (j *Job) Close() {
	if j.follower != nil && j.follower.stop != nil {
		j.follower.stop()
	}
	for _, c := range j.closers {
		if err := c.Close(); err != nil {
			j.logf("processor: %v", err)
		}
	}
	j.closers = nil
	if j.source != nil {
		_ = j.source.Close()
	}
}

// Seed is the seed in use: the spec's, or the one that was drawn.
func (j *Job) Seed() uint64 { return j.seed }

// SetDir sets the run directory, where it is known only after the checks.
func (j *Job) SetDir(dir string) { j.options.Dir = dir }

// Plan is what those who watch the run are told beforehand.
func (j *Job) Plan() report.Plan {
	return report.Plan{
		Name: j.spec.Name, Target: strings.Join(j.urls(), ", "), Duration: j.config.Duration, Requests: j.config.N,
		Warmup: j.config.Warmup, Closed: j.config.Closed,
	}
}

func (j *Job) target() (err error) {
	s, c := j.spec, &j.config
	if c.Targets, err = s.Addresses(); err != nil {
		return err
	}
	services, err := s.Services()
	if err != nil {
		return err
	}
	if len(services) > 0 {
		j.follower = newFollower(c.Targets, services)
		if len(c.Targets) == 0 { // what is checked before any member is known
			c.Targets = []load.Target{services[0].Sample()}
		}
	}
	_, conf := s.Transport()
	if r, ok := conf.(interface{ NoReuse() }); ok && !s.Pool.Reuse {
		r.NoReuse()
	}
	if c.Codec, err = conf.NewCodec(); err != nil {
		return err
	}
	if q, ok := c.Codec.(transport.Sequential); ok && q.Sequential() && s.Pipeline > 1 {
		return fmt.Errorf("job: pipeline: %d: expected 1: answers that end by silence, or with the connection, leave no room for others", s.Pipeline)
	}
	if !s.Proxy.IsZero() {
		header, err := s.Proxy.NewHeader()
		if err != nil {
			return err
		}
		c.Preface = header.Append
	}
	c.TLS, err = tlsConfig(s.TLS)
	return err
}

func (j *Job) arrivals() (err error) {
	s, c := j.spec, &j.config
	c.Duration, c.N = time.Duration(s.Duration), s.Requests
	if s.Rate.Max {
		c.Closed = true
		return nil
	}
	if j.process, err = s.Process(j.seed); err != nil {
		return err
	}
	if length := arrival.Length(j.process.Profile); c.Duration == 0 && !math.IsInf(length, 1) {
		c.Duration = time.Duration(length * 1e9)
	}
	limit := arrival.Limit{Duration: time.Duration(s.Duration), N: s.Requests}
	c.Schedule = func(shard, shards int) engine.Schedule { return j.process.Schedule(limit).Deal(shard, shards) }
	return nil
}

// requests opens the source, or makes the one request that is sent again and again.
func (j *Job) requests() error {
	s, c := j.spec, &j.config
	p, err := j.processor()
	if err != nil {
		return err
	}
	if err := j.labels(); err != nil {
		return err
	}
	if c.Fixed != nil {
		if protocol, _ := s.Transport(); !protocol.Lines && len(c.Fixed.URI) == 0 && !slices.ContainsFunc(c.Targets, func(t load.Target) bool { return t.Path != "" }) {
			c.Fixed.URI = []byte("/") // the same on the wire, and clearer in the sample of failures
		}
		_, err := c.Codec.AppendRequest(nil, c.Fixed, &c.Targets[0])
		return err
	}
	if c.Processor = p; c.Stage != nil {
		c.Processor = nil
	}
	if s.Records.IsZero() {
		j.source = endless{}
		return j.tryFirst()
	}
	if j.options.Source != nil {
		j.source = j.options.Source
		c.Source = j.source
		return nil
	}
	src, err := j.openSource()
	if err != nil {
		return err
	}
	j.source = src
	if err := j.tryFirst(); err != nil || j.options.Part == nil {
		return err
	}
	c.Source = j.options.Part(c.Source)
	return nil
}

func (j *Job) openSource() (source.Source, error) {
	r := &j.spec.Records
	return source.Open(source.Options{
		Path: r.File, Stdin: j.options.Stdin, Format: r.Format, Loop: r.Loop,
		Columns: r.Columns, Lines: j.lines(), Skip: r.Skip, Limit: r.Limit, MaxLine: int(r.MaxLine),
	})
}

func (j *Job) labels() error {
	if own, ok := j.config.Codec.(transport.Labeler); ok && len(j.spec.Labels.Rules) == 0 {
		if j.spec.Labels.Segments > 0 {
			j.config.Label = own.Label
		}
		return nil
	}
	if j.lines() && len(j.spec.Labels.Rules) == 0 { // bytes have no path to go by
		return nil
	}
	l := processor.LabelConfig{Segments: j.spec.Labels.Segments, Max: j.spec.Labels.Max}
	for _, r := range j.spec.Labels.Rules {
		l.Rules = append(l.Rules, processor.Rule{Match: r.Match, Name: r.Name})
	}
	if l.Segments == 0 && len(l.Rules) == 0 {
		return nil
	}
	labeler, err := processor.NewLabeler(l)
	if err != nil {
		return err
	}
	j.config.Label = labeler.Label
	return nil
}

func (j *Job) limits() error {
	s, c := j.spec, &j.config
	c.Connections, c.Pipeline = s.Connections, s.Pipeline
	c.FollowUps = engine.FollowUps{Depth: s.FollowUpLimits.Depth, PerResponse: s.FollowUpLimits.PerResponse, Pending: s.FollowUpLimits.Pending}
	c.Pool = engine.Pool{
		Keep: s.Pool.Keep, PerTarget: s.Pool.PerTarget, Idle: time.Duration(s.Pool.Idle), MaxIdle: time.Duration(s.Pool.MaxIdle),
		MaxLife: time.Duration(s.Pool.MaxLife), NoReuse: !s.Pool.Reuse || s.ClientPerRequest(),
	}
	c.Timeout, c.ConnectTimeout, c.Resolve = time.Duration(s.Timeout), time.Duration(s.ConnectTimeout), time.Duration(s.Resolve)
	if s.Overload.Policy == spec.Drop {
		c.DropBeyond = max(s.Overload.Limit, 1)
	}
	c.SkipLate, c.Warmup = time.Duration(s.Late.Skip), time.Duration(s.Warmup)
	c.Wait, c.Seed, c.Poller = engine.Wait(s.Wait), j.seed, j.options.Poller
	c.Shards = s.Shards
	if c.Shards == 0 {
		c.Shards = shardsFor(host.Cores(), j.peak(), c.Closed)
	}
	if c.Connections > 0 {
		c.Shards = min(c.Shards, c.Connections)
	}
	c.RingSize = preparedFor(j.peak() / float64(c.Shards))
	if limit, open, ok := host.Descriptors(); ok {
		c.Descriptors = max(limit-open-reserve(c.Shards), c.Shards)
	}
	return nil
}

// reserve is how many descriptors are left for files, pollers and name look-ups.
func reserve(shards int) int { return 16 + 4*shards }

// preparedFor is how many requests a shard has prepared ahead at a rate: a quarter of a second's, within bounds that
// keep memory small and a pause of the producer harmless.
func preparedFor(rate float64) int { return int(min(max(rate/4, 1024), 8192)) }

// perShard is a rate that one shard serves with ease.
const perShard = 100_000

// shardsFor is the number of event loops for a rate: few, so that each has a core beside what else the machine does.
func shardsFor(cores int, peak float64, closed bool) int {
	most := max(cores/2, 1)
	if closed {
		return most
	}
	return min(max(int(math.Ceil(peak/perShard)), 1), most)
}

// peak is about the highest rate of the schedule.
func (j *Job) peak() float64 {
	if j.config.Closed {
		return 0
	}
	const steps = 200
	length, peak := j.config.Duration.Seconds(), 0.0
	if length == 0 {
		length = 600
	}
	for i := range steps + 1 {
		peak = max(peak, j.process.Profile.Rate(length*float64(i)/steps))
	}
	return peak
}

func (j *Job) conditions() (err error) {
	if j.slo, err = conditions("slo", j.spec.SLO, report.ParseCondition); err != nil {
		return err
	}
	j.abort, err = conditions("abort_on", j.spec.AbortOn, report.ParseAbortRule)
	return err
}

func conditions(field string, exprs []string, parse func(string) (report.Condition, error)) (out []report.Condition, err error) {
	for _, e := range exprs {
		c, err := parse(e)
		if err != nil {
			return nil, fmt.Errorf("job: %s: %w", field, err)
		}
		out = append(out, c)
	}
	return out, nil
}

// String says what will be run.
func (j *Job) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", j.spec.Name, j.arrivalText())
	if d := j.config.Duration; d > 0 {
		fmt.Fprintf(&b, " for %v", d)
	}
	if n := j.config.N; n > 0 {
		fmt.Fprintf(&b, ", at most %s requests", report.Count(n))
	}
	fmt.Fprintf(&b, "\n  targets      %s", j.described())
	if f := j.spec.Records; !f.IsZero() {
		fmt.Fprintf(&b, "\n  records      %s", f.File)
		if formatted, ok := j.source.(source.Formatted); ok {
			fmt.Fprintf(&b, " (%s)", formatted.Format())
		}
		if f.Loop {
			b.WriteString(", from the start again at its end")
		}
	} else if j.config.Fixed == nil {
		b.WriteString("\n  request      made anew each time")
	} else if j.lines() {
		fmt.Fprintf(&b, "\n  request      %.100q", j.config.Fixed.Body)
	} else {
		fmt.Fprintf(&b, "\n  request      %s %s", j.spec.Request.Method, cmp.Or(j.spec.Request.URI, j.config.Targets[0].Path, "/"))
	}
	if j.config.Connections > 0 {
		fmt.Fprintf(&b, "\n  connections  at most %d", j.config.Connections)
	} else {
		b.WriteString("\n  connections  as many as needed")
	}
	fmt.Fprintf(&b, "\n  shards       %d, seed %d", j.config.Shards, j.seed)
	return b.String()
}

func (j *Job) arrivalText() string {
	if j.config.Closed {
		return fmt.Sprintf("closed mode, %d connections", j.config.Connections)
	}
	return j.process.Text
}

// urls are the targets as they were asked for.
func (j *Job) urls() (out []string) {
	fixed := j.config.Targets
	if j.follower != nil {
		fixed = j.follower.fixed
	}
	for _, t := range fixed {
		out = append(out, t.URL)
	}
	if j.follower != nil {
		for i, s := range j.follower.services {
			out = slices.Insert(out, s.Before+i, s.URL)
		}
	}
	return out
}

// endless is a source of empty records, for requests that differ only in what the processor makes of them.
type endless struct{}

func (endless) Read(*load.Record) error { return nil }
func (endless) Stats() source.Stats     { return source.Stats{} }
func (endless) Close() error            { return nil }
