package bus

import (
	"context"
	"sync"
)

// window bounds what is under way, in messages and bytes, and remembers the first failure for good.
type window struct {
	mu              sync.Mutex
	messages, bytes int // most
	n, size         int // under way
	entered, left   uint64
	held            bool // nothing enters until all has left
	err             error
	change          chan struct{} // closed and replaced whenever something leaves
}

func (w *window) init(messages, bytes int) {
	w.messages, w.bytes, w.change = messages, bytes, make(chan struct{})
}

// enter waits for room; something larger than the window enters when it is empty.
func (w *window) enter(ctx context.Context, size int) error {
	return w.wait(ctx, func() bool {
		if w.held || w.n > 0 && (w.n >= w.messages || w.size+size > w.bytes) {
			return false
		}
		w.n, w.size, w.entered = w.n+1, w.size+size, w.entered+1
		return true
	})
}

// hold lets nothing enter before all that is under way has left.
func (w *window) hold() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.held = true
}

// leave makes room; err, if any, is what every later call returns.
func (w *window) leave(size int, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.n, w.size, w.left = w.n-1, w.size-size, w.left+1
	if w.n == 0 {
		w.held = false
	}
	if w.err == nil {
		w.err = err
	}
	close(w.change)
	w.change = make(chan struct{})
}

// empty waits until all that has entered so far has left.
func (w *window) empty(ctx context.Context) error {
	w.mu.Lock()
	entered := w.entered
	w.mu.Unlock()
	return w.wait(ctx, func() bool { return w.left >= entered })
}

// wait calls ready under the lock until it is true.
func (w *window) wait(ctx context.Context, ready func() bool) error {
	for {
		w.mu.Lock()
		if w.err != nil {
			defer w.mu.Unlock()
			return w.err
		}
		if ready() {
			w.mu.Unlock()
			return nil
		}
		change := w.change
		w.mu.Unlock()
		select {
		case <-change:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
