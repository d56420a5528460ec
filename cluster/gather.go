package cluster

import (
	"context"
	"hash/maphash"
	"runtime"
	"sync"

	"github.com/iagoloadgen/iago/cluster/bus"
	"github.com/iagoloadgen/iago/measure"
)

// gatherers are how many goroutines read results at most.
const gatherers = 8

// gather reads results as they come, until ctx ends.
func (f *feeding) gather(ctx context.Context, led *ledger) {
	for ctx.Err() == nil {
		if err := f.gatherOnce(ctx, led); err != nil && ctx.Err() == nil {
			f.Logf("results: %v", err)
			f.Clock.Sleep(lookEvery)
		}
	}
}

// gatherOnce reads the log from where it has been read to, as far as that works. Entries of one worker stay in order.
func (f *feeding) gatherOnce(ctx context.Context, led *ledger) error {
	hands := make([]chan bus.LogEntry, min(runtime.GOMAXPROCS(0), gatherers))
	var all sync.WaitGroup
	for i := range hands {
		hands[i] = make(chan bus.LogEntry, 16)
		all.Go(func() {
			scratch := measure.NewInterval()
			for e := range hands[i] {
				if err := led.add(e.Data, scratch); err != nil {
					f.Logf("%v", err)
				}
				led.place.end(e.Seq)
			}
		})
	}
	seed := maphash.MakeSeed()
	err := f.job.Read(ctx, led.place.reached()+1, func(e bus.LogEntry) error {
		led.place.begin(e.Seq)
		hands[maphash.String(seed, e.Subject)%uint64(len(hands))] <- e
		return nil
	})
	for _, h := range hands {
		close(h)
	}
	all.Wait()
	return err
}

// place is how far a log has been taken in that is read by several at once.
type place struct {
	mu   sync.Mutex
	open []entryAt // in order; the first is not done
	upTo uint64
}

type entryAt struct {
	seq  uint64
	done bool
}

// begin notes that an entry has been read, and is being taken in.
func (p *place) begin(seq uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open = append(p.open, entryAt{seq: seq})
}

// end notes that it has been.
func (p *place) end(seq uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range p.open {
		if p.open[i].seq == seq {
			p.open[i].done = true
			break
		}
	}
	for len(p.open) > 0 && p.open[0].done {
		p.upTo = p.open[0].seq
		p.open = p.open[1:]
	}
}

// reached is the latest entry up to which all have been taken in.
func (p *place) reached() uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.upTo
}
