package bus

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// QueueConfig bounds what a Queue has under way; zero values are the defaults.
type QueueConfig struct {
	Messages int // pushed and not yet confirmed; default 256
	Bytes    int // likewise; default 32 MiB. One push may be larger
}

// Queue pushes records (as a rule: batches of them) to the job's pullers. Its methods may be called by several
// goroutines at once.
type Queue struct {
	j   *Job
	out outlet
	win window

	ctx    context.Context // ends the attempts
	cancel context.CancelFunc
	mu     sync.Mutex // keeps the order of pushes
	ch     chan *push
	done   chan struct{}
}

// Queue opens the job's queue for pushing. Close it.
func (j *Job) Queue(cfg QueueConfig) (*Queue, error) {
	if cfg.Messages == 0 {
		cfg.Messages = 256
	}
	if cfg.Bytes == 0 {
		cfg.Bytes = 32 << 20
	}
	if cfg.Messages < 1 || cfg.Bytes < 1 {
		return nil, fmt.Errorf("bus: queue of job %s: a window of %d messages and %d bytes; expected at least 1", j.n.job, cfg.Messages, cfg.Bytes)
	}
	q := &Queue{j: j, ch: make(chan *push, cfg.Messages), done: make(chan struct{})}
	if err := q.out.start(j.b); err != nil {
		return nil, fmt.Errorf("bus: queue of job %s: %w", j.n.job, j.b.failure(time.Now(), err))
	}
	q.win.init(cfg.Messages, cfg.Bytes)
	q.ctx, q.cancel = context.WithCancel(context.Background())
	go q.collect(q.ch)
	return q, nil
}

// Push sends data on its way and returns when there is room for it in the window: it is stored when a later Flush has
// returned nil. Data must not be changed any more. The id tells a repeated push from a new one: pushes with the same id
// within two minutes are one; "" draws one. Records keep their order unless some must be repeated. Push goes on trying while the bus does not answer; what it returns is the
// end of the context or, once it is certain that records cannot be stored, the reason, as all later calls do then.
func (q *Queue) Push(ctx context.Context, data []byte, id string) error {
	if id == "" {
		id = rand.Text()
	}
	if err := validID(id); err != nil {
		return err
	}
	size := len(data)
	if err := q.win.enter(ctx, size); err != nil {
		return q.wrap("push", err)
	}
	m, err := q.j.message(ctx, "records", q.j.n.subject("records"), id, data)
	if err != nil {
		q.win.leave(size, nil)
		return q.wrap("push "+id, err)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.ctx.Err() != nil {
		q.win.leave(size, nil)
		return q.wrap("push", ErrClosed)
	}
	q.ch <- q.out.send(m) // has room: the window is no larger
	return nil
}

// collect waits for the confirmations in the order of the pushes, and repeats what was not confirmed.
func (q *Queue) collect(ch <-chan *push) {
	defer close(q.done)
	for p := range ch {
		size := payloadSize(p.msg)
		q.win.leave(size, q.settle(p))
	}
}

// settle returns when a push is stored, or when it is certain that it is not.
func (q *Queue) settle(p *push) error {
	if q.ctx.Err() != nil {
		return ErrClosed
	}
	err := q.out.wait(q.ctx, p)
	if err == nil {
		return nil
	}
	q.win.hold() // no newer records before those that are to be repeated
	if err := q.j.again(q.ctx, p.msg.Subject, q.j.b.failure(p.began, err), retryFirst); err != nil {
		return err
	}
	p.msg.Reply = ""
	_, err = q.j.persist(q.ctx, p.msg)
	return err
}

// Flush returns nil when all that was pushed before is stored.
func (q *Queue) Flush(ctx context.Context) error { return q.wrap("flush", q.win.empty(ctx)) }

// Close flushes and gives up what cannot be stored before the context ends: its error says that this was so. The Queue
// cannot be used afterwards.
func (q *Queue) Close(ctx context.Context) error {
	err := q.Flush(ctx)
	q.cancel()
	q.mu.Lock()
	if q.ch != nil {
		close(q.ch)
		q.ch = nil
	}
	q.mu.Unlock()
	<-q.done
	q.out.close()
	return err
}

func (q *Queue) wrap(verb string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("bus: %s to the queue of job %s: %w", verb, q.j.n.job, err)
}

// Depth is how full a job's queue is.
type Depth struct {
	Undelivered uint64 // messages that no puller has got yet
	Unacked     uint64 // messages that a puller has got, and none has acknowledged yet
	Bytes       uint64 // of all of these, on disk
}

// Depth asks how full the queue is.
func (j *Job) Depth(ctx context.Context) (Depth, error) {
	var d Depth
	err := j.askStream(ctx, &j.infos.records, func(ctx context.Context, s jetstream.Stream) error {
		c, err := s.Consumer(ctx, workers)
		if err != nil {
			return err
		}
		d = Depth{Undelivered: c.CachedInfo().NumPending, Unacked: uint64(c.CachedInfo().NumAckPending)}
		for _, name := range []string{j.n.records(), j.n.chunks()} {
			s, err := j.b.js.Stream(ctx, name)
			if err != nil {
				return err
			}
			d.Bytes += s.CachedInfo().State.Bytes
		}
		return nil
	})
	if err != nil {
		return Depth{}, fmt.Errorf("bus: depth of job %s: %w", j.n.job, err)
	}
	return d, nil
}

// PurgeRecords drops all records that are in the queue, those too that pullers hold and have not acknowledged.
func (j *Job) PurgeRecords(ctx context.Context) error {
	purge := func(s *stream, opts ...jetstream.StreamPurgeOpt) error {
		return j.askStream(ctx, s, func(ctx context.Context, s jetstream.Stream) error { return s.Purge(ctx, opts...) })
	}
	err := purge(&j.infos.records)
	if err == nil {
		err = purge(&j.infos.chunks, jetstream.WithPurgeSubject(j.n.subject("chunks.records.>")))
	}
	if err != nil {
		return fmt.Errorf("bus: purge records of job %s: %w", j.n.job, err)
	}
	return nil
}
