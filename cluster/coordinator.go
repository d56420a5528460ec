package cluster

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/iagoloadgen/iago/arrival"
	"github.com/iagoloadgen/iago/cluster/bus"
)

const (
	lookAround = 50 * time.Millisecond // how often the coordinator looks at everything
	startIn    = time.Second           // from all being ready to the start instant
	changeIn   = 500 * time.Millisecond
	handIn     = time.Second            // until a worker lets go of parts that another is to have
	giveIn     = 300 * time.Millisecond // until parts that were nobody's are somebody's
	readyWait  = 30 * time.Second       // workers that are not ready after this are not waited for
)

// coordinator runs a job, while its process leads. All of it belongs to one goroutine, but for what says so.
type coordinator struct {
	job     *bus.Job
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
	members  members
	parts    parts
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
	return time.Now().Add(c.ahead).UnixNano() - c.plan.Start
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
	tick := time.NewTicker(lookAround)
	defer tick.Stop()
	renew := time.NewTicker(leadTerm / 6)
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
			v, err := o.do(c)
			c.write(ctx)
			o.answer <- reply{v, err}
		case <-tick.C:
		}
		if alive := c.members.alive(); c.plan.Phase == Running || c.plan.Phase == Ending {
			c.ledger.tell(alive, c.now())
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
	c.began = time.Now()
	c.members, c.parts, c.feeds, c.changed = members{}, make(parts, c.spec.Parts), map[string]Progress{}, map[string]bool{}
	c.events, c.watched = make(chan bus.Event, 256), make(chan error, 1)
	w, err := c.job.Watch(ctx, keyPlan, prefixShare, prefixLease, prefixFeed)
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
	for id, m := range c.members {
		c.parts.take(id, m.share.Held)
		m.seen = c.began // as far as this process knows
		if m.shareRev != 0 {
			c.changed[id] = true // written anew, so that what a deposed coordinator may still write is refused
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
		one, cancel := context.WithTimeout(ctx, time.Second)
		sent := time.Now()
		answer, err := c.job.Request(one, subjectWorker+m.id+"."+askClock, nil)
		trip := time.Since(sent)
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
	case strings.HasPrefix(e.Key, prefixLease):
		err = c.members.noteLease(strings.TrimPrefix(e.Key, prefixLease), e)
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

// write puts on the bus what has changed. What is refused or not answered is tried again at the next look.
func (c *coordinator) write(ctx context.Context) {
	for id := range c.changed {
		if c.writeShare(ctx, c.members.get(id)) {
			delete(c.changed, id)
		}
	}
	if !c.dirty {
		return
	}
	one, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	rev, err := c.put(one, keyPlan, encode(c.plan), c.planRev)
	if err != nil {
		c.logf("plan: %v", err)
		c.planRev = c.reread(one, keyPlan, c.planRev)
		return
	}
	c.planRev, c.dirty = rev, false
}

func (c *coordinator) put(ctx context.Context, key string, value []byte, revision uint64) (uint64, error) {
	if revision == 0 {
		return c.job.Create(ctx, key, value)
	}
	return c.job.Update(ctx, key, value, revision)
}

// reread returns the revision that a key has now.
func (c *coordinator) reread(ctx context.Context, key string, revision uint64) uint64 {
	if e, err := c.job.Get(ctx, key); err == nil {
		return e.Revision
	}
	return revision
}

// writeShare tells a worker what is its own.
func (c *coordinator) writeShare(ctx context.Context, m *member) bool {
	one, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	next := Share{Seq: m.share.Seq + 1, Life: m.lease.Life, Held: c.parts.held(m.id), Had: m.share.Had}
	rev, err := c.put(one, prefixShare+m.id, encode(next), m.shareRev)
	if err != nil {
		c.logf("share of %s: %v", m.id, err)
		// It may have been written all the same, or another be there, and the worker work by it: its number is not used again, since what the
		// worker confirms by it is not what the next one says.
		m.share.Seq = next.Seq
		if e, err := c.job.Get(one, prefixShare+m.id); err == nil {
			there, _ := decode[Share](e.Key, e.Value)
			m.shareRev, m.share.Seq = e.Revision, max(next.Seq, there.Seq)
		}
		return false
	}
	m.share, m.shareRev = next, rev
	return true
}

// event notes something that a reader of the results should know of.
func (c *coordinator) event(format string, args ...any) {
	e := Event{At: c.now(), Text: fmt.Sprintf(format, args...)}
	c.plan.Events = append(c.plan.Events, e)
	c.dirty = true
	c.logf("%s", e.Text)
}

// mark notes whose shares must be written.
func (c *coordinator) mark(ids []string) {
	for _, id := range ids {
		c.changed[id] = true
	}
}
