package figures

import (
	"maps"
	"sync"

	"github.com/iagoloadgen/iago/measure"
)

// most is how many kinds of requests, and causes of refusals, are told apart: they may come from outside.
const most = 256

// Others stands for kinds beyond those that are told apart.
const Others = "others"

// Tally counts. It is safe for concurrent use; its methods are called once for a batch of requests where speed matters.
type Tally struct {
	mu          sync.Mutex
	requests    int64
	kinds       map[string]int64
	malformed   map[string]int64
	answers     int64
	oneWay      int64
	abandoned   int64
	connections Connections
	bytes       Bytes
	first, last int64 // arrivals; first -1: none
	sojourn     measure.Histogram
	late        measure.Histogram
}

// NewTally returns a tally that has counted nothing.
func NewTally() *Tally {
	return &Tally{kinds: map[string]int64{}, malformed: map[string]int64{}, first: -1}
}

// Batch is what a connection counts while it works on the bytes of one read. Used by one goroutine.
type Batch struct {
	Received, Sent  int64    // bytes
	Kinds           []string // of the requests read whole, one each
	Sojourns        []int64  // of those that depart, ns
	Answers, OneWay int64
}

// Add counts b, whose requests arrived at the given moment, and empties it.
func (t *Tally) Add(b *Batch, arrival int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.bytes.Received += b.Received
	t.bytes.Sent += b.Sent
	t.answers += b.Answers
	t.oneWay += b.OneWay
	if n := len(b.Kinds); n > 0 {
		t.requests += int64(n)
		t.last = max(t.last, arrival)
		if t.first < 0 || arrival < t.first {
			t.first = arrival
		}
	}
	for _, kind := range b.Kinds {
		bump(t.kinds, kind)
	}
	for _, ns := range b.Sojourns {
		t.sojourn.Record(ns)
	}
	*b = Batch{Kinds: b.Kinds[:0], Sojourns: b.Sojourns[:0]}
}

func bump(m map[string]int64, name string) {
	if _, known := m[name]; !known && len(m) >= most {
		name = Others
	}
	m[name]++
}

// Refused counts bytes that were no request.
func (t *Tally) Refused(cause string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	bump(t.malformed, cause)
}

// Answered counts an answer of the given number of bytes that left so many ns after its departure.
func (t *Tally) Answered(bytes int, late int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.answers++
	t.bytes.Sent += int64(bytes)
	t.late.Record(late)
}

// Unsent takes back answers, and the given number of bytes, that were counted and then could not be sent.
func (t *Tally) Unsent(answers, bytes int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.answers -= int64(answers)
	t.abandoned += int64(answers)
	t.bytes.Sent -= int64(bytes)
}

// Abandon counts answers that were never given.
func (t *Tally) Abandon(n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.abandoned += int64(n)
}

// Connected counts a new connection.
func (t *Tally) Connected() {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := &t.connections
	c.Opened++
	c.Open++
	c.Max = max(c.Max, c.Open)
}

// Disconnected counts one that is gone.
func (t *Tally) Disconnected() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.connections.Open--
}

// Into writes the figures as they stand into s.
func (t *Tally) Into(s *Stats) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s.Requests, s.Answers, s.OneWay, s.Abandoned = t.requests, t.answers, t.oneWay, t.abandoned
	s.Kinds, s.Malformed = maps.Clone(t.kinds), maps.Clone(t.malformed)
	s.Connections, s.Bytes = t.connections, t.bytes
	s.Sojourn, s.Late = NewTimes(&t.sojourn), NewTimes(&t.late)
	if t.first >= 0 {
		s.SpanNS = t.last - t.first
	}
}
