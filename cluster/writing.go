package cluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/iagoloadgen/iago/cluster/bus"
)

const (
	writesAtOnce = 64                     // round trips to the bus at the same time
	writesFor    = 500 * time.Millisecond // so long writes are begun; the coordinator has more to do than to write
)

// write puts on the bus what has changed. What is refused or not answered is tried again at the next look.
func (c *coordinator) write(ctx context.Context) {
	c.writeShares(ctx)
	if c.dirty {
		rev, err := c.writeKey(ctx, keyPlan, encode(c.plan), c.planRev)
		c.planRev, c.dirty = rev, err != nil
	}
	if c.diary.dirty {
		rev, err := c.writeKey(ctx, keyEvents, encode(c.diary.list), c.diary.revision)
		c.diary.revision, c.diary.dirty = rev, err != nil
	}
}

// writeKey writes a key of the coordinator's own and returns the revision that it has then.
func (c *coordinator) writeKey(ctx context.Context, key string, value []byte, revision uint64) (uint64, error) {
	one, cancel := c.clock.Timeout(ctx, time.Second)
	defer cancel()
	rev, err := c.put(one, key, value, revision)
	if err != nil {
		c.logf("%s: %v", key, err)
		return c.reread(one, key, revision), err
	}
	return rev, nil
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

// writeShares tells workers what is their own, many at a time: one after the other, thousands would take seconds.
func (c *coordinator) writeShares(ctx context.Context) {
	type writing struct {
		m    *member
		next Share
		rev  uint64
		seq  int64 // used up
		err  error
	}
	all := make([]writing, 0, len(c.changed))
	for id := range c.changed {
		m := c.members.get(id)
		all = append(all, writing{m: m, next: Share{Seq: m.share.Seq + 1, Life: m.lease.Life, Held: c.parts.held(id), Had: m.share.Had}, rev: m.shareRev, err: errNotYet})
	}
	c.many(ctx, len(all), func(ctx context.Context, i int) {
		w := &all[i]
		key := prefixShare + w.m.id
		if w.rev, w.err = c.put(ctx, key, encode(w.next), w.rev); w.err == nil {
			return
		}
		// It may have been written all the same, or another be there, and the worker work by it: its number is not used again, since what the
		// worker confirms by it is not what the next one says.
		w.rev, w.seq = w.m.shareRev, w.next.Seq
		if e, err := c.job.Get(ctx, key); err == nil {
			there, _ := decode[Share](e.Key, e.Value)
			w.rev, w.seq = e.Revision, max(w.seq, there.Seq)
		}
	})
	failed := 0
	for i := range all {
		w := &all[i]
		w.m.shareRev = w.rev
		switch {
		case w.err == nil:
			w.m.share = w.next
			delete(c.changed, w.m.id)
		case errors.Is(w.err, errNotYet):
		default:
			w.m.share.Seq = w.seq
			if failed++; failed == 1 {
				c.logf("share of %s: %v", w.m.id, w.err)
			}
		}
	}
	if failed > 1 {
		c.logf("%d more shares could not be written", failed-1)
	}
}

var errNotYet = errors.New("cluster: not begun: it is another look's")

// many does n things that each take a round trip, some at a time, as far as there is time for it.
func (c *coordinator) many(ctx context.Context, n int, do func(ctx context.Context, i int)) {
	if n == 0 {
		return
	}
	last := c.clock.Now().Add(writesFor)
	ctx, cancel := c.clock.Timeout(ctx, writesFor+time.Second)
	defer cancel()
	var all sync.WaitGroup
	next := make(chan int)
	for range min(n, writesAtOnce) {
		all.Go(func() {
			for i := range next {
				do(ctx, i)
			}
		})
	}
	for i := 0; i < n && c.clock.Now().Before(last); i++ {
		next <- i
	}
	close(next)
	all.Wait()
}

// diary is what a reader of the results should know of. It has a key of its own, which workers do not follow: told to thousands of
// them, the loss of hundreds would be a load in itself.
type diary struct {
	list     []Event
	revision uint64
	dirty    bool
	out      int // left out of the middle
}

// diaryMost bounds the events of a job, and so the size of its key.
const diaryMost = 2000

func (d *diary) add(e Event) {
	d.list = append(d.list, e)
	d.dirty = true
	const middle = diaryMost / 2
	if len(d.list) <= diaryMost {
		return
	}
	if d.out > 0 {
		d.list = slices.Delete(d.list, middle+1, middle+2)
	}
	d.out++
	d.list[middle] = Event{At: d.list[middle].At, Text: fmt.Sprintf("%d events from here on are left out: the coordinator's log has them", d.out)}
}

// load takes over what is on the bus.
func (d *diary) load(e bus.Event) (err error) {
	d.list, err = decode[[]Event](e.Key, e.Value)
	d.revision = e.Revision
	return err
}

// event notes something that a reader of the results should know of.
func (c *coordinator) event(format string, args ...any) {
	e := Event{At: c.now(), Text: fmt.Sprintf(format, args...)}
	c.diary.add(e)
	c.logf("%s", e.Text)
}
