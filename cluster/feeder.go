package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/iagoloadgen/iago/cluster/batch"
	"github.com/iagoloadgen/iago/cluster/bus"
	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/source"
)

// Depth is how many records are kept ready for the workers.
type Depth struct {
	Time  time.Duration // at the job's rate
	Bytes int64         // and at most so many bytes
}

// DefaultDepth is enough for workers to be fed over any network, and little enough for any memory.
var DefaultDepth = Depth{5 * time.Second, 256 << 20}

const (
	batchRecords = 1000
	batchBytes   = 256 << 10
	batchAge     = 100 * time.Millisecond // a slow source's batch is not kept longer
	depthEvery   = 100 * time.Millisecond
	feedEvery    = time.Second // progress is written down
)

// feeder reads one part of the record source into the job's queue: records n, n+of, n+2·of, …
type feeder struct {
	job     *bus.Job
	id      string
	n, of   int
	source  source.Source
	rate    float64 // of the job, arrivals per second
	workers int
	depth   Depth
	logf    func(string, ...any)

	key      string
	revision uint64
	feed     Progress
	queue    *bus.Queue
	builder  batch.Builder
	mu       sync.Mutex // of what follows, but for saved
	opened   time.Time  // of the batch at hand
	saved    time.Time
	looked   time.Time
	per      float64 // records a batch, about
}

// claim takes a part of the source that nobody has, or whose owner has not been heard of for long; nil: there is none yet.
func (f *feeder) claim(ctx context.Context, of int, seen map[string]sighting) (bool, error) {
	for n := range of {
		key := fmt.Sprintf("%s%d", prefixFeed, n)
		f.feed = Progress{Owner: f.id}
		rev, err := f.job.Create(ctx, key, encode(f.feed))
		if err == nil {
			f.key, f.revision, f.n, f.of = key, rev, n, of
			return true, nil
		}
		if !errors.Is(err, bus.ErrExists) {
			return false, err
		}
		e, err := f.job.Get(ctx, key)
		if err != nil {
			return false, err
		}
		if s := seen[key]; s.revision != e.Revision {
			seen[key] = sighting{e.Revision, time.Now()}
			continue
		} else if time.Since(s.at) < 3*feedEvery {
			continue
		}
		if f.feed, err = decode[Progress](key, e.Value); err != nil || f.feed.Done {
			continue
		}
		before := f.feed.Owner
		f.feed.Owner = f.id
		if rev, err := f.job.Update(ctx, key, encode(f.feed), e.Revision); err == nil {
			f.logf("feeder %s has not been heard of: part %d of %d of the records goes on from record %d", before, n+1, of, f.feed.Records)
			f.key, f.revision, f.n, f.of = key, rev, n, of
			return true, nil
		}
	}
	return false, nil
}

// sighting is when a key was last seen to have changed.
type sighting struct {
	revision uint64
	at       time.Time
}

// run feeds until the source's end or ctx's.
func (f *feeder) run(ctx context.Context) (err error) {
	if f.queue, err = f.job.Queue(bus.QueueConfig{}); err != nil {
		return err
	}
	defer func() {
		end, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = f.queue.Close(end) // after the end of the source it is empty; else the job is over
	}()
	var side sync.WaitGroup
	run, stop := context.WithCancel(ctx)
	side.Go(func() { f.hurry(run) })
	err = f.feedAll(ctx)
	stop()
	side.Wait()
	switch {
	case ctx.Err() != nil:
		return nil
	case errors.Is(err, io.EOF):
		err = f.flush(ctx)
		if err == nil {
			err = f.queue.Flush(ctx)
		}
	}
	if ctx.Err() != nil {
		return nil
	}
	f.feed.Done = true
	if err != nil {
		f.feed.Err = err.Error()
	}
	for ctx.Err() == nil && f.save(ctx) != nil {
		time.Sleep(depthEvery)
	}
	return err
}

func (f *feeder) feedAll(ctx context.Context) error {
	var rec load.Record
	skip := f.feed.Records // another feeder has pushed them
	most := int(min(max(f.rate/float64(max(f.workers, 1))/4, 1), batchRecords))
	for k := 0; ; k++ {
		rec.Reset()
		if err := f.source.Read(&rec); err != nil {
			return err
		}
		if k%f.of != f.n {
			continue
		}
		if skip > 0 {
			skip--
			continue
		}
		if err := f.add(ctx, &rec, most); err != nil {
			return err
		}
	}
}

// add puts a record into the batch at hand, and pushes that if it is full.
func (f *feeder) add(ctx context.Context, rec *load.Record, most int) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.builder.Len() == 0 {
		f.builder.Reset(f.feed.Records)
		f.opened = time.Now()
	}
	f.builder.Add(rec)
	if f.builder.Len() < most && f.builder.Size() < batchBytes {
		return nil
	}
	return f.flush(ctx)
}

// hurry pushes a batch that waits for more records of a slow source, until ctx ends.
func (f *feeder) hurry(ctx context.Context) {
	tick := time.NewTicker(batchAge)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		f.mu.Lock()
		if f.builder.Len() > 0 && time.Since(f.opened) > batchAge {
			_ = f.flush(ctx) // what is wrong comes up again with the next record, or at the end
		}
		f.mu.Unlock()
	}
}

// flush pushes the batch at hand, and waits while enough is in the queue.
func (f *feeder) flush(ctx context.Context) error {
	n := f.builder.Len()
	if n == 0 {
		return nil
	}
	id := fmt.Sprintf("%d-%d", f.n, f.feed.Records)
	if err := f.queue.Push(ctx, f.builder.Append(nil), id); err != nil {
		return err
	}
	f.builder.Reset(0)
	f.feed.Records += int64(n)
	f.feed.Batches++
	f.per += (float64(n) - f.per) / float64(min(f.feed.Batches, 20))
	if time.Since(f.saved) > feedEvery {
		_ = f.save(ctx) // the next one says more
	}
	return f.hold(ctx)
}

// hold waits while the queue is as deep as it should be.
func (f *feeder) hold(ctx context.Context) error {
	if time.Since(f.looked) < depthEvery {
		return nil
	}
	for {
		f.looked = time.Now()
		d, err := f.job.Depth(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		records := float64(d.Undelivered+d.Unacked) * f.per
		if err == nil && records < f.rate*f.depth.Time.Seconds()+1 && int64(d.Bytes) < f.depth.Bytes {
			return nil
		}
		if time.Since(f.saved) > feedEvery {
			_ = f.save(ctx)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(depthEvery):
		}
	}
}

// save writes down how far the part has come.
func (f *feeder) save(ctx context.Context) error {
	s := f.source.Stats()
	f.feed.Turn++
	f.feed.Bad, f.feed.Loops, f.feed.First = s.Bad, s.Loops, s.FirstBad
	f.saved = time.Now()
	one, cancel := context.WithTimeout(ctx, feedEvery)
	defer cancel()
	rev, err := f.job.Update(one, f.key, encode(f.feed), f.revision)
	if err == nil {
		f.revision = rev
		return nil
	}
	e, e2 := f.job.Get(one, f.key)
	if e2 != nil {
		return err
	}
	now, e2 := decode[Progress](f.key, e.Value)
	if e2 == nil && now.Owner != f.id {
		return fmt.Errorf("cluster: part %d of the records is %s's now", f.n+1, now.Owner)
	}
	f.revision = e.Revision
	return err
}
