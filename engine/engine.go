package engine

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/iagoloadgen/iago/internal/poller"
	"github.com/iagoloadgen/iago/measure"
	"github.com/iagoloadgen/iago/transport"
)

// Orders from outside, obeyed by every shard at its next pass.
const (
	orderNone int32 = iota
	orderStop
	orderBreak
)

const (
	bufSize     = 256 << 10
	startIn     = 5 * time.Millisecond // from everything being ready to the start instant
	sourceGrace = time.Second          // a source that is in the middle of a read is waited for so long at the end
	primeWait   = 2 * time.Second      // at most so long are records waited for before the start
	stageWait   = 40 * time.Second     // and, where a program makes the requests, at most so long for the first of them
)

// Engine is one run. Stop and Break may be called from any goroutine.
type Engine struct {
	engine
}

// engine is what the shards see of their run.
type engine struct {
	cfg      Config
	ctx      context.Context // ends when all shards have
	cancel   context.CancelFunc
	order    atomic.Int32
	endMu    sync.Mutex
	end      End
	err      error
	roster   *roster
	set      atomic.Pointer[targetSet] // the newest: the shards take it over at their next pass
	agreed   atomic.Pointer[targetSet] // the newest that all shards have: requests are prepared for it
	presence attendance
	router   transport.Router // nil: targets are used in rotation
	resolver *resolver
	dials    sync.WaitGroup
	prod     *producer
	answers  *responder // nil: nobody wants to see outcomes
	shards   []*shard
	start    time.Time

	pollerName string

	// Tests put a clock and a network of their own here.
	newPoller func() (poller.Poller, error)
	newClock  func() func() int64
}

// New checks c and prepares a run; nothing is sent and no goroutine started.
func New(c Config) (*Engine, error) {
	c.Shards, c.Poller, c.Pipeline = max(c.Shards, 1), cmp.Or(c.Poller, poller.Auto), max(c.Pipeline, 1)
	if err := c.check(); err != nil {
		return nil, err
	}
	e := &Engine{}
	e.cfg = c
	e.newPoller = e.poller
	e.router, _ = c.Codec.(transport.Router)
	e.roster = newRoster(&e.engine, c.Targets)
	return e, nil
}

// poller makes a shard's poller and notes which it is.
func (e *engine) poller() (poller.Poller, error) {
	p, which, err := poller.New(e.cfg.Poller)
	e.endMu.Lock()
	defer e.endMu.Unlock()
	e.pollerName = which
	return p, err
}

// Started is the start instant, from which due times count. It is known from the first interval on.
func (e *Engine) Started() time.Time { return e.start }

// Stop ends the schedule; what is on its way still gets its outcome. The first reason given stands.
func (e *engine) Stop(why End) { e.tell(orderStop, why) }

// Break ends the run at once; requests under way are left without an outcome.
func (e *engine) Break(why End) { e.tell(orderBreak, why) }

func (e *engine) tell(order int32, why End) {
	e.ends(why)
	for {
		o := e.order.Load()
		if o >= order || e.order.CompareAndSwap(o, order) {
			break
		}
	}
	e.wake()
}

// wake has the shards look at what they have been told.
func (e *engine) wake() {
	e.endMu.Lock()
	defer e.endMu.Unlock()
	for _, s := range e.shards {
		if s.poll != nil {
			s.poll.Wake()
		}
	}
}

func (e *engine) ends(why End) {
	e.endMu.Lock()
	defer e.endMu.Unlock()
	if e.end == "" {
		e.end = why
	}
}

func (e *engine) sourceEnded() { e.ends(EndSource) }

// fail notes the first error that a run cannot go on with.
func (e *engine) fail(err error) {
	e.endMu.Lock()
	defer e.endMu.Unlock()
	if e.err == nil {
		e.err = err
	}
}

func (e *engine) logf(format string, args ...any) {
	if e.cfg.Logf != nil {
		e.cfg.Logf(format, args...)
	}
}

// Run runs to the end. When ctx ends, the schedule stops as by Stop(EndInterrupted). The result holds also beside an error;
// an error before the start (a name that does not resolve) leaves it empty.
func (e *Engine) Run(ctx context.Context) (Result, error) {
	e.ctx, e.cancel = context.WithCancel(context.WithoutCancel(ctx))
	defer e.cancel()
	e.roster.enter(rosterWaiting)
	if err := e.discover(ctx); err != nil {
		return Result{}, err
	}
	if err := e.resolver.start(ctx); err != nil {
		return Result{}, err
	}
	if e.cfg.Stage != nil {
		if err := e.cfg.Stage.Open(e.cfg.Source.Read); err != nil {
			return Result{}, err
		}
	}
	closeStage := sync.OnceFunc(e.closeStage)
	defer closeStage()
	// Shards keep their Ps while they wait; the producer, the collector and the garbage collector need some too.
	if n := e.cfg.Shards + 2; runtime.GOMAXPROCS(0) < n {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(n))
	}
	var side sync.WaitGroup
	defer side.Wait()
	defer e.dials.Wait()
	defer e.cancel()
	defer e.roster.enter(rosterClosed)
	side.Go(func() { e.resolver.follow(e.ctx, e.cfg.Resolve) })
	col := newCollector(e.cfg.Shards, e.cfg.OnInterval)
	if err := e.build(col); err != nil {
		return Result{}, err
	}
	var run sync.WaitGroup
	if err := e.launch(ctx, &run); err != nil {
		return Result{}, err
	}
	if e.answers != nil {
		go e.answers.run()
	}
	if e.prod != nil && e.prod.marks != nil {
		side.Go(func() { e.prod.marks.run(e.ctx.Done()) })
	}
	stop := context.AfterFunc(ctx, func() { e.Stop(EndInterrupted) })
	defer stop()
	run.Go(col.run)
	run.Wait()
	elapsed := time.Since(e.start)
	e.cancel()
	closeStage()
	if e.answers != nil {
		e.answers.end()
	}
	e.prod.await(sourceGrace)
	return e.result(col, elapsed), e.err
}

// closeStage ends what reads the source by itself. Then the producer and the responder, which may wait for it, go on.
func (e *engine) closeStage() {
	if e.cfg.Stage == nil {
		return
	}
	if err := e.cfg.Stage.Close(); err != nil {
		e.logf("processor: %v", err)
	}
}

// launch starts the producer and the shards, and gives them their start instant when all are ready.
func (e *Engine) launch(ctx context.Context, run *sync.WaitGroup) error {
	if e.prod != nil {
		go e.prod.run()
		e.prod.prime(ctx)
		if err := e.prod.fruitless(); err != nil {
			return err
		}
	}
	ready := make(chan error, len(e.shards))
	begin := make(chan struct{})
	polls := make([]poller.Poller, len(e.shards))
	failed := false
	for i, s := range e.shards {
		run.Go(func() {
			var err error
			polls[i], err = lockAndPoll(e.newPoller)
			ready <- err
			<-begin
			if !failed {
				s.loop()
			} else if polls[i] != nil {
				polls[i].Shut()
			}
		})
	}
	var first error
	for range e.shards {
		if err := <-ready; err != nil && first == nil {
			first = fmt.Errorf("engine: %w", err)
		}
	}
	if first == nil {
		first = e.startClock(ctx)
	}
	failed = first != nil
	e.endMu.Lock()
	for i, s := range e.shards {
		s.poll = polls[i]
		if !failed { // else it may be that there is none
			s.clock = e.newClock()
		}
	}
	e.endMu.Unlock()
	close(begin)
	if failed {
		run.Wait()
	}
	return first
}

// lockAndPoll ties the goroutine to its thread for good and makes its poller there: the thread's timer slack is set, so
// the thread ends with the goroutine.
func lockAndPoll(newPoller func() (poller.Poller, error)) (poller.Poller, error) {
	runtime.LockOSThread()
	return newPoller()
}

// startClock sets the start instant: the agreed one, or a moment from now.
func (e *Engine) startClock(ctx context.Context) (err error) {
	e.start = time.Now().Add(startIn)
	if e.cfg.Begin != nil {
		if e.start, err = e.cfg.Begin(ctx); err != nil {
			return err
		}
	}
	if e.newClock == nil {
		start := e.start
		e.newClock = func() func() int64 { return func() int64 { return int64(time.Since(start)) } }
	}
	if l := e.cfg.Live; l != nil {
		for _, s := range e.shards {
			s.steered.shift = int64(l.base.Sub(e.start))
		}
		wake := e.wake
		l.wake.Store(&wake)
	}
	return nil
}

// build makes the shards and, unless one fixed request is sent, the producer.
func (e *Engine) build(col *collector) error {
	n := e.cfg.Shards
	if err := e.roster.begin(n); err != nil {
		return err
	}
	if e.cfg.Fixed == nil {
		e.prod = newProducer(&e.engine, n)
	}
	if e.cfg.Responder != nil {
		e.answers = newResponder(&e.engine, e.cfg.Responder)
	}
	for i := range n {
		s := &shard{
			e: &e.engine, cfg: &e.cfg, id: i, rotate: i, nextTidy: tidyEvery,
			share:  e.share(i),
			handed: make(chan handover, 64),
			buf:    make([]byte, bufSize), events: make([]poller.Event, 512),
			waiter: waiter{mode: e.cfg.Wait, margin: 20_000},
			now:    -1,
		}
		if e.prod != nil {
			s.feed = e.prod.feeds[i]
		}
		if d, ok := e.cfg.Codec.(transport.Datagrams); ok && e.cfg.Targets[0].Datagram {
			s.sockets = newSockets(d, n, e.cfg.Keep)
		}
		if e.answers != nil {
			s.desk = newDesk(e.answers, max(e.cfg.FollowUps.Pending/n, 1))
			e.answers.desks = append(e.answers.desks, s.desk)
		}
		switch {
		case e.cfg.Live != nil:
			s.steered = e.cfg.Live.newSteered(i, n)
			s.sched = s.steered.share
		case e.cfg.Closed:
			s.closed.idle = s.share.connections * e.cfg.Pipeline
		default:
			s.sched = e.cfg.Schedule(i, n)
		}
		s.rec = recorder{
			cur: measure.NewInterval(), out: col.in, id: i, spare: col.spare, nextTick: second, warm: int64(e.cfg.Warmup),
			sample: measure.NewSample(e.cfg.Seed + uint64(i)), codec: e.cfg.Codec,
		}
		s.adopt(e.set.Load())
		s.rec.only = len(s.fixed) > 0 && s.fixed[0].req.Label != ""
		s.prime()
		e.shards = append(e.shards, s)
	}
	e.roster.goOn()
	return nil
}

// share is shard i's part of the limits. A limit that cannot be divided is rounded so that the parts add up.
func (e *Engine) share(i int) share {
	part := func(total int) int {
		if total <= 0 {
			return 0
		}
		p := total / e.cfg.Shards
		if i < total%e.cfg.Shards {
			p++
		}
		return max(p, 1)
	}
	s := share{
		connections: part(e.cfg.Connections), perTarget: part(e.cfg.Pool.PerTarget), descriptors: part(e.cfg.Descriptors), n: math.MaxInt64,
	}
	if e.cfg.N > 0 {
		s.n = e.cfg.N / int64(e.cfg.Shards)
		if int64(i) < e.cfg.N%int64(e.cfg.Shards) {
			s.n++
		}
	}
	return s
}
