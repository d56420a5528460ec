package rendezvous

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/iagoloadgen/iago/cluster/bus"
	"github.com/iagoloadgen/iago/discovery"
)

const (
	tryEvery = 500 * time.Millisecond // a bus that is announced and does not answer
	lostFor  = 2 * time.Second        // after this, a lost bus is looked up again
)

// Connect finds the bus and connects to it; c says all but where. It waits for a bus to be announced and to answer until ctx ends. The error is
// [ErrNoBus], or the last that connecting had; one that waiting does not mend ends it at once.
func (p *Point) Connect(ctx context.Context, c bus.Config) (*bus.Bus, error) {
	watching, cancel := context.WithCancel(ctx)
	sets := make(chan []discovery.Member, 1)
	ended := make(chan error, 1)
	go func() {
		ended <- p.backend.Watch(watching, func(set []discovery.Member) {
			select {
			case <-sets: // an older one
			default:
			}
			sets <- set
		})
	}()
	b, err := p.connect(ctx, c, sets, ended)
	cancel()
	if watching := <-ended; err != nil && watching != nil {
		err = watching
	}
	if err != nil {
		err = fmt.Errorf("rendezvous: %s: %w", p, err)
	}
	return b, err
}

// connect is Connect, given the sets as they come. It leaves something in ended.
func (p *Point) connect(ctx context.Context, c bus.Config, sets <-chan []discovery.Member, ended chan error) (*bus.Bus, error) {
	failed := ErrNoBus
	said := ""
	again := time.NewTicker(tryEvery)
	defer again.Stop()
	c.URL = ""
	for {
		select {
		case <-ctx.Done():
			return nil, failed
		case err := <-ended:
			ended <- err
			if err == nil {
				return nil, failed
			}
			return nil, err
		case set := <-sets:
			if c.URL = ""; len(set) > 0 {
				c.URL = url(set)
			}
		case <-again.C:
		}
		if c.URL == "" {
			continue
		}
		b, err := bus.Connect(ctx, c)
		if err == nil {
			p.logf("%s: the bus is at %s", p, c)
			return b, nil
		}
		if !errors.Is(err, bus.ErrUnavailable) {
			return nil, err
		}
		if failed = err; err.Error() != said {
			said = err.Error()
			p.logf("%s: %v; waiting for it", p, err)
		}
	}
}

// Follow looks the bus up again whenever b has lost it for some seconds, and has b connect to where it is then, until ctx ends.
func (p *Point) Follow(ctx context.Context, b *bus.Bus) {
	tick := time.NewTicker(p.patience / 4)
	defer tick.Stop()
	var since time.Time // it has been lost
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			switch {
			case b.Connected():
				since = time.Time{}
			case since.IsZero():
				since = now
			case now.Sub(since) >= p.patience:
				p.lookAgain(ctx, b)
				since = time.Time{}
			}
		}
	}
}

// lookAgain follows the backend until b is connected again, or ctx ends.
func (p *Point) lookAgain(ctx context.Context, b *bus.Bus) {
	p.logf("%s: looking the bus up again", p)
	watching, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		err := p.backend.Watch(watching, func(set []discovery.Member) {
			if len(set) == 0 {
				p.logf("%s: %v at present", p, ErrNoBus)
				return
			}
			at := url(set)
			p.logf("%s: the bus is announced at %s", p, at)
			if err := b.SetServers(at); err != nil {
				p.logf("%s: %v", p, err)
			}
		})
		if err != nil {
			p.logf("%s: %v", p, err)
		}
	}()
	tick := time.NewTicker(p.patience / 4)
	defer tick.Stop()
	for !b.Connected() && ctx.Err() == nil {
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
	cancel()
	<-done
}
