package cluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
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
	c.expire(ctx)
	var lost, back []*member
	for _, m := range c.members.list {
		if !m.alive() && !m.counted && m.revision != 0 {
			m.counted = true
			if c.spec.Direct && m.lease.State == Left && m.lease.Over && c.plan.Stop == "" && !c.plan.Fed && c.plan.Phase == Running {
				c.plan.Fed, c.plan.FedAt, c.dirty = true, c.now(), true
				c.event("worker %s has read its part of the records to the end", m.id)
			}
			switch {
			case c.tidy(m) || c.plan.Phase == Ending:
			case m.lease.State == Expired:
				lost = append(lost, m)
			default:
				c.event("%s", c.farewell(m))
			}
			if m.lease.State == Expired {
				c.asking.Go(func() { c.ask(ctx, m.id) })
			}
			m.share.Had = append(m.share.Had, before(c.parts.held(m.id), c.leaseEnd(m))...)
			c.parts.free(m.id)
			if m.shareRev != 0 {
				c.changed[m.id] = true
			}
		}
		if m.alive() && m.counted {
			m.counted = false
			back = append(back, m)
		}
	}
	c.obituary(lost)
	c.welcome(back)
}

// tidy tells whether a worker has left because there was nothing more to do.
func (c *coordinator) tidy(m *member) bool { return m.lease.State == Left && m.lease.Over }

// leaseEnd is until when a worker that is not there any more may have sent, ns since the start.
func (c *coordinator) leaseEnd(m *member) int64 {
	if m.lease.State == Expired {
		return c.now() - int64(max(c.clock.Since(m.seen)-c.spec.Lease, 0))
	}
	return c.now()
}

// farewell says that a worker has left.
func (c *coordinator) farewell(m *member) string {
	switch {
	case m.lease.NoExec:
		return fmt.Sprintf("worker %s may not run outside programs (--allow-exec) and does not take part", m.id)
	case m.lease.Why != "":
		return fmt.Sprintf("worker %s has left: %s", m.id, m.lease.Why)
	}
	return fmt.Sprintf("worker %s has left", m.id)
}

// oneByOne is how many workers that share a fate are told of one by one.
const oneByOne = 5

// obituary notes the loss of workers. Those that were lost together are told of together, though their leases end one after
// the other.
func (c *coordinator) obituary(lost []*member) {
	c.lost = append(c.lost, lost...)
	n := len(c.lost)
	if n == 0 || len(lost) > 0 && c.plan.Phase == Running && n < len(c.members.list) {
		return
	}
	lost, c.lost = c.lost, nil
	if n > oneByOne {
		silent := c.clock.Since(lost[0].seen).Round(100 * time.Millisecond)
		c.event("%d workers have not been heard of for %v: their leases have ended, and their shares go to the others: %s", n, silent, some(lost))
		return
	}
	for _, m := range lost {
		silent := c.clock.Since(m.seen).Round(100 * time.Millisecond)
		c.event("worker %s has not been heard of for %v: its lease has ended, and its share goes to the others", m.id, silent)
	}
}

// welcome notes that workers are back.
func (c *coordinator) welcome(back []*member) {
	if len(back) > oneByOne {
		c.event("%d workers are back: %s", len(back), some(back))
		return
	}
	for _, m := range back {
		c.event("worker %s is back", m.id)
	}
}

// some names some of many.
func some(list []*member) string {
	var b strings.Builder
	for i, m := range list {
		if i == oneByOne {
			fmt.Fprintf(&b, " and %d more", len(list)-i)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(m.id)
	}
	return b.String()
}

// expire ends leases that have not been renewed, by compare-and-set: a renewal that is on its way is refused from then on. If one
// has come before, the worker lives, and this is refused.
func (c *coordinator) expire(ctx context.Context) {
	after := c.spec.Lease + margin(c.spec.Lease)
	var late []*member
	for _, m := range c.members.list {
		if m.alive() && c.clock.Since(m.seen) > after && c.clock.Since(m.tried) > c.spec.Lease/10 {
			late = append(late, m)
		}
	}
	revisions := make([]uint64, len(late))
	c.many(ctx, len(late), func(ctx context.Context, i int) {
		m := late[i]
		l := m.lease
		l.State = Expired
		if rev, err := c.job.Update(ctx, prefixLease+m.id, encode(l), m.revision); err == nil {
			revisions[i] = rev
		}
	})
	for i, m := range late {
		if revisions[i] == 0 {
			m.tried = c.clock.Now() // look again soon; the watcher tells what has happened meanwhile
			continue
		}
		m.lease.State, m.revision = Expired, revisions[i]
	}
}

// ask finds out whether the bus has lost a worker's connection, as it has when the process has ended and its machine has not. One that
// is cut off may have sent until its lease ended.
func (c *coordinator) ask(ctx context.Context, id string) {
	one, cancel := c.clock.Timeout(ctx, time.Second)
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
	waited := c.clock.Since(c.began)
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
	c.prepared = c.clock.Now()
}

// finishEarly ends a job that has not begun.
func (c *coordinator) finishEarly() {
	c.plan.Phase, c.plan.Kill, c.dirty = Ending, true, true
	c.ending = c.clock.Now()
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
		if m := c.members.by[id]; m.lease.State != Ready && len(m.share.Held) > 0 {
			waiting++
		}
	}
	if waiting > 0 && (c.prepared.IsZero() || c.clock.Since(c.prepared) < readyWait) {
		if c.prepared.IsZero() {
			c.prepared = c.clock.Now()
		}
		return
	}
	if waiting > 0 {
		c.event("%d workers were not ready after %v: the others begin", waiting, readyWait)
	}
	c.plan.Start = c.clock.Now().Add(c.ahead).UnixNano() + c.soon(startIn)
	p, err := arrival.Splice(c.base, c.plan.Changes...)
	if err == nil {
		c.plan.End = c.endOf(p)
	}
	c.plan.Phase, c.dirty = Running, true
}

// keep keeps every part in somebody's hands, and sees the end.
func (c *coordinator) keep(ctx context.Context) {
	now := c.now()
	able := c.members.able()
	for _, m := range c.members.list {
		if !m.alive() {
			continue
		}
		id := m.id
		if m.shareRev != 0 && m.share.Life != m.lease.Life { // its lease was taken anew
			c.parts.again(id, now)
			c.changed[id] = true
		}
		if !c.changed[id] && m.lease.Seen == m.share.Seq && m.share.Life == m.lease.Life {
			if c.parts.released(id, m.lease.Stopped) {
				c.changed[id] = true
			}
		}
	}
	c.mark(c.parts.deal(able, max(now, 0)+c.soon(giveIn)))
	if len(c.changed) == 0 {
		c.mark(c.parts.release(able, c.members.in(Leaving), max(now, 0)+c.soon(handIn)))
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
		c.ending = c.clock.Now()
	}
}

// watchRecords sees whether the records have come to their end: all feeders have, and nothing is left in the queue.
func (c *coordinator) watchRecords(ctx context.Context) {
	if c.spec.Feeders == 0 || c.plan.Drained || len(c.feeds) < c.spec.Feeders || c.clock.Since(c.looked) < 2*lookAround {
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
	c.looked = c.clock.Now()
	if !c.plan.Fed {
		c.plan.Fed, c.plan.FedAt, c.dirty = true, c.now(), true
		c.event("the records have come to their end: what is in the queue is still sent")
		return
	}
	one, cancel := c.clock.Timeout(ctx, time.Second)
	defer cancel()
	if d, err := c.job.Depth(one); err == nil && d.Undelivered+d.Unacked == 0 {
		c.plan.Drained, c.dirty = true, true
	}
}

// close waits for the last word of every worker; those that are cut off have some time to come back with it.
func (c *coordinator) close() {
	missing := 0
	for _, m := range c.members.list {
		if m.alive() || m.lease.State == Expired && c.clock.Since(c.ending) < c.collect {
			missing++
		}
	}
	for _, f := range c.feeds {
		if !f.Over && c.clock.Since(c.ending) < lastWait {
			missing++
		}
	}
	if missing == 0 {
		c.plan.Phase, c.dirty = Done, true
	}
}
