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
	wait time.Duration // the job's AckWait

	ctx    context.Context
	cancel context.CancelFunc
	tasks  sync.WaitGroup
	acks   acker

	asker   *asker
	fetched chan struct{} // closed: no more requests

	mu     sync.Mutex
	ahead  []*Item            // in order; large ones are not ready at first
	size   int                // bytes of ahead, put together or not
	loaded int                // bytes of those that are ready
	mean   float64            // of the latest payloads' sizes
	burst  int                // most messages of a request: grows as sizes become known
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
	p := &Puller{j: j, cfg: cfg, held: map[*Item]struct{}{}, burst: 1, change: make(chan struct{}), fetched: make(chan struct{})}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	if err := p.open(ctx); err != nil {
		p.cancel()
		return nil, fmt.Errorf("bus: pull from job %s: %w", j.n.job, err)
	}
	p.tasks.Go(p.fetch)
	p.tasks.Go(p.assemble)
	p.tasks.Go(p.keep)
	return p, nil
}

func (p *Puller) open(ctx context.Context) error {
	return p.j.askStream(ctx, &p.j.infos.records, func(ctx context.Context, s jetstream.Stream) error {
		cons, err := s.Consumer(ctx, workers)
		if err != nil {
			return err
		}
		p.wait = cons.CachedInfo().Config.AckWait
		if p.asker, err = p.j.b.newAsker(p.j.n.records(), workers, p.cfg.Messages); err != nil {
			return err
		}
		if err = p.acks.start(p.j, &p.tasks); err != nil {
			p.asker.stop(func(*nats.Msg) {})
		}
		return err
	})
}

// Next waits for the next item. An error is the context's, ErrClosed, ErrNotFound when the job was deleted, or ErrLost:
// then one record could not be put together, is out of the queue, and Next may be called again.
func (p *Puller) Next(ctx context.Context) (*Item, error) {
	for {
		p.mu.Lock()
		if len(p.ahead) > 0 && p.ahead[0].ready {
			i := p.ahead[0]
			p.ahead[0] = nil
			p.ahead, p.size, p.loaded = p.ahead[1:], p.size-i.size, p.loaded-len(i.Data)
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

const (
	leastFetch = inlineMost + headroom // the least room that a fetch must offer, so that every message of ours fits
	mostFetch  = 64<<20 + headroom     // and everybody's: NATS takes none larger than 64 MiB
)

// fetch keeps items ahead.
func (p *Puller) fetch() {
	defer close(p.fetched)
	for least, wait := leastFetch, retryFirst; ; {
		n, size, err := p.room()
		if err != nil {
			p.end(err)
			return
		}
		began := time.Now()
		got, err := p.asker.request(p.ctx, n, max(size, least), p.put, nil)
		switch {
		case err == nil && got == 0 && time.Since(began) < time.Second:
			least = min(2*least, mostFetch) // a message by somebody else is larger than ours are
		case err == nil:
			wait = retryFirst
			continue
		}
		if err := p.j.b.failure(began, err); err != nil && p.ctx.Err() == nil {
			if wait == retryFirst {
				p.j.b.logf("bus: pull from job %s: interrupted: %v", p.j.n.job, err)
			}
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

// room waits until at least half of what may be ahead is free, and returns how much is. The messages of large payloads
// are small themselves, so bytes are turned into messages by the sizes seen so far.
func (p *Puller) room() (messages, size int, err error) {
	for {
		p.mu.Lock()
		messages, size = p.cfg.Messages-len(p.ahead), p.cfg.Bytes-p.size
		enough := 2*messages >= p.cfg.Messages && 2*size >= p.cfg.Bytes
		if p.mean > 0 {
			messages = min(messages, max(1, int(float64(size)/p.mean)))
		}
		messages = min(messages, p.burst)
		change := p.change
		p.mu.Unlock()
		if enough {
			return messages, size, nil
		}
		select {
		case <-change:
		case <-p.ctx.Done():
			return 0, 0, ErrClosed
		}
	}
}

// put makes an item of a message and puts it ahead.
func (p *Puller) put(m *nats.Msg) error {
	i, err := p.item(m)
	if err != nil {
		p.j.b.logf("bus: pull from job %s: taken out of the queue: %v", p.j.n.job, err)
		return p.j.b.nc.PublishMsg(&nats.Msg{Subject: m.Reply, Data: []byte("+TERM not a record")})
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.held[i] = struct{}{}
	p.ahead, p.size = append(p.ahead, i), p.size+i.size
	if i.ready {
		p.loaded += i.size
	}
	if p.mean == 0 {
		p.mean = float64(i.size)
	}
	p.mean += (float64(i.size) - p.mean) / 8
	p.burst = min(2*p.burst, p.cfg.Messages)
	p.signal()
	return nil
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
// others, once their time is over; so are, in a cluster, records that were under way to here at this moment. The Puller
// cannot be used afterwards.
func (p *Puller) Close(ctx context.Context) error {
	p.cancel()
	<-p.fetched
	p.asker.stop(func(m *nats.Msg) { _ = p.put(m) }) // first: nothing that is given back must come here again
	p.end(ErrClosed)
	p.mu.Lock()
	ahead := p.ahead
	p.ahead, p.size, p.loaded = nil, 0, 0
	p.mu.Unlock()
	for _, i := range ahead {
		_ = i.Nak() // a lost connection: they come again when their time is over
	}
	err := p.Flush(ctx)
	p.acks.stop()
	p.tasks.Wait()
	return err
}
