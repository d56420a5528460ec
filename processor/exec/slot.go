package exec

import (
	"cmp"
	"slices"
	"sync"
	"time"
)

// item is a record or a response on its way through a program. Its memory is used again.
type item struct {
	key    uint64
	line   []byte // as the program is told of it
	file   string
	number int64
	slot   *slot
	bytes  int64 // charged to the slot
	deaths int   // of programs that had been given it
	ended  bool
	err    error // why no requests come of it
	answer answer
}

// key tells items of a slot apart: records and responses are numbered apart.
func key(id uint64, response bool) uint64 {
	if response {
		return id<<1 | 1
	}
	return id << 1
}

// weighs adds n bytes to what the item is charged with in its slot's window.
func (it *item) weighs(n int) {
	it.bytes += int64(n)
	it.slot.bytes += int64(n)
}

// slot is the place of one program after the other. Everything in it is guarded by the stage's lock.
type slot struct {
	index    int
	name     string // of its programs, for messages
	queue    []*item
	sent     map[uint64]*item // given to the program, not answered
	suspects int              // in queue or sent: given to a program that died
	held     int              // records that Next has not taken
	bytes    int64            // of those and their answers
	flush    bool             // write what is in queue, be it few
	live     bool             // a program has said hello
	wants    bool             // it wants responses
	lives    int              // programs in a row that answered nothing
	progress time.Time        // of the last answer, or of the first item since there was nothing to answer
	proc     *process
	write    sync.Cond // there may be something to write
	origin   origin    // of requests without a tag
}

// ready is how many items of the queue may be written now. A batch goes when it is full, or when the program has nothing
// else to do (as Nagle's algorithm, RFC 896, does it with segments), so that a slow source is not waited for. Suspects go
// one by one: when the program dies again, it is clear on which.
func (sl *slot) ready(batch int, ended bool) int {
	n := len(sl.queue)
	idle := len(sl.sent) == 0
	switch {
	case !sl.live || n == 0:
		return 0
	case sl.suspects > 0 && idle:
		return 1
	case sl.suspects > 0:
		return 0
	case n >= batch || idle || ended || sl.flush:
		return min(n, batch)
	}
	return 0
}

// take moves n items from the queue to sent and appends their lines to dst.
func (sl *slot) take(n int, dst []byte, now time.Time) []byte {
	if len(sl.sent) == 0 {
		sl.progress = now
	}
	for _, it := range sl.queue[:n] {
		sl.sent[it.key] = it
		dst = append(dst, it.line...)
	}
	sl.queue = slices.Delete(sl.queue, 0, n)
	if len(sl.queue) == 0 {
		sl.flush = false
	}
	return dst
}

// answered takes an item out of sent; nil: the program was not asked.
func (sl *slot) answered(k uint64, now time.Time) *item {
	it := sl.sent[k]
	if it == nil {
		return nil
	}
	delete(sl.sent, k)
	sl.progress, sl.lives = now, 0
	sl.clear(it)
	return it
}

// clear ends an item that is no longer in sent.
func (sl *slot) clear(it *item) {
	it.ended = true
	if it.deaths > 0 {
		sl.suspects--
	}
}

// died puts what the program had not answered in front of the queue, in order, and returns how many those are and which items
// have now had two programs die on them.
func (sl *slot) died() (again int, lost []*item) {
	var back []*item
	for _, it := range sl.sent {
		if it.deaths++; it.deaths > 1 {
			lost = append(lost, it)
			continue
		}
		sl.suspects++
		back = append(back, it)
	}
	clear(sl.sent)
	for _, it := range lost {
		sl.clear(it)
	}
	slices.SortFunc(back, func(a, b *item) int { return cmp.Compare(a.key, b.key) })
	sl.queue = append(back, sl.queue...)
	return len(back), lost
}

// waiting is the oldest item that the program has been given.
func (sl *slot) waiting() (oldest *item) {
	for _, it := range sl.sent {
		if oldest == nil || it.key < oldest.key {
			oldest = it
		}
	}
	return oldest
}
