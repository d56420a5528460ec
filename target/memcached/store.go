package memcached

import (
	"container/list"
	"sync"
	"time"
)

// store holds the items. Its lock is held for the whole of a command.
type store struct {
	mu    sync.Mutex
	now   func() time.Time
	begun time.Time
	items map[string]*item
	used  *list.List // of *item, least recently used last
	bytes int64
	most  int64
	cas   uint64    // of the last change
	flush time.Time // when everything is to go; zero: never

	hits, misses, sets, evicted, expired int64
}

// item is what is kept under a key.
type item struct {
	key     string
	value   []byte
	flags   uint32
	cas     uint64
	expires time.Time // zero: never
	touched time.Time
	fetched bool
	stale   bool // invalidated, still served
	won     bool // somebody has been told to make it anew
	place   *list.Element
}

// overhead is what an item is taken to need besides its bytes.
const overhead = 64

func newStore(most int64, now func() time.Time) *store {
	return &store{now: now, begun: now(), items: map[string]*item{}, used: list.New(), most: most}
}

func (s *store) figures() map[string]int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return map[string]int64{
		"items": int64(len(s.items)), "memory_bytes": s.bytes, "hits": s.hits, "misses": s.misses,
		"stored": s.sets, "evicted": s.evicted, "expired": s.expired,
	}
}

// find returns the item of key, nil for none. It makes it the one used last.
func (s *store) find(key []byte) *item {
	if !s.flush.IsZero() && !s.now().Before(s.flush) {
		s.clear()
	}
	it := s.items[string(key)]
	if it == nil {
		return nil
	}
	if !it.expires.IsZero() && !it.expires.After(s.now()) {
		s.remove(it)
		s.expired++
		return nil
	}
	s.used.MoveToFront(it.place)
	return it
}

// read is find for commands that fetch, which count hits and misses.
func (s *store) read(key []byte) *item {
	it := s.find(key)
	if it == nil {
		s.misses++
		return nil
	}
	s.hits++
	return it
}

// fetch notes that it is handed out.
func (s *store) fetch(it *item) {
	it.fetched, it.touched = true, s.now()
}

func (s *store) remove(it *item) {
	s.used.Remove(it.place)
	delete(s.items, it.key)
	s.bytes -= it.size()
}

func (it *item) size() int64 { return int64(len(it.key)+len(it.value)) + overhead }

// put stores it under its key in place of what was there.
func (s *store) put(it *item) {
	if old := s.items[it.key]; old != nil {
		s.remove(old)
	}
	s.cas++
	it.cas, it.touched = s.cas, s.now()
	it.place = s.used.PushFront(it)
	s.items[it.key] = it
	s.bytes += it.size()
	for s.bytes > s.most && s.used.Len() > 1 {
		s.remove(s.used.Back().Value.(*item))
		s.evicted++
	}
}

// change gives it another value.
func (s *store) change(it *item, value []byte) {
	s.bytes += int64(len(value) - len(it.value))
	s.cas++
	it.value, it.cas = value, s.cas
}

func (s *store) clear() {
	s.items, s.bytes, s.flush = map[string]*item{}, 0, time.Time{}
	s.used.Init()
}

// month is the longest expiry that counts from now; larger ones are moments since 1970.
const month = 60 * 60 * 24 * 30

// expiry returns when something expires that is given the protocol's number of seconds.
func (s *store) expiry(seconds int64) time.Time {
	switch {
	case seconds == 0:
		return time.Time{}
	case seconds < 0:
		return s.now()
	case seconds > month:
		return time.Unix(seconds, 0)
	}
	return s.now().Add(time.Duration(seconds) * time.Second)
}

// ttl is the seconds that it has left; -1: no end.
func (s *store) ttl(it *item) int64 {
	if it.expires.IsZero() {
		return -1
	}
	return int64((it.expires.Sub(s.now()) + time.Second - 1) / time.Second)
}
