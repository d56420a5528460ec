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
	room     room
}

// errTaken ends a feeder whose part has been taken over, because it was silent for too long.
var errTaken = errors.New("cluster: another feeder goes on with this part of the records")

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
	if errors.Is(err, io.EOF) {
		if err = f.flush(ctx); err == nil {
			err = f.queue.Flush(ctx)
		}
	}
	switch {
	case errors.Is(err, errTaken):
		return err
	case ctx.Err() != nil:
		err = nil
	default:
		f.feed.Done = true
		if err != nil {
			f.feed.Err = err.Error()
		}
	}
	f.finish(ctx)
	return err
}

// finish writes down how far the part has come in the end; when ctx has ended, that is tried for a moment only.
func (f *feeder) finish(ctx context.Context) {
	f.feed.Over = true
	late := time.Now().Add(lastWait)
	for ctx.Err() == nil || time.Now().Before(late) {
		if err := f.save(context.WithoutCancel(ctx)); err == nil || errors.Is(err, errTaken) {
			return
		}
		time.Sleep(depthEvery)
	}
}

// lastWait is how long the last word of a feeder is waited for once the schedule is over.
const lastWait = 2 * time.Second

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

// hurry pushes a batch that waits for more records of a slow source, and says that the feeder is there, until ctx ends.
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
		_ = f.sign(ctx) // likewise
		f.mu.Unlock()
	}
}

// flush pushes the batch at hand, once there is room for it in the queue.
func (f *feeder) flush(ctx context.Context) error {
	n := f.builder.Len()
	if n == 0 {
		return nil
	}
	if err := f.hold(ctx); err != nil {
		return err
	}
	data := f.builder.Append(nil)
	// The id names the records, all of them: one who takes the part over may put the first of them into a batch of another length.
	id := fmt.Sprintf("%d-%d-%d", f.n, f.feed.Records, n)
	if err := f.queue.Push(ctx, data, id); err != nil {
		return err
	}
	f.builder.Reset(0)
	f.feed.Records += int64(n)
	f.feed.Batches++
	f.room.pushed(n, len(data))
	return f.sign(ctx)
}

// hold waits while the queue is as deep as it should be. It is asked for its depth when what it had room for has been pushed.
func (f *feeder) hold(ctx context.Context) error {
	for !f.room.left(time.Now()) {
		if wait := f.room.wait(time.Now()); wait > 0 {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(wait):
			}
		}
		if err := f.queue.Flush(ctx); err != nil { // what is on its way is not in the queue's depth
			return err
		}
		d, err := f.job.Depth(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if f.room.seen = time.Now(); err == nil {
			f.room.see(f.room.seen, d, f.rate*f.depth.Time.Seconds(), f.depth.Bytes, f.of)
		}
		if err := f.sign(ctx); err != nil {
			return err
		}
	}
	return nil
}

// sign writes down, now and then, how far the part has come, so that the others know that its feeder is there.
func (f *feeder) sign(ctx context.Context) error {
	if time.Since(f.saved) <= feedEvery {
		return nil
	}
	if err := f.save(ctx); errors.Is(err, errTaken) { // any other error: the next time says more
		return err
	}
	return nil
}

// save writes down how far the part has come.
func (f *feeder) save(ctx context.Context) error {
	f.feed.Turn++
	if f.n == 0 { // each part's feeder reads the whole source: one of them says what is wrong with it
		s := f.source.Stats()
		f.feed.Bad, f.feed.Loops, f.feed.First = s.Bad, s.Loops, s.FirstBad
	}
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
		return fmt.Errorf("%w: part %d is %s's now", errTaken, f.n+1, now.Owner)
	}
	f.revision = e.Revision
	return err
}
