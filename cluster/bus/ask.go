package bus

import (
	"context"
	"fmt"
	"time"
)

// ask puts a question to the bus by fn. It has opTimeout if the context has no deadline, and ends at once when the
// connection is lost: an answer will not come then. The error says what became of it, as failure has it.
func (b *Bus) ask(ctx context.Context, fn func(context.Context) error) error {
	began, lost := time.Now(), b.connection()
	asked := ctx
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		asked, cancel = context.WithTimeout(asked, b.pace(opTimeout))
		defer cancel()
	}
	asked, cancel := context.WithCancel(asked)
	defer cancel()
	defer context.AfterFunc(lost, cancel)()
	err := fn(asked)
	if err != nil && lost.Err() != nil && ctx.Err() == nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, b.lostCause())
	}
	return b.failure(began, err)
}

// connection is a context that ends when the connection is lost.
func (b *Bus) connection() context.Context {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.stands
}

// disconnected and connected note the connection's fate.
func (b *Bus) disconnected(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lost = err
	b.falls()
}

func (b *Bus) connected() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stands, b.falls = context.WithCancel(context.Background())
	if b.back != nil {
		close(b.back)
	}
	b.back = make(chan struct{})
}

// reconnected is closed when the connection has come back the next time.
func (b *Bus) reconnected() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.back
}

// pause waits before another attempt: for d, or until the connection is back.
func (b *Bus) pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	back := b.reconnected()
	if b.nc.IsConnected() {
		back = nil
	}
	select {
	case <-t.C:
	case <-back:
	case <-b.closed:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}
