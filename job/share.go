package job

import (
	"context"
	"time"

	"github.com/iagoloadgen/iago/arrival"
	"github.com/iagoloadgen/iago/engine"
	"github.com/iagoloadgen/iago/internal/host"
	"github.com/iagoloadgen/iago/measure"
	"github.com/iagoloadgen/iago/report"
	"github.com/iagoloadgen/iago/source"
)

// Share says how a share of a job is run in this process, for a coordinator elsewhere.
type Share struct {
	Live       *engine.Live
	Begin      func(context.Context) (time.Time, error) // called once everything is ready
	Workers    int                                      // limits of the job are divided by so many
	AheadBytes int                                      // requests prepared ahead take about so much at most; 0: the engine's own bound
	OnInterval func(iv *measure.Interval, label func(number int) string, steal float64)
	Logf       func(format string, args ...any)
}

// Part is what a share of a job leaves besides its intervals.
type Part struct {
	engine.Result
	Generator report.Generator
	Members   []string // of services among the targets, see [Job.Members]
}

// Running is a share under way.
type Running struct {
	*Job
	engine  *engine.Engine
	sampler *sampler
}

// Start makes an engine for a share; Wait runs it. Services among the targets are to be known by then ([Job.Discover]).
func (j *Job) Start(s Share) (*Running, error) {
	c := &j.config
	n := max(s.Workers, 1)
	c.Live, c.Begin, c.Schedule, c.N = s.Live, s.Begin, nil, 0
	c.Connections = (c.Connections + n - 1) / n
	c.Pool.PerTarget = (c.Pool.PerTarget + n - 1) / n
	c.DropBeyond = (c.DropBeyond + n - 1) / n
	if j.spec.Shards == 0 {
		c.Shards = shardsFor(host.Cores(), j.peak()/float64(n), false)
	}
	if c.Connections > 0 {
		c.Shards = min(c.Shards, c.Connections)
	}
	c.RingSize = aheadFor(j.peak() / float64(n) / float64(c.Shards))
	c.RingBytes = s.AheadBytes / c.Shards
	c.Logf = s.Logf
	r := &Running{Job: j, sampler: watch(time.Second)}
	c.OnInterval = func(iv *measure.Interval) {
		steal, _ := r.sampler.steal()
		s.OnInterval(iv, r.engine.LabelName, steal)
	}
	var err error
	if r.engine, err = engine.New(*c); err == nil {
		err = j.attach(r.engine.SetTargets)
	}
	if err != nil {
		r.sampler.Close()
		return nil, err
	}
	return r, nil
}

// aheadFor is how many requests a worker's shard has prepared ahead at a rate: those of two seconds, within bounds. What one
// worker has taken the others cannot send when the records come to their end.
func aheadFor(rate float64) int { return int(min(max(2*rate, 16), 8192)) }

// Break ends the share at once; requests under way are left without an outcome.
func (r *Running) Break() { r.engine.Break(engine.EndInterrupted) }

// Stop ends the schedule; what is under way goes on.
func (r *Running) Stop() { r.engine.Stop(engine.EndInterrupted) }

// Started is the start instant, known once Begin has returned.
func (r *Running) Started() time.Time { return r.engine.Started() }

// Wait runs the share to its end and closes the job. When ctx ends, the schedule stops.
func (r *Running) Wait(ctx context.Context) (Part, error) {
	defer r.Close()
	defer r.sampler.Close()
	res, err := r.engine.Run(ctx)
	_, steal := r.sampler.steal()
	used := host.Used()
	limit, _, _ := host.Descriptors()
	return Part{Result: res, Members: r.Members(), Generator: report.Generator{
		CPUUserNS: int64(used.User), CPUSystemNS: int64(used.System), RSSMax: used.MaxRSS, GCPauseMaxNS: int64(host.GCPauseMax()),
		Shards: res.Shards, Workers: 1, StealMax: steal, Descriptors: int64(limit), Poller: res.Poller,
	}}, err
}

// Process is the arrival process of an open run.
func (j *Job) Process() arrival.Process { return j.process }

// Closed tells whether the run is in closed mode, without a schedule.
func (j *Job) Closed() bool { return j.config.Closed }

// Limit is the length of the schedule: its duration and its number of requests, 0 where there is none.
func (j *Job) Limit() (time.Duration, int64) { return j.config.Duration, j.config.N }

// Fixed tells whether one request is sent again and again, so that no records are needed.
func (j *Job) Fixed() bool { return j.config.Fixed != nil || j.spec.Records.IsZero() }

// Source is the record source; whoever takes it reads it, and Close still closes it.
func (j *Job) Source() source.Source {
	if j.config.Source != nil {
		return j.config.Source
	}
	return j.source
}

// Reopen opens the record source once more, from its beginning. Whoever asks for it closes it.
func (j *Job) Reopen() (source.Source, error) { return j.openSource() }

// Peak is about the highest rate of the schedule, in arrivals per second.
func (j *Job) Peak() float64 { return j.peak() }

// Warmup is how long the schedule's first stretch is that figures of time leave out.
func (j *Job) Warmup() time.Duration { return j.config.Warmup }

// URLs are the targets as they were given.
func (j *Job) URLs() []string { return j.urls() }

// Arrival is the arrival process in words.
func (j *Job) Arrival() string { return j.arrivalText() }

// Objectives are what the figures of the run are held against, and AbortRules what breaks it off.
func (j *Job) Objectives() (slo, abort []report.Condition) { return j.slo, j.abort }

// StatusName is an answer's status as the protocol writes it.
func (j *Job) StatusName(status int) string { return j.config.Codec.StatusName(status) }
