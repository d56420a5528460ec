package kestrel

import (
	"slices"
	"strings"
	"sync"
	"time"
)

// store holds the queues.
type store struct {
	mu    sync.Mutex
	now   func() time.Time
	begun time.Time
	most  int64

	queues   map[string]*queue
	children map[string][]string // of a queue: its fanout queues
	bytes    int64               // in queues and handed out

	gets, hits, misses, sets, peeks, creates, deletes int64
}

func newStore(most int64, now func() time.Time) *store {
	return &store{now: now, begun: now(), most: most, queues: map[string]*queue{}, children: map[string][]string{}}
}

func (s *store) figures() map[string]int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	items, open := 0, 0
	for _, q := range s.queues {
		items += len(q.items)
		open += q.open
	}
	return map[string]int64{
		"queues": int64(len(s.queues)), "items": int64(items), "open": int64(open), "memory_bytes": s.bytes,
		"stored": s.sets, "hits": s.hits, "misses": s.misses,
	}
}

// queue returns the queue of that name, made when it is named first; what has expired is gone from it. A name parent+child is that of a
// fanout queue, which gets whatever its parent gets from then on.
func (s *store) queue(name string) *queue {
	q := s.queues[name]
	if q == nil {
		q = &queue{name: name}
		s.queues[name] = q
		s.creates++
		if parent, _, fanout := strings.Cut(name, "+"); fanout {
			s.children[parent] = append(s.children[parent], name)
		}
	}
	s.bytes -= q.expire(s.now())
	return q
}

// set adds an item to a queue and its fanout queues; false: there is no room.
func (s *store) set(name string, data []byte, expires time.Time) bool {
	q := s.queue(name)
	targets := []*queue{q}
	for _, child := range s.children[name] {
		targets = append(targets, s.queue(child))
	}
	need := int64(len(data)) * int64(len(targets))
	if s.bytes+need > s.most {
		return false
	}
	s.bytes += need
	s.sets++
	for _, q := range targets {
		q.push(&item{slices.Clone(data), expires, s.now()})
	}
	return true
}

// flush empties q; what is handed out stays so.
func (s *store) flush(q *queue) {
	s.bytes -= q.bytes
	q.items, q.bytes = nil, 0
	q.flushes++
}

// remove drops the queue of that name. Who waits for it waits on for one that is made anew.
func (s *store) remove(name string) {
	q := s.queues[name]
	if q == nil {
		return
	}
	s.flush(q)
	s.deletes++
	delete(s.queues, name)
	if parent, _, fanout := strings.Cut(name, "+"); fanout {
		s.children[parent] = slices.DeleteFunc(s.children[parent], func(c string) bool { return c == name })
	}
	for _, w := range q.waiters {
		close(w.ready)
	}
	q.waiters = nil
}

// giveBack puts an item that was taken from q at its head again, unless q has been deleted since.
func (s *store) giveBack(q *queue, it *item) {
	if s.queues[q.name] == q {
		q.back(it, s.now())
		return
	}
	s.bytes -= int64(len(it.data))
}

// soon is the number below which an expiry counts seconds from now, and is no moment since 1970.
const soon = 1_000_000

// expiry returns when something expires that is given the protocol's number of seconds.
func (s *store) expiry(seconds int64) time.Time {
	switch {
	case seconds == 0:
		return time.Time{}
	case seconds < soon:
		return s.now().Add(time.Duration(seconds) * time.Second)
	}
	return time.Unix(seconds, 0)
}
