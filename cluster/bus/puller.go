package bus

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// PullConfig bounds what a Puller fetches ahead; zero values are the defaults.
type PullConfig struct {
	Messages int // fetched and not yet taken by Next; default 64
	// Bytes likewise, default 8 MiB; it may be exceeded by one payload, and by 4 MiB where that is more.
	Bytes int
	// KeepAlive tells the bus again and again, until Ack or Nak, that the items which Next has returned are being worked
	// on. Without it each has the job's AckWait, and Extend begins it anew. Items fetched ahead are always kept.
	KeepAlive bool
}

// Puller takes records out of the job's queue; all pullers of a job share it. Its methods and those of its items may be
// called by several goroutines at once.
type Puller struct {
	j    *Job
	cfg  PullConfig
	cons jetstream.Consumer
	wait time.Duration // the job's AckWait

	ctx    context.Context
	cancel context.CancelFunc
	tasks  sync.WaitGroup
	acks   acker

	mu     sync.Mutex
	ahead  []*Item
	size   int                // bytes of ahead
	held   map[*Item]struct{} // all items without Ack or Nak
	err    error
	change chan struct{} // closed and replaced when ahead or err change
}

// Pull begins to take records out of the job's queue. Close the puller.
func (j *Job) Pull(ctx context.Context, cfg PullConfig) (*Puller, error) {
	if cfg.Messages == 0 {
		cfg.Messages = 64
	}
	if cfg.Bytes == 0 {
		cfg.Bytes = 8 << 20
	}
	if cfg.Messages < 1 || cfg.Bytes < 1 {
		return nil, fmt.Errorf("bus: pull from job %s: %d messages and %d bytes ahead; expected at least 1", j.n.job, cfg.Messages, cfg.Bytes)
	}
	began := time.Now()
	cons, err := j.infos.records.Consumer(ctx, workers)
	if err != nil {
		return nil, fmt.Errorf("bus: pull from job %s: %w", j.n.job, j.b.failure(began, err))
	}
	p := &Puller{j: j, cfg: cfg, cons: cons, wait: cons.CachedInfo().Config.AckWait, held: map[*Item]struct{}{}, change: make(chan struct{})}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	if err := p.acks.start(j, &p.tasks); err != nil {
		return nil, fmt.Errorf("bus: pull from job %s: %w", j.n.job, j.b.failure(began, err))
	}
	p.tasks.Go(p.fetch)
	p.tasks.Go(p.keep)
	return p, nil
}

// Next waits for the next item. An error is the context's, ErrClosed, ErrNotFound when the job was deleted, or ErrLost:
// then one record could not be put together, is out of the queue, and Next may be called again.
func (p *Puller) Next(ctx context.Context) (*Item, error) {
	for {
		p.mu.Lock()
		if len(p.ahead) > 0 {
			i := p.ahead[0]
			p.ahead[0] = nil
			p.ahead, p.size = p.ahead[1:], p.size-len(i.Data)
			i.taken = true
			p.signal()
			p.mu.Unlock()
			if i.lost != nil {
				return nil, fmt.Errorf("bus: pull from job %s: %w", p.j.n.job, i.lost)
			}
			return i, nil
		}
		err, change := p.err, p.change
		p.mu.Unlock()
		if err != nil {
			return nil, fmt.Errorf("bus: pull from job %s: %w", p.j.n.job, err)
		}
		select {
		case <-change:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// signal wakes who waits for a change; call it with the lock held.
func (p *Puller) signal() {
	close(p.change)
	p.change = make(chan struct{})
}

// Waits of the fetching.
const (
	fetchTime      = 30 * time.Second
	fetchHeartbeat = 2 * time.Second
)

// leastFetch is the least room that a fetch must offer, so that every message fits.
const leastFetch = inlineMost + headroom

// fetch keeps items ahead.
func (p *Puller) fetch() {
	for least, wait := leastFetch, retryFirst; ; {
		n, size, err := p.room()
		if err != nil {
			p.end(err)
			return
		}
		began := time.Now()
		got, err := p.fetchOnce(n, max(size, least))
		switch {
		case err == nil && got == 0 && time.Since(began) < time.Second:
			least *= 2 // a message by somebody else is larger than ours are
		case err == nil:
			wait = retryFirst
			continue
		}
		if err := p.j.b.failure(began, err); err != nil && p.ctx.Err() == nil {
			p.j.b.logf("bus: pull from job %s: fetching is interrupted: %v", p.j.n.job, err)
			if errors.Is(err, ErrDenied) || p.j.gone(p.ctx) {
				p.end(fmt.Errorf("%w: %w", ErrNotFound, err))
				return
			}
		}
		if err := p.j.b.pause(p.ctx, wait); err != nil {
			p.end(ErrClosed)
			return
		}
		wait = min(2*wait, retryLast)
	}
}

// room waits until at least half of what may be ahead is free, and returns how much is.
func (p *Puller) room() (messages, size int, err error) {
	for {
		p.mu.Lock()
		messages, size = p.cfg.Messages-len(p.ahead), p.cfg.Bytes-p.size
		change := p.change
		p.mu.Unlock()
		if 2*messages >= p.cfg.Messages && 2*size >= p.cfg.Bytes {
			return messages, size, nil
		}
		select {
		case <-change:
		case <-p.ctx.Done():
			return 0, 0, ErrClosed
		}
	}
}

// fetchOnce makes one request for messages and puts what comes ahead.
func (p *Puller) fetchOnce(n, size int) (got int, err error) {
	ctx, cancel := context.WithTimeout(p.ctx, fetchTime)
	defer cancel()
	batch, err := p.cons.Fetch(n, jetstream.FetchMaxBytes(size), jetstream.FetchContext(ctx), jetstream.FetchHeartbeat(fetchHeartbeat))
	if err != nil {
		return 0, err
	}
	for m := range batch.Messages() {
		got++
		p.put(m)
	}
	if err := batch.Error(); err != nil && !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, nats.ErrTimeout) {
		return got, err
	}
	return got, nil
}

// put makes an item of a message and puts it ahead.
func (p *Puller) put(m jetstream.Msg) {
	i, err := p.item(m)
	if err != nil {
		p.j.b.logf("bus: pull from job %s: given back: %v", p.j.n.job, err)
		_ = m.NakWithDelay(time.Second)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ahead, p.size = append(p.ahead, i), p.size+len(i.Data)
	if i.lost == nil {
		p.held[i] = struct{}{}
	}
	p.signal()
}

// end makes Next return err once nothing is ahead.
func (p *Puller) end(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err == nil {
		p.err = err
	}
	p.signal()
}

// keep tells the bus that items are being held.
func (p *Puller) keep() {
	t := time.NewTicker(p.wait / 3)
	defer t.Stop()
	for {
		select {
		case <-t.C:
		case <-p.ctx.Done():
			return
		}
		p.mu.Lock()
		list := make([]*Item, 0, len(p.held))
		for i := range p.held {
			if p.cfg.KeepAlive || !i.taken {
				list = append(list, i)
			}
		}
		p.mu.Unlock()
		for _, i := range list {
			_ = i.Extend() // a lost connection: the next time
		}
	}
}

// Flush returns nil when the bus has confirmed all acknowledgments made before.
func (p *Puller) Flush(ctx context.Context) error {
	if n, err := p.acks.flush(ctx); err != nil {
		return fmt.Errorf("bus: pull from job %s: %d acknowledgments are not confirmed, those records may be delivered again: %w", p.j.n.job, n, err)
	}
	return nil
}

// Close gives back what was fetched ahead and not taken, and flushes. Items without an Ack are delivered again, to
// others, once their time is over. The Puller cannot be used afterwards.
func (p *Puller) Close(ctx context.Context) error {
	p.cancel()
	p.end(ErrClosed)
	p.mu.Lock()
	ahead := p.ahead
	p.ahead, p.size = nil, 0
	p.mu.Unlock()
	for _, i := range ahead {
		if i.lost == nil {
			_ = i.Nak()
		}
	}
	err := p.Flush(ctx)
	p.acks.stop()
	p.tasks.Wait()
	return err
}
