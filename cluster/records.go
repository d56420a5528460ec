package cluster

import (
	"cmp"
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/iagoloadgen/iago/cluster/batch"
	"github.com/iagoloadgen/iago/cluster/bus"
	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/source"
)

const (
	batchMost = 1 << 30 // bytes that the records of one batch may take when they are not compressed
	dryAfter  = 200 * time.Millisecond
)

// queued is a worker's record source: batches out of the job's queue, each acknowledged once the requests made of its records have
// been taken up, so that another worker gets them if this one dies before.
type queued struct {
	puller  *bus.Puller
	ctx     context.Context
	cancel  context.CancelFunc
	drained chan struct{} // closed when nothing more will come
	why     error         // valid then: nil, or why that is not the records' end
	once    sync.Once
	dried   atomic.Bool // there is nothing just now
	fed     atomic.Bool // the source has come to its end: nothing but what others leave will come
	dry     func(bool)  // told when there is nothing just now, once fed
	logf    func(string, ...any)

	reader batch.Reader
	rest   int   // records left in reader
	read   int64 // records handed out

	mu      sync.Mutex
	pending []pending
	bad     []string
	count   atomic.Int64
	badN    atomic.Int64
}

// pending is a batch that has not been acknowledged.
type pending struct {
	upTo int64 // it ends with this record
	item *bus.Item
}

func newQueued(p *bus.Puller, dry func(bool), logf func(string, ...any)) *queued {
	ctx, cancel := context.WithCancel(context.Background())
	return &queued{puller: p, ctx: ctx, cancel: cancel, drained: make(chan struct{}), dry: dry, logf: logf}
}

// Read implements source.Source: it waits for a record as long as there may be one.
func (q *queued) Read(r *load.Record) error {
	for q.rest == 0 {
		if err := q.next(); err != nil {
			return err
		}
	}
	q.rest--
	q.read++
	if err := q.reader.Read(r); err != nil { // a checked batch: a mistake of ours, or of another version
		q.spoiled(err)
		q.rest = 0
		return q.Read(r)
	}
	q.count.Add(1)
	return nil
}

// next opens the next batch.
func (q *queued) next() error {
	for {
		ctx, cancel := context.WithTimeout(q.ctx, dryAfter)
		item, err := q.puller.Next(ctx)
		cancel()
		switch {
		case err == nil:
			q.dried.Store(false)
			q.dry(false)
			return q.take(item)
		case q.ctx.Err() != nil, errors.Is(err, bus.ErrClosed), errors.Is(err, bus.ErrNotFound):
			return io.EOF
		case errors.Is(err, bus.ErrLost):
			q.spoiled(err)
			continue
		}
		select {
		case <-q.drained:
			return cmp.Or(q.why, io.EOF)
		default:
			q.dried.Store(true)
			q.dry(q.fed.Load())
		}
	}
}

func (q *queued) take(item *bus.Item) error {
	if err := q.reader.Reset(item.Data, batchMost); err != nil {
		q.spoiled(err)
		item.Ack()
		return nil
	}
	q.rest = q.reader.Len()
	q.mu.Lock()
	defer q.mu.Unlock()
	q.pending = append(q.pending, pending{q.read + int64(q.rest), item})
	return nil
}

// spoiled counts what cannot be read.
func (q *queued) spoiled(err error) {
	q.badN.Add(1)
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.bad) < 3 {
		q.bad = append(q.bad, err.Error())
	}
	q.logf("records: %v", err)
}

// Confirm implements engine.Confirmer.
func (q *queued) Confirm(n int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.pending) > 0 && q.pending[0].upTo <= n {
		q.pending[0].item.Ack()
		q.pending = q.pending[1:]
	}
}

// Stats implements source.Source.
func (q *queued) Stats() source.Stats {
	q.mu.Lock()
	defer q.mu.Unlock()
	return source.Stats{Read: q.count.Load(), Bad: q.badN.Load(), FirstBad: q.bad}
}

// end says that nothing more will come, and why if it is not the records' end.
func (q *queued) end(why error) {
	q.once.Do(func() {
		q.why = why
		close(q.drained)
	})
}

// Close gives back what has not been taken up.
func (q *queued) Close() error {
	q.cancel()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = q.puller.Close(ctx) // what is not confirmed is delivered again: at least once
	return nil
}
