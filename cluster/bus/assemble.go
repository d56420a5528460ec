package bus

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/nats-io/nats.go/jetstream"
)

// assemble puts large payloads together, in order, while there is room for them. Their items are held meanwhile.
func (p *Puller) assemble() {
	for {
		i, err := p.unready()
		if err != nil {
			return
		}
		data, err := p.j.payload(p.ctx, "records", i.ID, i.chunks, nil)
		switch {
		case err == nil:
			p.ready(i, data, nil)
		case p.ctx.Err() != nil:
			return
		case passing(err):
			p.j.b.logf("bus: record %s: its chunks wait: %v", i.ID, err)
			if p.j.b.pause(p.ctx, followRetry) != nil {
				return
			}
		case errors.Is(err, ErrLost) && p.done(i):
			i.release()
			p.remove(i)
		case errors.Is(err, ErrLost) && i.Redelivered+1 < lostAfter:
			p.remove(i)
			_ = i.later()
		default:
			p.ready(i, nil, fmt.Errorf("record %s: %w", i.ID, err))
		}
	}
}

// done says whether the record of an item has been acknowledged meanwhile, by somebody who had it before.
func (p *Puller) done(i *Item) bool {
	err := p.j.askStream(p.ctx, &p.j.infos.records, func(ctx context.Context, s jetstream.Stream) error {
		_, err := s.GetMsg(ctx, i.seq)
		return err
	})
	return errors.Is(err, jetstream.ErrMsgNotFound)
}

// unready waits for an item to be put together and for room to do so. The first item always has room.
func (p *Puller) unready() (*Item, error) {
	for {
		p.mu.Lock()
		at := slices.IndexFunc(p.ahead, func(i *Item) bool { return !i.ready })
		if at == 0 || at > 0 && p.loaded+p.ahead[at].size <= p.cfg.Bytes {
			defer p.mu.Unlock()
			return p.ahead[at], nil
		}
		change := p.change
		p.mu.Unlock()
		select {
		case <-change:
		case <-p.ctx.Done():
			return nil, ErrClosed
		}
	}
}

// ready lets Next have an item, or its error.
func (p *Puller) ready(i *Item, data []byte, lost error) {
	if lost != nil && i.release() {
		p.acks.add(i.reply, i.ID) // out of the queue, with the chunks that are there
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	i.Data, i.ready, i.lost = data, true, lost
	if slices.Contains(p.ahead, i) { // else Close has given it back
		p.loaded += len(data)
	}
	p.signal()
}

// remove takes an item out of those that are ahead.
func (p *Puller) remove(i *Item) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if at := slices.Index(p.ahead, i); at >= 0 {
		p.ahead, p.size = slices.Delete(p.ahead, at, at+1), p.size-i.size
	}
	p.signal()
}
