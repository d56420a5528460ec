package sim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/iagoloadgen/iago/arrival"
	"github.com/iagoloadgen/iago/cluster"
	"github.com/iagoloadgen/iago/cluster/bus"
	"github.com/iagoloadgen/iago/job"
	"github.com/iagoloadgen/iago/spec"
)

// run is a simulation under way.
type run struct {
	Config
	clock  *cluster.Clock
	bus    *bus.Bus // the coordinator's
	mine   *bus.Bus // of whoever looks on
	server server
	crew   crew
	job    *bus.Job
	ended  chan ended
	fig    *Figures

	mu    sync.Mutex
	plan  cluster.Plan
	times map[cluster.Phase]time.Time // when the plan first had a phase
	seen  chan struct{}               // closed and made anew with every plan
	parts int                         // of the arrival process
	incidents
}

// incidents are the moments at which something was done, ns since the job's start.
type incidents struct{ lost, joined int64 }

// ended is what the coordinator has come to.
type ended struct {
	out *job.Outcome
	err error
}

// Run runs a simulation: workers gather, the rate is changed, workers are lost and others come, and the job is stopped. The error is that
// of a broken promise, or of what kept it from being run.
func Run(ctx context.Context, c Config) (*Figures, error) {
	if err := c.complete(); err != nil {
		return nil, err
	}
	r := &run{Config: c, fig: &Figures{Config: c}, times: map[cluster.Phase]time.Time{}, seen: make(chan struct{}), ended: make(chan ended, 1)}
	ctx, cancel := context.WithCancel(ctx)
	var side sync.WaitGroup
	defer side.Wait()
	defer cancel()
	err := r.open(ctx, &side)
	if err == nil {
		err = r.story(ctx)
	}
	return r.fig, errors.Join(err, r.close())
}

// open starts bus, workers' process and coordinator.
func (r *run) open(ctx context.Context, side *sync.WaitGroup) (err error) {
	base := time.Now()
	r.clock = cluster.NewClock(base, base, r.Slow)
	if r.server, err = r.serve(ctx); err != nil {
		return err
	}
	url, token, err := r.server.where()
	if err != nil {
		return err
	}
	conf := FleetConfig{
		URL: url, Token: token, Spec: r.spec(), Base: base, Shown: base, Slow: r.Slow, Skew: r.Skew, PerConnection: r.PerConnection,
		Requests: r.Requests, Step: r.Step,
	}
	if r.crew, err = r.hire(conf); err != nil {
		return err
	}
	if r.bus, err = bus.Connect(ctx, bus.Config{URL: url, Token: token, Slow: r.Slow}); err != nil {
		return err
	}
	if r.mine, err = bus.Connect(ctx, bus.Config{URL: url, Token: token, Slow: r.Slow}); err != nil {
		return err
	}
	if err := r.feed(ctx, side); err != nil {
		return err
	}
	for r.job == nil {
		if r.job, err = r.mine.OpenJob(ctx, jobName); err != nil && !errors.Is(err, bus.ErrNotFound) {
			return err
		}
	}
	w, err := r.job.Watch(ctx, "plan")
	if err != nil {
		return err
	}
	side.Go(func() {
		for e := range w.Events() {
			r.note(e)
		}
	})
	return nil
}

func (r *run) serve(ctx context.Context) (server, error) {
	if r.Processes {
		p, err := start(RoleBus)
		if err != nil {
			return nil, err
		}
		return awayBus{p}, nil
	}
	s, err := bus.Serve(ctx, bus.ServerConfig{Logf: r.Logf})
	if err != nil {
		return nil, err
	}
	return hereBus{s}, nil
}

func (r *run) hire(conf FleetConfig) (crew, error) {
	if !r.Processes {
		f, err := newFleet(conf)
		if err != nil {
			return nil, err
		}
		return hereCrew{f}, nil
	}
	p, err := start(RoleWorkers)
	if err != nil {
		return nil, err
	}
	return awayCrew{p}, p.call("Begin", conf, &None{})
}

// feed runs the coordinator in the background.
func (r *run) feed(ctx context.Context, side *sync.WaitGroup) error {
	sp, err := spec.Parse("sim.yaml", []byte(r.spec()))
	if err != nil {
		return err
	}
	side.Go(func() {
		out, err := cluster.Feed(context.WithoutCancel(ctx), ctx, cluster.FeedConfig{
			Bus: r.bus, Spec: sp, Job: jobName, ID: "coordinator", Workers: r.Workers, Wait: time.Hour, Lease: r.Lease, Clock: r.clock,
			Version: "sim", Logf: func(format string, args ...any) { r.Logf("coordinator: "+format, args...) },
		})
		r.ended <- ended{out, err}
	})
	return nil
}

// note takes in the plan.
func (r *run) note(e bus.Event) {
	var p cluster.Plan
	if e.Synced || json.Unmarshal(e.Value, &p) != nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.times[p.Phase]; !ok {
		r.times[p.Phase] = r.clock.Now()
	}
	r.plan = p
	close(r.seen)
	r.seen = make(chan struct{})
}

// until waits until the plan has a phase, and returns when it had.
func (r *run) until(ctx context.Context, phase cluster.Phase) (time.Time, error) {
	for {
		r.mu.Lock()
		at, ok := r.times[phase]
		seen := r.seen
		r.mu.Unlock()
		if ok {
			return at, nil
		}
		select {
		case <-seen:
		case e := <-r.ended:
			return at, fmt.Errorf("sim: the job has ended before it was %s: %w", phase, e.err)
		case <-ctx.Done():
			return at, ctx.Err()
		}
	}
}

// since is a moment in the job's time.
func (r *run) since(at time.Time) int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return at.UnixNano() - r.plan.Start
}

func (r *run) sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-r.clock.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// order gives an order, and notes how long the answer took.
func (r *run) order(ctx context.Context, text string) (*cluster.Status, error) {
	began := time.Now()
	s, err := cluster.Control(ctx, r.job, text)
	r.fig.Control = max(r.fig.Control, time.Since(began))
	if err != nil {
		return nil, fmt.Errorf("sim: order %q: %w", text, err)
	}
	if b, err := json.Marshal(s); err == nil {
		r.fig.Answer = max(r.fig.Answer, len(b))
	}
	return s, nil
}

func (r *run) close() (err error) {
	if r.crew != nil {
		err = errors.Join(err, r.crew.close())
	}
	for _, b := range []*bus.Bus{r.bus, r.mine} {
		if b != nil {
			b.Close()
		}
	}
	if r.server != nil {
		err = errors.Join(err, r.server.close())
	}
	return err
}

// judge holds what was sent against the schedule.
func (r *run) judge(dues []int64) error {
	sp, err := spec.Parse("sim.yaml", []byte(r.spec()))
	if err != nil {
		return err
	}
	j, err := job.Prepare(sp, job.Options{})
	if err != nil {
		return err
	}
	defer j.Close()
	p, err := arrival.Splice(j.Process().Profile, r.plan.Changes...)
	if err != nil {
		return err
	}
	r.fig.Law, err = Judge(j.Process().Parts(r.parts), p, r.plan.End, dues)
	return err
}
