package cluster

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/iagoloadgen/iago/arrival"
	"github.com/iagoloadgen/iago/cluster/bus"
	"github.com/iagoloadgen/iago/engine"
	"github.com/iagoloadgen/iago/job"
	"github.com/iagoloadgen/iago/spec"
)

// WorkerConfig is what a worker needs to know beside its job.
type WorkerConfig struct {
	Bus       *bus.Bus
	Job       string // its name; "": the first that is there and has not ended
	Name      string // of the worker; "": the machine's name. A number is added where there is one of that name already
	AllowExec bool   // a spec may have it run an outside program
	Version   string
	Poller    string
	Clock     *Clock        // of a simulation; nil: the machine's
	StandIn   *StandIn      // of a simulation, for the engine; nil: none
	Keep      time.Duration // results are offered to the bus for so long after the job; 0: an hour
	Logf      func(format string, args ...any)
}

// ErrNoExec says that a worker was asked to run an outside program and may not.
var ErrNoExec = errors.New("the job runs an outside program, and this worker may not: start it with --allow-exec if you trust whoever writes the job's spec")

const (
	lookEvery = 200 * time.Millisecond
	lookLeast = time.Second
)

// worker is one worker on one job.
type worker struct {
	c     WorkerConfig
	job   *bus.Job
	spec  JobSpec
	id    string
	logf  func(string, ...any)
	tail  *tail
	parts *arrival.Parts
	base  arrival.Profile
	held  *holder
	out   *outbox
	src   *queued // nil: no records over the bus
	clock offset

	mu      sync.Mutex
	plan    Plan
	share   Share
	changed chan struct{} // closed and made anew with every change of plan or share

	steerMu  sync.Mutex // one at a time: plans and leases are given to the engine
	start    time.Time  // zero: not known
	until    time.Time  // of the lease that the engine knows
	leaving  int64      // ns since the start: nothing after it is its own; 0: it stays
	from     int64      // nothing before is its own: it has been cut off until then
	stints   stints
	next     int64         // ns since the start: a part that is still held from before is held anew then; Forever: none is
	under    Share         // what the engine works by
	given    *arrival.Plan // the last one
	profile  arrival.Profile
	changes  int // that profile has
	arrivals int64
	sender   Sender // nil: not made yet
}

// Work finds the job, sends its share of the load until the job is over, and leaves its results on the bus. When ctx ends, the worker
// leaves the job; when kill ends, at once.
func Work(ctx, kill context.Context, c WorkerConfig) error {
	if c.Logf == nil {
		c.Logf = func(string, ...any) {}
	}
	j, err := findJob(ctx, c.Clock, c.Bus, c.Job)
	if err != nil {
		return err
	}
	w := &worker{c: c, job: j, tail: newTail(), changed: make(chan struct{})}
	w.logf = func(format string, args ...any) {
		line := fmt.Sprintf(format, args...)
		w.tail.add(line)
		c.Logf("%s", line)
	}
	return w.work(ctx, kill)
}

func (w *worker) work(ctx, kill context.Context) error {
	entry, err := w.job.Get(ctx, keySpec)
	if err != nil {
		return fmt.Errorf("cluster: job %s: %w", w.job.Name(), err)
	}
	if w.spec, err = decode[JobSpec](keySpec, entry.Value); err != nil {
		return err
	}
	sp, clean, err := w.unpack()
	if err != nil {
		return err
	}
	defer clean()
	if err := w.join(ctx); err != nil {
		return err
	}
	w.logf("worker %s: joined job %s", w.id, w.job.Name())
	run, stop := context.WithCancel(context.Background())
	defer stop()
	var side sync.WaitGroup
	defer side.Wait()
	defer stop()
	side.Go(func() { w.held.run(run) })
	side.Go(func() { w.watch(run) })
	if err := w.listen(run, &side); err != nil {
		return err
	}
	err = w.serve(ctx, kill, sp)
	end, cancel := w.c.Clock.Timeout(context.WithoutCancel(ctx), w.keep())
	defer cancel()
	stopKill := context.AfterFunc(kill, cancel)
	defer stopKill()
	why := ""
	if err != nil {
		why = err.Error()
		w.held.change(func(l *Lease) { l.Input = job.BadInput(err) })
	}
	stop()
	side.Wait()
	return errors.Join(err, w.out.close(end, w.keep()), w.held.leave(end, why))
}

func (w *worker) keep() time.Duration {
	if w.c.Keep > 0 {
		return w.c.Keep
	}
	return time.Hour
}

// gone ends the worker when its job has been removed from the bus.
func (w *worker) gone() {
	w.update(func() { w.plan.Kill, w.plan.Stop = true, "the job was removed from the bus" })
}

// update changes what is known of the job and wakes those who wait for it.
func (w *worker) update(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f()
	close(w.changed)
	w.changed = make(chan struct{})
}

// known returns the plan, the share, and what is closed when they change.
func (w *worker) known() (Plan, Share, <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.plan, w.share, w.changed
}

// watch follows the plan and the share.
func (w *worker) watch(ctx context.Context) {
	for ctx.Err() == nil {
		watcher, err := w.job.Watch(ctx, keyPlan, prefixShare+w.id)
		if err != nil {
			w.logf("watch: %v", err)
			w.c.Clock.Sleep(lookEvery)
			continue
		}
		for e := range watcher.Events() {
			w.note(e)
		}
		if errors.Is(watcher.Err(), bus.ErrNotFound) {
			w.gone()
			return
		}
		select {
		case <-ctx.Done():
		case <-w.c.Clock.After(lookEvery):
		}
	}
}

func (w *worker) note(e bus.Event) {
	if e.Synced || e.Deleted {
		return
	}
	switch e.Key {
	case keyPlan:
		p, err := decode[Plan](e.Key, e.Value)
		if err != nil {
			w.logf("%v", err)
			return
		}
		w.update(func() { w.plan = p })
	case prefixShare + w.id:
		s, err := decode[Share](e.Key, e.Value)
		if err != nil {
			w.logf("%v", err)
			return
		}
		w.update(func() { w.share = s })
	}
}

// serve gets ready, runs the engine and says the last word.
func (w *worker) serve(ctx, kill context.Context, sp *spec.Spec) error {
	if sp != nil && !sp.Processor.IsZero() && len(sp.Processor.Exec) > 0 && !w.c.AllowExec {
		w.held.change(func(l *Lease) { l.NoExec = true })
		return ErrNoExec
	}
	if ok, err := w.await(ctx, kill); !ok {
		return err
	}
	if ok, err := w.equip(ctx, kill, sp); !ok {
		return err
	}
	done := make(chan struct{})
	var steering sync.WaitGroup
	watching, stop := context.WithCancel(context.WithoutCancel(ctx))
	steering.Go(func() { w.follow(ctx, kill, done) })
	if w.src != nil {
		steering.Go(func() { w.alone(watching) })
	}
	part, err := w.sender.Wait(context.WithoutCancel(ctx))
	stop()
	close(done)
	steering.Wait()
	if w.start.IsZero() { // it never began
		if errors.Is(err, errOver) {
			err = nil
		}
		return err
	}
	w.last(part, err)
	w.held.change(func(l *Lease) { l.Over = err == nil && part.End != engine.EndInterrupted })
	return err
}

// errOver says that the job ended before this worker began.
var errOver = errors.New("cluster: the job was over before this worker began")

// await waits until enough workers are there; false: there is nothing to do any more.
func (w *worker) await(ctx, kill context.Context) (bool, error) {
	for {
		plan, _, changed := w.known()
		switch {
		case plan.Kill, plan.Phase == Ending, plan.Phase == Done:
			return false, nil
		case plan.Phase == Preparing, plan.Phase == Running:
			return true, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return false, nil
		case <-kill.Done():
			return false, nil
		}
	}
}

// begin says that the worker is ready, and waits for the start instant.
func (w *worker) begin(ctx, kill context.Context) (time.Time, error) {
	if err := w.compare(ctx); err != nil {
		return time.Time{}, err
	}
	w.held.change(func(l *Lease) {
		l.State, l.Offset, l.Error = Ready, int64(w.clock.ahead), int64(w.clock.within)
	})
	for {
		plan, _, changed := w.known()
		switch {
		case plan.Kill, plan.Phase == Ending, plan.Phase == Done:
			return time.Time{}, errOver
		case plan.Start != 0:
			now := w.c.Clock.Now()
			begin := now.Add(time.Unix(0, plan.Start).Sub(now.Add(w.clock.ahead)))
			w.steerMu.Lock()
			w.start = begin
			w.steer(true)
			w.steerMu.Unlock()
			w.held.change(func(l *Lease) { l.State = Sending })
			return begin, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return time.Time{}, errOver
		case <-kill.Done():
			return time.Time{}, errOver
		}
	}
}

// compare compares clocks; a job that is under way has somebody to ask, sooner or later.
func (w *worker) compare(ctx context.Context) error {
	for {
		o, err := askTime(ctx, w.c.Clock, w.job)
		if err == nil {
			w.clock = o
			w.logf("clock: the coordinator's is ahead by %v, within %v", o.ahead, o.within)
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		w.logf("clock: %v", err)
		w.c.Clock.Sleep(lookEvery)
	}
}
