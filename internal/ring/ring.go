// Package ring is a bounded queue between exactly one producing and one consuming goroutine, without locks.
package ring

import "sync/atomic"

// Ring holds up to Cap values. Push is for the producer, Pop for the consumer; Len may be called by both.
//
// Each side keeps a stale copy of the other's index and looks at the true one only when the copy says full or
// empty, so that in a steady flow the two rarely touch each other's cache line (after Lamport's queue, 1977, and
// FastForward/MCRingBuffer, Lee et al. 2010).
type Ring[T any] struct {
	buf  []T
	mask uint64

	_        [64]byte
	tail     atomic.Uint64 // next to push; written by the producer
	headSeen uint64
	_        [64]byte
	head     atomic.Uint64 // next to pop; written by the consumer
	tailSeen uint64
	_        [64]byte
}

// New makes a ring for at least n values (rounded up to a power of two, 2 at least).
func New[T any](n int) *Ring[T] {
	c := 2
	for c < n {
		c *= 2
	}
	return &Ring[T]{buf: make([]T, c), mask: uint64(c - 1)}
}

// Cap is the number of values that fit.
func (r *Ring[T]) Cap() int { return len(r.buf) }

// Len is the number of values in the ring at some moment during the call.
func (r *Ring[T]) Len() int {
	h := r.head.Load()
	return int(r.tail.Load() - h)
}

// Popped is how many values have been taken out since the beginning.
func (r *Ring[T]) Popped() uint64 { return r.head.Load() }

// Push appends v; false when the ring is full.
func (r *Ring[T]) Push(v T) bool {
	t := r.tail.Load()
	if t-r.headSeen == uint64(len(r.buf)) {
		if r.headSeen = r.head.Load(); t-r.headSeen == uint64(len(r.buf)) {
			return false
		}
	}
	r.buf[t&r.mask] = v
	r.tail.Store(t + 1)
	return true
}

// Pop takes the oldest value; false when the ring is empty.
func (r *Ring[T]) Pop() (v T, ok bool) {
	h := r.head.Load()
	if h == r.tailSeen {
		if r.tailSeen = r.tail.Load(); h == r.tailSeen {
			return v, false
		}
	}
	p := &r.buf[h&r.mask]
	v = *p
	var zero T
	*p = zero
	r.head.Store(h + 1)
	return v, true
}
