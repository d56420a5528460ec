package redis

import (
	"sync"
	"time"
)

// databases is how many SELECT chooses from.
const databases = 16

// store holds the databases. Its lock is held for the whole of a command.
type store struct {
	mu      sync.Mutex
	now     func() time.Time
	dbs     [databases]db
	used    int64 // bytes, roughly
	most    int64
	hits    int64 // lookups by reading commands
	misses  int64
	expired int64
	refused int64 // commands, for want of memory
}

func newStore(most int64, now func() time.Time) *store {
	s := &store{now: now, most: most}
	for i := range s.dbs {
		s.dbs[i] = db{store: s, values: map[string]*value{}}
	}
	return s
}

func (s *store) millis() int64 { return s.now().UnixMilli() }

func (s *store) figures() map[string]int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	keys := 0
	for i := range s.dbs {
		keys += len(s.dbs[i].values)
	}
	return map[string]int64{
		"keys": int64(keys), "memory_bytes": s.used, "hits": s.hits, "misses": s.misses, "expired": s.expired, "out_of_memory": s.refused,
	}
}

// full tells whether nothing more may be stored, after what has expired is gone.
func (s *store) full() bool {
	if s.used <= s.most {
		return false
	}
	for i := range s.dbs {
		s.dbs[i].sweep()
	}
	return s.used > s.most
}

// db is one database.
type db struct {
	store  *store
	values map[string]*value
}

// overhead is what a key or element is taken to need besides its bytes.
const overhead = 64

// value is what a key holds: one of the four.
type value struct {
	str     []byte
	list    *deque
	hash    *dict
	set     *dict
	expires int64 // ms since 1970; 0: never
	size    int64 // bytes of its elements, as counted in used
}

func (v *value) kind() string {
	switch {
	case v.list != nil:
		return "list"
	case v.hash != nil:
		return "hash"
	case v.set != nil:
		return "set"
	}
	return "string"
}

func (v *value) isString() bool { return v.kind() == "string" }

// get returns what key holds, nil for nothing.
func (d *db) get(key []byte) *value {
	v := d.values[string(key)]
	if v != nil && v.expires != 0 && v.expires <= d.store.millis() {
		d.remove(key)
		d.store.expired++
		return nil
	}
	return v
}

// read is get for reading commands, which count hits and misses.
func (d *db) read(key []byte) *value {
	v := d.get(key)
	if v == nil {
		d.store.misses++
	} else {
		d.store.hits++
	}
	return v
}

// put makes key hold v and nothing else.
func (d *db) put(key []byte, v *value) {
	d.remove(key)
	d.values[string(key)] = v
	d.store.used += int64(len(key)) + overhead
	d.resize(v, int64(len(v.str)))
}

// resize notes that v's elements now need so many bytes.
func (d *db) resize(v *value, size int64) {
	d.store.used += size - v.size
	v.size = size
}

// remove tells whether there was something to remove.
func (d *db) remove(key []byte) bool {
	v := d.values[string(key)]
	if v == nil {
		return false
	}
	d.store.used -= int64(len(key)) + overhead + v.size
	delete(d.values, string(key))
	return true
}

// sweep removes what has expired.
func (d *db) sweep() {
	now := d.store.millis()
	for key, v := range d.values {
		if v.expires != 0 && v.expires <= now {
			d.remove([]byte(key))
			d.store.expired++
		}
	}
}

// flush removes everything.
func (d *db) flush() {
	for key, v := range d.values {
		d.store.used -= int64(len(key)) + overhead + v.size
	}
	d.values = map[string]*value{}
}
