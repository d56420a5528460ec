package sim

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/iagoloadgen/iago/arrival"
	"github.com/iagoloadgen/iago/cluster"
	"github.com/iagoloadgen/iago/cluster/bus"
	"github.com/iagoloadgen/iago/job"
	"github.com/iagoloadgen/iago/spec"
)

// FleetConfig is what the workers of a simulation need to know.
type FleetConfig struct {
	URL, Token    string // of the bus
	Spec          string // of the job
	Base, Shown   time.Time
	Slow          float64       // with the two before: the clock of all
	Skew          time.Duration // a worker's own clock is off by up to this
	PerConnection int           // workers share connections, so many each
	Requests      int           // their figures are as large as those of so many requests a second
	Step          time.Duration // how often a worker looks for what is due
}

// fleet is many workers in this process.
type fleet struct {
	c       FleetConfig
	clock   *cluster.Clock
	process arrival.Process
	fill    *filler
	running sync.WaitGroup

	mu    sync.Mutex
	lines []*line
	count int
	errs  []error
}

// line is a connection and the workers on it.
type line struct {
	bus     *bus.Bus
	kill    context.CancelFunc
	workers []*notes
	lost    bool
}

func newFleet(c FleetConfig) (*fleet, error) {
	sp, err := spec.Parse("sim.yaml", []byte(c.Spec))
	if err != nil {
		return nil, err
	}
	j, err := job.Prepare(sp, job.Options{})
	if err != nil {
		return nil, err
	}
	defer j.Close()
	return &fleet{c: c, clock: cluster.NewClock(c.Base, c.Shown, c.Slow), process: j.Process(), fill: newFiller(c.Requests)}, nil
}

// join has n more workers join the job.
func (f *fleet) join(ctx context.Context, n int) error {
	var all sync.WaitGroup
	var mu sync.Mutex
	var errs []error
	gate := make(chan struct{}, 32)
	for n > 0 {
		here := min(n, f.c.PerConnection)
		n -= here
		gate <- struct{}{}
		all.Go(func() {
			defer func() { <-gate }()
			if err := f.connect(ctx, here); err != nil {
				mu.Lock()
				errs = append(errs, err)
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// connect makes one connection with n workers.
func (f *fleet) connect(ctx context.Context, n int) error {
	b, err := bus.Connect(ctx, bus.Config{URL: f.c.URL, Token: f.c.Token, Timeout: time.Minute, Slow: f.c.Slow})
	if err != nil {
		return err
	}
	kill, end := context.WithCancel(context.Background())
	l := &line{bus: b, kill: end}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lines = append(f.lines, l)
	for range n {
		own := &notes{clock: f.clock, rates: map[float64]time.Time{}}
		l.workers = append(l.workers, own)
		f.count++
		name := fmt.Sprintf("w%05d", f.count)
		f.running.Go(func() { f.work(kill, l, name, own) })
	}
	return nil
}

// work is one worker.
func (f *fleet) work(kill context.Context, l *line, name string, own *notes) {
	skew := time.Duration(rand.Int64N(2*int64(f.c.Skew)+1)) - f.c.Skew
	clock := cluster.NewClock(f.c.Base, f.c.Shown.Add(skew), f.c.Slow)
	err := cluster.Work(context.Background(), kill, cluster.WorkerConfig{
		Bus: l.bus, Job: jobName, Name: name, Version: "sim", Clock: clock, Keep: time.Minute,
		StandIn: &cluster.StandIn{Process: f.process, New: func(parts *arrival.Parts, s job.Share) cluster.Sender {
			return &sender{
				clock: clock, share: s, parts: parts.Share(0, 1), notes: own, every: f.c.Step, fill: f.fill, wake: make(chan struct{}, 1),
			}
		}},
	})
	f.mu.Lock()
	defer f.mu.Unlock()
	if err != nil && !l.lost {
		f.errs = append(f.errs, fmt.Errorf("sim: worker %s: %w", name, err))
	}
}

// Loss is workers that were lost at a moment.
type Loss struct {
	At        time.Time // by the clock of all
	Dead, Cut int       // workers that are no more; that have only lost the bus, for good
}

// lose takes about n workers away at once, by connections: every other connection's die, the others' are cut off.
func (f *fleet) lose(n int) (out Loss) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var victims []*line
	for _, l := range f.lines {
		if !l.lost && n > 0 {
			l.lost = true
			n -= len(l.workers)
			victims = append(victims, l)
		}
	}
	out.At = f.clock.Now()
	for i, l := range victims {
		if i%2 == 0 {
			l.kill()
			out.Dead += len(l.workers)
		} else {
			out.Cut += len(l.workers)
		}
		l.bus.Close()
	}
	return out
}

// Knowledge is how far something has come among the workers that are not lost.
type Knowledge struct {
	Workers, Know int
	First, Last   time.Time // when the first and the last of them came to know
}

func (k *Knowledge) add(at time.Time) {
	k.Workers++
	if at.IsZero() {
		return
	}
	k.Know++
	if k.First.IsZero() || at.Before(k.First) {
		k.First = at
	}
	if at.After(k.Last) {
		k.Last = at
	}
}

// each calls fn with every worker that is not lost; skip leaves out the oldest.
func (f *fleet) each(skip int, fn func(*notes)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, l := range f.lines {
		for _, n := range l.workers {
			if skip--; skip < 0 && !l.lost {
				n.mu.Lock()
				fn(n)
				n.mu.Unlock()
			}
		}
	}
}

// knowRate tells how far a plan with a rate has come.
func (f *fleet) knowRate(rate float64) (k Knowledge) {
	f.each(0, func(n *notes) { k.add(n.rates[rate]) })
	return k
}

// holding tells how many have parts, without the oldest workers, and how unevenly.
func (f *fleet) holding(skip int) (k Knowledge, least, most int) {
	least = 1 << 30
	f.each(skip, func(n *notes) {
		k.add(n.held)
		least, most = min(least, n.parts), max(most, n.parts)
	})
	return k, least, most
}

// dues ends the fleet and returns when everything was due that was sent, in order.
func (f *fleet) dues() ([]int64, error) {
	f.mu.Lock()
	for _, l := range f.lines {
		if l.lost {
			l.kill()
		}
	}
	f.mu.Unlock()
	f.running.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	var all []int64
	for _, l := range f.lines {
		l.kill()
		l.bus.Close()
		for _, n := range l.workers {
			all = append(all, n.dues...)
		}
	}
	f.lines = nil
	slices.Sort(all)
	return all, errors.Join(f.errs...)
}

// close ends everything at once.
func (f *fleet) close() {
	f.mu.Lock()
	for _, l := range f.lines {
		l.lost = true
		l.kill()
		l.bus.Close()
	}
	f.lines = nil
	f.mu.Unlock()
	f.running.Wait()
}
