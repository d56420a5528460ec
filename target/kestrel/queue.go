package kestrel

import (
	"slices"
	"time"
)

// item is what is queued.
type item struct {
	data    []byte
	expires time.Time // zero: never
	added   time.Time
}

// queue is one queue; the store's lock guards it.
type queue struct {
	name    string
	items   []*item // the head first
	bytes   int64
	open    int       // items that are handed out and not confirmed
	waiters []*waiter // the longest waiting first

	total, expired, flushes, opened, canceled int64
	age                                       time.Duration // how long the item fetched last had waited
}

// waiter waits for an item of a queue.
type waiter struct {
	peek  bool
	ready chan struct{} // closed when item is set, or the queue has been deleted
	item  *item
}

// push adds it at the tail.
func (q *queue) push(it *item) {
	q.items = append(q.items, it)
	q.bytes += int64(len(it.data))
	q.total++
	q.hand(it.added)
}

// back puts it at the head again.
func (q *queue) back(it *item, now time.Time) {
	q.items = slices.Insert(q.items, 0, it)
	q.bytes += int64(len(it.data))
	q.hand(now)
}

// hand gives items to those who wait, in the order in which they came.
func (q *queue) hand(now time.Time) {
	for len(q.waiters) > 0 && len(q.items) > 0 {
		w := q.waiters[0]
		q.waiters = q.waiters[1:]
		w.item = q.head(w.peek, now)
		close(w.ready)
	}
}

// head returns the first item, and takes it away unless it is only looked at; there must be one.
func (q *queue) head(peek bool, now time.Time) *item {
	if peek {
		return q.items[0]
	}
	return q.pop(now)
}

// expire drops what has expired at the head, as the original does, and returns its bytes.
func (q *queue) expire(now time.Time) (freed int64) {
	for len(q.items) > 0 {
		it := q.items[0]
		if it.expires.IsZero() || it.expires.After(now) {
			break
		}
		q.drop()
		q.expired++
		freed += int64(len(it.data))
	}
	return freed
}

// drop takes the head away; there must be one.
func (q *queue) drop() {
	q.bytes -= int64(len(q.items[0].data))
	q.items[0] = nil
	if q.items = q.items[1:]; len(q.items) == 0 {
		q.items = nil
	}
}

// pop takes the head away and returns it; there must be one.
func (q *queue) pop(now time.Time) *item {
	it := q.items[0]
	q.drop()
	q.age = now.Sub(it.added)
	return it
}

// wait returns a new waiter.
func (q *queue) wait(peek bool) *waiter {
	w := &waiter{peek: peek, ready: make(chan struct{})}
	q.waiters = append(q.waiters, w)
	return w
}

// leave is told of one who waits no longer.
func (q *queue) leave(w *waiter) {
	q.waiters = slices.DeleteFunc(q.waiters, func(x *waiter) bool { return x == w })
}
