package cluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/iagoloadgen/iago/arrival"
	"github.com/iagoloadgen/iago/cluster/bus"
)

// look does what the moment asks for.
func (c *coordinator) look(ctx context.Context) {
	c.bury(ctx)
	switch c.plan.Phase {
	case Gathering:
		c.gather()
	case Preparing:
		c.ready()
	case Running:
		c.keep(ctx)
	case Ending:
		c.close()
	}
}

// bury ends the leases of workers that have not renewed them, and takes back what those that have gone had.
func (c *coordinator) bury(ctx context.Context) {
	after := c.spec.Lease + margin(c.spec.Lease)
	for id, m := range c.members {
		if m.alive() && time.Since(m.seen) > after && time.Since(m.tried) > c.spec.Lease/10 {
			c.expire(ctx, m)
		}
		if !m.alive() && !m.counted && m.revision != 0 {
			m.counted = true
			if c.spec.Direct && m.lease.State == Left && m.lease.Why == "" && c.plan.Stop == "" && !c.plan.Fed && c.plan.Phase == Running {
				c.plan.Fed, c.plan.FedAt = true, c.now()
				c.event("worker %s has read its part of the records to the end", id)
			}
			if !c.tidy(m) && c.plan.Phase != Ending {
				c.event("%s", c.obituary(m))
			}
			if m.lease.State == Expired {
				c.asking.Go(func() { c.ask(ctx, id) })
			}
			m.share.Had = append(m.share.Had, before(c.parts.held(id), c.leaseEnd(m))...)
			c.parts.free(id)
			if m.shareRev != 0 {
				c.changed[id] = true
			}
		}
		if m.alive() {
			m.counted = false
		}
	}
}

// tidy tells whether a worker has left because there was nothing more to do.
func (c *coordinator) tidy(m *member) bool {
	over := c.plan.Fed || c.plan.End > 0 && c.now() >= c.plan.End
	return over && m.lease.State == Left && m.lease.Why == ""
}

// leaseEnd is until when a worker that is not there any more may have sent, ns since the start.
func (c *coordinator) leaseEnd(m *member) int64 {
	if m.lease.State == Expired {
		return c.now() - int64(max(time.Since(m.seen)-c.spec.Lease, 0))
	}
	return c.now()
}

func (c *coordinator) obituary(m *member) string {
	switch {
	case m.lease.NoExec:
		return fmt.Sprintf("worker %s may not run outside programs (--allow-exec) and does not take part", m.id)
	case m.lease.State == Left && m.lease.Why != "":
		return fmt.Sprintf("worker %s has left: %s", m.id, m.lease.Why)
	case m.lease.State == Left:
		return fmt.Sprintf("worker %s has left", m.id)
	}
	return fmt.Sprintf("worker %s has not been heard of for %v: its lease has ended, and its share goes to the others", m.id, time.Since(m.seen).Round(100*time.Millisecond))
}

// expire ends a lease by compare-and-set: a renewal that is on its way is refused from then on. If one has come before, the
// worker lives, and this is refused.
func (c *coordinator) expire(ctx context.Context, m *member) {
	one, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	l := m.lease
	l.State = Expired
	rev, err := c.job.Update(one, prefixLease+m.id, encode(l), m.revision)
	if err != nil {
		m.tried = time.Now() // look again soon; the watcher tells what has happened meanwhile
		return
	}
	m.lease, m.revision = l, rev
}

// ask finds out whether the bus has lost a worker's connection, as it has when the process has ended and its machine has not. One that
// is cut off may have sent until its lease ended.
func (c *coordinator) ask(ctx context.Context, id string) {
	one, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	_, err := c.job.Request(one, subjectWorker+id+"."+askClock, nil)
	c.ended.Store(id, errors.Is(err, bus.ErrNobody))
}

// gather waits for the wanted number of workers.
func (c *coordinator) gather() {
	alive := c.members.alive()
	if c.plan.Stop != "" {
		c.finishEarly()
		return
	}
	waited := time.Since(c.began)
	switch {
	case len(alive) >= c.spec.Workers:
		if len(alive) > c.spec.Workers {
			c.event("%d workers are there, though only %d were asked for: all take part", len(alive), c.spec.Workers)
		}
	case waited > c.wait:
		c.plan.Stop = fmt.Sprintf("%d of %d workers had come after %v", len(alive), c.spec.Workers, c.wait)
		if why := c.members.failed(); why != "" {
			c.plan.Stop += "; " + why
		}
		c.finishEarly()
		return
	default:
		return
	}
	c.mark(c.parts.deal(alive, 0))
	c.plan.Phase, c.dirty = Preparing, true
	c.prepared = time.Now()
}

// finishEarly ends a job that has not begun.
func (c *coordinator) finishEarly() {
	c.plan.Phase, c.plan.Kill, c.dirty = Ending, true, true
	c.ending = time.Now()
}

// ready sets the start instant once all workers are.
func (c *coordinator) ready() {
	alive := c.members.alive()
	if c.plan.Stop != "" || len(alive) == 0 {
		if c.plan.Stop == "" {
			c.plan.Stop = cmp.Or(c.members.failed(), "no worker is left that could begin")
		}
		c.finishEarly()
		return
	}
	c.mark(c.parts.deal(alive, 0))
	waiting := 0
	for _, id := range alive {
		if m := c.members[id]; m.lease.State != Ready && len(m.share.Held) > 0 {
			waiting++
		}
	}
	if waiting > 0 && (c.prepared.IsZero() || time.Since(c.prepared) < readyWait) {
		if c.prepared.IsZero() {
			c.prepared = time.Now()
		}
		return
	}
	if waiting > 0 {
		c.event("%d workers were not ready after %v: the others begin", waiting, readyWait)
	}
	c.plan.Start = time.Now().Add(c.ahead + startIn).UnixNano()
	p, err := arrival.Splice(c.base, c.plan.Changes...)
	if err == nil {
		c.plan.End = c.endOf(p)
	}
	c.plan.Phase, c.dirty = Running, true
}

// keep keeps every part in somebody's hands, and sees the end.
func (c *coordinator) keep(ctx context.Context) {
	now := c.now()
	alive, able := c.members.alive(), c.members.able()
	for _, id := range alive {
		m := c.members[id]
		if m.shareRev != 0 && m.share.Life != m.lease.Life { // its lease was taken anew
			for i := range c.parts {
				if c.parts[i].owner == id {
					c.parts[i].from = max(c.parts[i].from, now)
				}
			}
			c.changed[id] = true
			c.event("worker %s is back", id)
		}
		if !c.changed[id] && m.lease.Seen == m.share.Seq && m.share.Life == m.lease.Life {
			c.mark(c.parts.released(id, m.lease.Stopped, able))
		}
	}
	c.mark(c.parts.deal(able, max(now, 0)+int64(giveIn)))
	if len(c.changed) == 0 {
		c.mark(c.parts.release(able, c.members.in(Leaving), max(now, 0)+int64(handIn)))
	}
	c.watchEnd(ctx, now)
}

// watchEnd sees whether the schedule, or its records, have come to their end.
func (c *coordinator) watchEnd(ctx context.Context, now int64) {
	if c.abort != nil && c.plan.Stop == "" {
		if why := c.abort(); why != "" {
			c.plan.Stop, c.plan.Kill, c.plan.Aborted, c.dirty = why, true, true, true
			c.event("broken off: %s", why)
		}
	}
	c.watchRecords(ctx)
	none := len(c.members.alive()) == 0
	if why := c.members.failed(); none && why != "" && c.plan.Stop == "" {
		c.plan.Stop, c.plan.Kill = why, true
	}
	if c.spec.Direct && none && c.members.gone() { // every one has read its part to the end
		c.plan.Drained = true
	}
	if c.plan.End > 0 && now >= c.plan.End || c.plan.Kill || c.plan.Drained && none {
		c.plan.Phase, c.dirty = Ending, true
		c.ending = time.Now()
	}
}

// watchRecords sees whether the records have come to their end: all feeders have, and nothing is left in the queue.
func (c *coordinator) watchRecords(ctx context.Context) {
	if c.spec.Feeders == 0 || c.plan.Drained || len(c.feeds) < c.spec.Feeders || time.Since(c.looked) < 2*lookAround {
		return
	}
	for _, f := range c.feeds {
		if !f.Done {
			return
		}
		if f.Err != "" && c.plan.Stop == "" {
			c.plan.Stop = "records: " + f.Err
			c.event("%s", c.plan.Stop)
		}
	}
	c.looked = time.Now()
	if !c.plan.Fed {
		c.plan.Fed, c.plan.FedAt, c.dirty = true, c.now(), true
		c.event("the records have come to their end: what is in the queue is still sent")
		return
	}
	one, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	if d, err := c.job.Depth(one); err == nil && d.Undelivered+d.Unacked == 0 {
		c.plan.Drained, c.dirty = true, true
	}
}

// close waits for the last word of every worker; those that are cut off have some time to come back with it.
func (c *coordinator) close() {
	missing := 0
	for _, m := range c.members {
		if m.alive() || m.lease.State == Expired && time.Since(c.ending) < c.collect {
			missing++
		}
	}
	if missing == 0 {
		c.plan.Phase, c.dirty = Done, true
	}
}
