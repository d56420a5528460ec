package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/iagoloadgen/iago/arrival"
	"github.com/iagoloadgen/iago/cluster/bus"
	"github.com/iagoloadgen/iago/job"
	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/measure"
	"github.com/iagoloadgen/iago/report"
	"github.com/iagoloadgen/iago/source"
	"github.com/iagoloadgen/iago/spec"
)

// FeedConfig is what a feeder needs to know beside its spec. Zero values are the defaults.
type FeedConfig struct {
	Bus      *bus.Bus
	Spec     *spec.Spec
	Stdin    io.Reader
	Job      string        // name; default: the spec's
	ID       string        // of this process; default: the machine's name and a number
	Workers  int           // wanted; default 1
	Wait     time.Duration // for them; default 5 minutes
	Lease    time.Duration // of a worker's share; default 5 s
	Depth    Depth
	Feeders  int           // parts that the record source is read in, by as many processes; default 1
	Direct   bool          // the workers read the record source themselves
	Replicas int           // servers of the bus that keep everything: 1 or 3
	Collect  time.Duration // for results of workers that do not answer; default: twice the lease
	Dir      string        // run directory; "": none

	Restricted bool     // members that discovery finds beyond loopback and private addresses are not loaded,
	Agreed     []string // but for these, by their URLs
	Version    string
	Clock      *Clock // of a simulation; nil: the machine's
	Logf       func(format string, args ...any)
	OnSecond   func(s report.Second, window *measure.Interval)
	// OnChecked is called when all checks have passed and nothing has been done yet. It may still set Dir, Restricted and Agreed. An error
	// ends everything. nil: nothing.
	OnChecked func(*job.Job, *FeedConfig) error
	// OnPrepared is called once all checks have passed and the job is on the bus. nil: nothing.
	OnPrepared func() error
}

// Defaults of a job.
const (
	DefaultLease = 5 * time.Second
	DefaultWait  = 5 * time.Minute
	partsLeast   = 64
	partsPer     = 8 // worker
	partsMost    = 1 << 16
)

// errEnded says that a job was over when this process came to it.
var errEnded = errors.New("the job is over")

// feeding is a feeder process on one job.
type feeding struct {
	FeedConfig
	prepared *job.Job
	job      *bus.Job
	spec     JobSpec
	model    *job.Job // of the job's own spec, for what is reckoned of it
	base     arrival.Profile
	whole    *arrival.Parts
	orders   chan order
	fed      sync.WaitGroup
}

// Feed makes a job, or joins the one of that name that is under way: it feeds a part of the records, coordinates if nobody does,
// and stands by to take over if somebody does. The process that coordinates to the end returns the outcome; the others return nil. When ctx
// ends, the schedule is stopped; when kill ends, the job is broken off.
func Feed(ctx, kill context.Context, c FeedConfig) (*job.Outcome, error) {
	f := &feeding{FeedConfig: c, orders: make(chan order)}
	if err := f.complete(); err != nil {
		return nil, err
	}
	defer f.prepared.Close()
	if f.OnChecked != nil {
		if err := f.OnChecked(f.prepared, &f.FeedConfig); err != nil {
			return nil, err
		}
	}
	if err := f.open(ctx); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "iago-feed-")
	if err != nil {
		return nil, fmt.Errorf("cluster: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := f.reckon(dir); err != nil {
		return nil, err
	}
	defer f.model.Close()
	if f.OnPrepared != nil {
		if err := f.OnPrepared(); err != nil {
			return nil, err
		}
	}
	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer f.await()
	defer stop()
	if f.spec.Feeders > 0 {
		f.fed.Go(func() { f.feed(run) })
	}
	givenUp := false
	over := make(chan struct{})
	go func() {
		defer close(over)
		f.interrupts(run, ctx, kill, func() {
			givenUp = true
			stop()
		})
	}()
	out, err := f.lead(run, ctx)
	stop()
	if <-over; givenUp && err != nil {
		err = errGivenUp
	}
	return out, err
}

// open makes the job on the bus, or opens the one that is under way there.
func (f *feeding) open(ctx context.Context) (err error) {
	conf := bus.JobConfig{Replicas: f.Replicas, AckWait: max(f.Lease, time.Second), QueueBytes: 2 * f.Depth.Bytes}
	for {
		if f.job, err = f.Bus.CreateJob(ctx, f.Job, conf); err != nil {
			return fmt.Errorf("cluster: job %s: %w", f.Job, err)
		}
		if f.spec, err = f.describe(); err != nil {
			return err
		}
		_, err = f.job.Create(ctx, keySpec, encode(f.spec))
		if err == nil {
			return nil
		}
		if !errors.Is(err, bus.ErrExists) {
			return fmt.Errorf("cluster: job %s: %w", f.Job, err)
		}
		if over, err := f.join(ctx); err != nil {
			return err
		} else if !over {
			return nil
		}
		if err := f.Bus.DeleteJob(ctx, f.Job); err != nil { // what an earlier one has left
			return fmt.Errorf("cluster: job %s: %w", f.Job, err)
		}
	}
}

// join takes over the spec of the job that is there; over: it has ended.
func (f *feeding) join(ctx context.Context) (over bool, err error) {
	if e, err := f.job.Get(ctx, keyPlan); err == nil {
		if p, err := decode[Plan](keyPlan, e.Value); err == nil && p.Phase == Done {
			return true, nil
		}
	}
	e, err := f.job.Get(ctx, keySpec)
	if err != nil {
		return false, fmt.Errorf("cluster: job %s: %w", f.Job, err)
	}
	f.spec, err = decode[JobSpec](keySpec, e.Value)
	f.Logf("job %s is under way: this process takes part in it", f.Job)
	return false, err
}

// describe makes the job's spec.
func (f *feeding) describe() (JobSpec, error) {
	packed, err := f.Spec.Pack()
	if err != nil {
		return JobSpec{}, err
	}
	s := JobSpec{
		Name: f.Job, Version: f.Version, Packed: packed, Seed: f.prepared.Seed(), Workers: f.Workers, Lease: f.Lease, Feeders: f.Feeders,
		Depth: f.Depth.Bytes, Direct: f.Direct, Created: f.Clock.Now(), Parts: min(max(partsLeast, partsPer*f.Workers), partsMost),
	}
	s.Duration, s.Requests = f.prepared.Limit()
	s.Restricted, s.Agreed = f.Restricted, f.Agreed
	if f.prepared.Fixed() || f.Direct {
		s.Feeders = 0
	}
	return s, nil
}

// reckon makes what is known of the job out of its spec on the bus, whoever has written it.
func (f *feeding) reckon(dir string) error {
	sp, err := f.spec.Packed.Unpack(dir)
	if err != nil {
		return err
	}
	sp.Seed = &f.spec.Seed
	if f.model, err = job.Prepare(sp, job.Options{Version: f.Version, Source: nothing{}}); err != nil {
		return err
	}
	p := f.model.Process()
	f.base, f.whole = p.Profile, p.Parts(f.spec.Parts)
	return nil
}

// nothing is a source without records.
type nothing struct{}

func (nothing) Read(*load.Record) error { return io.EOF }
func (nothing) Stats() source.Stats     { return source.Stats{} }
func (nothing) Close() error            { return nil }

// lead stands by, coordinates when nobody else does, and sums up.
func (f *feeding) lead(run, ctx context.Context) (*job.Outcome, error) {
	for {
		standby, cancel := context.WithCancel(run)
		go func() { // the others' word that the job is over
			f.awaitDone(standby)
			cancel()
		}()
		l := &leadership{job: f.job, clock: f.Clock, id: f.ID, logf: f.Logf}
		err := l.win(standby)
		cancel()
		if err != nil {
			if run.Err() == nil && errors.Is(err, context.Canceled) {
				f.Logf("job %s is over", f.Job)
				return nil, nil
			}
			return nil, err
		}
		out, err := f.coordinate(run, l)
		switch {
		case err == nil:
			return out, nil
		case errors.Is(err, errDeposed):
			f.Logf("%v", err)
		case errors.Is(err, errEnded):
			return nil, nil
		default:
			return nil, err
		}
	}
}

// awaitDone returns when the job is over, or ctx ends.
func (f *feeding) awaitDone(ctx context.Context) {
	for ctx.Err() == nil {
		e, err := f.job.Get(ctx, keyPlan)
		if err == nil {
			if p, err := decode[Plan](keyPlan, e.Value); err == nil && p.Phase == Done {
				return
			}
		} else if errors.Is(err, bus.ErrNotFound) {
			if _, err := f.job.Get(ctx, keySpec); errors.Is(err, bus.ErrNotFound) {
				return
			}
		}
		select {
		case <-ctx.Done():
		case <-f.Clock.After(feedEvery):
		}
	}
}

// coordinate runs the job to its end and sums it up.
func (f *feeding) coordinate(run context.Context, lead *leadership) (*job.Outcome, error) {
	slo, abort := f.model.Objectives()
	var c *coordinator
	led, err := newLedger(f.spec.Seed, report.Recording{
		Warmup: f.model.Warmup(), RateAsked: func(from, to int64) float64 { return c.rateAsked(from, to) },
		Workers: func() int { return len(c.members.alive()) },
	}, f.OnSecond)
	if err != nil {
		return nil, err
	}
	defer led.close()
	c = &coordinator{
		job: f.job, clock: f.Clock, id: f.ID, spec: f.spec, base: f.base, whole: f.whole, lead: lead, logf: f.Logf, wait: f.Wait, collect: f.Collect,
		ledger: led, orders: f.orders,
	}
	if len(abort) > 0 {
		c.abort = func() string { return led.aborts(abort) }
	}
	ctx, cancel := context.WithCancel(run)
	defer cancel()
	var reading sync.WaitGroup
	defer reading.Wait()
	defer cancel()
	reading.Go(func() { f.gather(ctx, led) })
	if err := c.run(ctx); err != nil {
		return nil, err
	}
	if err := f.collectRest(ctx, led); err != nil {
		return nil, err
	}
	return f.sum(c, led, slo)
}

// collectRest waits until all that is in the log has been read.
func (f *feeding) collectRest(ctx context.Context, led *ledger) error {
	end, err := f.job.End(ctx)
	if err != nil {
		return fmt.Errorf("cluster: results: %w", err)
	}
	for led.place.reached() < end && ctx.Err() == nil {
		f.Clock.Sleep(10 * time.Millisecond)
	}
	return ctx.Err()
}
