package cluster

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/iagoloadgen/iago/arrival"
	"github.com/iagoloadgen/iago/cluster/bus"
)

const (
	lookAround = 50 * time.Millisecond // how often the coordinator looks at everything
	readyWait  = 30 * time.Second      // workers that are not ready after this are not waited for

	// What all workers are told takes effect a moment later; see soon.
	startIn  = time.Second            // from all being ready to the start instant
	changeIn = 500 * time.Millisecond // a change of the rate, and the end
	handIn   = time.Second            // until a worker lets go of parts that another is to have
	giveIn   = 300 * time.Millisecond // until parts that were nobody's are somebody's
	spreadIn = 100 * time.Microsecond // and so much later for each worker that is there
)

// coordinator runs a job, while its process leads. All of it belongs to one goroutine, but for what says so.
type coordinator struct {
	job     *bus.Job
	clock   *Clock
	id      string
	spec    JobSpec
	base    arrival.Profile
	whole   *arrival.Parts
	lead    *leadership
	logf    func(string, ...any)
	wait    time.Duration // for workers, in Gathering
	collect time.Duration // for the results of those that do not answer, at the end

	plan     Plan
	planRev  uint64
	dirty    bool // plan must be written
	diary    diary
	lost     []*member // not told of yet
	members  *members
	parts    *parts
	feeds    map[string]Progress
	changed  map[string]bool // whose share must be written
	began    time.Time       // of this leadership
	prepared time.Time
	ending   time.Time
	looked   time.Time // at the queue's depth

	ahead   time.Duration // what the first coordinator's clock is ahead of ours
	orders  chan order
	events  chan bus.Event
	watched chan error
	ledger  *ledger
	abort   func() string // why the job is to be broken off; ""

	beats  sync.Map       // worker → the job's time of its last sign of life; written by the bus's goroutine
	ended  sync.Map       // worker → whether the bus knew, when its lease ended, that it was not connected any more
	asking sync.WaitGroup // of the bus, about that
}

// order is a request of somebody's, and where its answer goes.
type order struct {
	do     func(*coordinator) (any, error)
	answer chan reply
}

type reply struct {
	value any
	err   error
}

var errDeposed = errors.New("cluster: another process coordinates the job now")

// now is the job's time; below 0 before the start, or when that is not known.
func (c *coordinator) now() int64 {
	if c.plan.Start == 0 {
		return -1
	}
	return c.clock.Now().Add(c.ahead).UnixNano() - c.plan.Start
}

// soon is when something takes effect that all workers must know of by then, in ns from now.
func (c *coordinator) soon(in time.Duration) int64 {
	return int64(in + time.Duration(len(c.members.list))*spreadIn)
}

// run coordinates until the job is done, ctx ends or somebody else leads.
func (c *coordinator) run(ctx context.Context) error {
	defer c.asking.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if err := c.load(ctx); err != nil {
		return err
	}
	stops, err := c.listen()
	if err != nil {
		return err
	}
	defer func() {
		for _, stop := range stops {
			stop()
		}
	}()
	tick := c.clock.Ticker(lookAround)
	defer tick.Stop()
	renew := c.clock.Ticker(leadTerm / 6)
	defer renew.Stop()
	for c.plan.Phase != Done {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-renew.C:
			if !c.lead.renew(ctx) {
				return errDeposed
			}
		case e, ok := <-c.events:
			if !ok {
				return <-c.watched
			}
			c.note(e)
			continue
		case o := <-c.orders:
			c.catchUp()
			v, err := o.do(c)
			c.write(ctx)
			o.answer <- reply{v, err}
		case <-tick.C:
		}
		c.catchUp()
		if alive := c.members.alive(); c.plan.Phase == Running || c.plan.Phase == Ending {
			if err := c.ledger.tell(alive, c.now()); err != nil {
				c.logf("%v", err)
			}
		}
		if c.lead.leads() { // else it may be somebody else who does: wait for the bus to tell
			c.look(ctx)
			c.write(ctx)
		}
	}
	return nil
}

// load reads everything as it stands, and follows it from there.
func (c *coordinator) load(ctx context.Context) error {
	c.began = c.clock.Now()
	c.members, c.parts, c.feeds, c.changed = newMembers(), newParts(c.spec.Parts), map[string]Progress{}, map[string]bool{}
	c.events, c.watched = make(chan bus.Event, eventsAhead), make(chan error, 1)
	w, err := c.job.Watch(ctx, keyPlan, keyEvents, prefixShare, prefixLease, prefixFeed)
	if err != nil {
		return err
	}
	for e := range w.Events() {
		if e.Synced {
			break
		}
		c.note(e)
	}
	go func() {
		for e := range w.Events() {
			select {
			case c.events <- e:
			case <-ctx.Done():
				return
			}
		}
		err := w.Err()
		if err == nil {
			err = context.Canceled
		}
		c.watched <- err
		close(c.events)
	}()
	for _, m := range c.members.list {
		c.parts.take(m.id, m.share.Held)
		m.seen = c.began // as far as this process knows
		if m.shareRev != 0 {
			c.changed[m.id] = true // written anew, so that what a deposed coordinator may still write is refused
		}
	}
	if c.plan.Phase == "" {
		c.plan.Phase = Gathering
	}
	c.plan.Leader, c.dirty = c.id, true
	return c.align(ctx)
}

// align finds the job's time, if it has begun under another coordinator.
func (c *coordinator) align(ctx context.Context) error {
	if c.plan.Start == 0 {
		return nil
	}
	for _, m := range c.members.sorted() {
		if !m.alive() {
			continue
		}
		one, cancel := c.clock.Timeout(ctx, time.Second)
		sent := c.clock.Now()
		answer, err := c.job.Request(one, subjectWorker+m.id+"."+askClock, nil)
		trip := c.clock.Since(sent)
		cancel()
		at, e := decode[int64](askClock, answer)
		if err != nil || e != nil {
			continue
		}
		theirs := time.Unix(0, c.plan.Start).Add(time.Duration(at))
		c.ahead = theirs.Sub(sent.Add(trip / 2))
		return nil
	}
	return ctx.Err()
}

// eventsAhead is how many changes on the bus wait to be taken in at most.
const eventsAhead = 4096

// catchUp takes in what has come from the bus: a look at what was true a moment ago would find leases to have ended that have been
// renewed since. It does not wait, and leaves what comes meanwhile to the next time.
func (c *coordinator) catchUp() {
	for range eventsAhead {
		select {
		case e, ok := <-c.events:
			if !ok {
				return // run finds out
			}
			c.note(e)
		default:
			return
		}
	}
}

// note takes in a change on the bus.
func (c *coordinator) note(e bus.Event) {
	var err error
	switch {
	case e.Synced:
	case e.Key == keyPlan:
		if e.Revision > c.planRev && !e.Deleted {
			var p Plan
			if p, err = decode[Plan](e.Key, e.Value); err == nil {
				c.plan, c.planRev = p, e.Revision
			}
		}
	case e.Key == keyEvents:
		if e.Revision > c.diary.revision && !e.Deleted {
			err = c.diary.load(e)
		}
	case strings.HasPrefix(e.Key, prefixLease):
		err = c.members.noteLease(strings.TrimPrefix(e.Key, prefixLease), e, c.clock.Now())
	case strings.HasPrefix(e.Key, prefixShare):
		err = c.members.noteShare(strings.TrimPrefix(e.Key, prefixShare), e)
	case strings.HasPrefix(e.Key, prefixFeed):
		var f Progress
		if f, err = decode[Progress](e.Key, e.Value); err == nil {
			c.feeds[e.Key] = f
		}
	}
	if err != nil {
		c.logf("%v", err)
	}
}

// mark notes whose shares must be written.
func (c *coordinator) mark(ids []string) {
	for _, id := range ids {
		c.changed[id] = true
	}
}
