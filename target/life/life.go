// Package life is what all built-in targets have in common besides their behavior: a clock that starts with them, and an end, which
// comes from outside, by a fault, or by Close, and is then carried out once.
package life

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/iagoloadgen/iago/target/model"
)

// Life is a target's from its start to its end. Its methods are safe for concurrent use.
type Life struct {
	model *model.Model
	base  time.Time    // the zero of its clock
	ended atomic.Int64 // on its clock; 0: it runs

	stop   chan struct{} // closed to end it
	once   sync.Once
	ending chan struct{} // closed when its end has begun
	done   chan struct{} // closed when it has ended

	mu  sync.Mutex
	err error
}

// New begins a life that m's faults may cut short. [Life.Run] must follow.
func New(m *model.Model) *Life {
	return &Life{
		model: m, base: time.Now(),
		stop: make(chan struct{}), ending: make(chan struct{}), done: make(chan struct{}),
	}
}

// Run waits in the background for the end (of ctx, by [Life.Close] or by a fault) and then carries it out: end must close
// everything and return when nothing of the target is left.
func (l *Life) Run(ctx context.Context, end func()) {
	go func() {
		defer close(l.done)
		l.await(ctx)
		close(l.ending)
		end()
		l.ended.Store(l.clock())
	}()
}

// await returns when the target is to end. The moment of a fault is known once the first request has come.
func (l *Life) await(ctx context.Context) {
	select {
	case <-ctx.Done():
		return
	case <-l.stop:
		return
	case <-l.model.Begun():
	}
	var death <-chan time.Time
	if when, known := l.model.Death(); known {
		t := time.NewTimer(time.Duration(when - l.clock()))
		defer t.Stop()
		death = t.C
	}
	select {
	case <-ctx.Done():
	case <-l.stop:
	case <-death:
	}
}

// Now is the time on the target's clock, ns since its start; it stands still when the target has ended.
func (l *Life) Now() int64 {
	if end := l.ended.Load(); end != 0 {
		return end
	}
	return l.clock()
}

func (l *Life) clock() int64 { return int64(time.Since(l.base)) }

// Started is the moment that [Life.Now] counts from.
func (l *Life) Started() time.Time { return l.base }

// Ending is closed when the end has begun: what waits for something should give up.
func (l *Life) Ending() <-chan struct{} { return l.ending }

// SleepUntil waits for a moment of the target's clock; false: the end came before. Timers of the system fire up to about 1 ms late.
func (l *Life) SleepUntil(when int64) bool {
	left := time.Duration(when - l.clock())
	if left <= 0 {
		return true
	}
	t := time.NewTimer(left)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-l.ending:
		return false
	}
}

// Thaw waits for the end of a stall, if there is one; false: the target's end came before.
func (l *Life) Thaw() bool {
	until, stalled := l.model.Stalled(l.clock())
	return !stalled || l.SleepUntil(until)
}

// Fail keeps the first error, for [Life.Wait] to return.
func (l *Life) Fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err == nil {
		l.err = err
	}
}

// Stop has the target end at once, whatever is in flight, and does not wait for it.
func (l *Life) Stop() { l.once.Do(func() { close(l.stop) }) }

// Close is Stop, and waits for the end. It returns what [Life.Wait] does.
func (l *Life) Close() error {
	l.Stop()
	return l.Wait()
}

// Wait returns when the target has ended and nothing of it is left: nil, or what kept it from its work.
func (l *Life) Wait() error {
	<-l.done
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}
