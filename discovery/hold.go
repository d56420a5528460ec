package discovery

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

// Hold makes a registration of announce, a function that announces a member, calls ready once that is done (again does no harm), keeps it so
// until its context ends, and then takes it back. Hold runs it on a goroutine of its own and returns when ready is called first; see
// [Registrar] for what is asked of the rest. An error that comes later goes to logf.
func Hold(ctx context.Context, logf Logf, announce func(ctx context.Context, ready func()) error) (unregister func(), err error) {
	held, cancel := context.WithCancel(ctx)
	ready, ended := make(chan struct{}), make(chan error, 1)
	done := make(chan struct{})
	go func() {
		defer close(done)
		var once sync.Once
		announced := false
		err := announce(held, func() {
			once.Do(func() {
				announced = true
				close(ready)
			})
		})
		switch {
		case !announced:
			ended <- err
		case err != nil:
			logf("registration given up: %v", err)
		}
	}()
	select {
	case <-ready:
		return func() {
			cancel()
			<-done
		}, nil
	case err := <-ended:
		cancel()
		if err == nil {
			err = context.Cause(ctx)
		}
		return nil, err
	}
}

// Backoff spaces attempts: each wait is about twice as long as the one before, a quarter more or less at random, so that those who
// lost the same server do not come back in step. The zero value waits 100 ms to 5 s. It is used by one goroutine.
type Backoff struct {
	Least, Most time.Duration
	next        time.Duration
}

// Reset makes the next wait a short one: an attempt has succeeded.
func (b *Backoff) Reset() { b.next = 0 }

// Wait waits, and tells whether ctx still holds.
func (b *Backoff) Wait(ctx context.Context) bool {
	least, most := b.Least, b.Most
	if least <= 0 {
		least = 100 * time.Millisecond
	}
	if most <= 0 {
		most = 5 * time.Second
	}
	b.next = min(max(b.next, least), most)
	d := b.next - b.next/4 + rand.N(b.next/2+1)
	b.next *= 2
	return Pause(ctx, d)
}

// Pause waits for d, and tells whether ctx still holds.
func Pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return ctx.Err() == nil
	}
}
