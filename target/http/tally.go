package http

import (
	"sync"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/measure"
	"github.com/iagoloadgen/iago/target/model"
)

// methods that are counted by array; the rest by map, up to moreMethods of them.
var methods = [...]string{"GET", "POST", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"}

const moreMethods = 64

// tally counts what one thread saw. The lock is held by the one who counts, for as long as it has something to count.
type tally struct {
	mu        sync.Mutex
	requests  int64
	marked    int64
	content   int64 // bytes
	methods   [len(methods)]int64
	others    map[string]int64
	versions  [2]int64
	status    [load.MaxStatus + 1]int64
	malformed map[string]int64
	abandoned int64
	received  int64
	sent      int64
	first     int64 // arrival; -1: none
	last      int64
	sojourn   measure.Histogram
	late      measure.Histogram
}

func newTally() *tally {
	return &tally{others: map[string]int64{}, malformed: map[string]int64{}, first: -1}
}

// count counts a request with the given number of bytes of content.
func (t *tally) count(r *request, content, arrival int64) {
	t.requests++
	t.content += content
	t.versions[r.minor]++
	if r.marked {
		t.marked++
	}
	t.last = max(t.last, arrival)
	if t.first < 0 || arrival < t.first {
		t.first = arrival
	}
	for i, m := range methods {
		if string(r.method) == m {
			t.methods[i]++
			return
		}
	}
	name := string(r.method)
	if _, known := t.others[name]; !known && len(t.others) >= moreMethods {
		name = "others"
	}
	t.others[name]++
}

// add merges o into t; both locks are held, or nobody else knows t.
func (t *tally) add(o *tally) {
	t.requests += o.requests
	t.marked += o.marked
	t.content += o.content
	t.abandoned += o.abandoned
	t.received += o.received
	t.sent += o.sent
	for i, n := range o.methods {
		t.methods[i] += n
	}
	for i, n := range o.versions {
		t.versions[i] += n
	}
	for i, n := range o.status {
		t.status[i] += n
	}
	for m, n := range o.others {
		t.others[m] += n
	}
	for c, n := range o.malformed {
		t.malformed[c] += n
	}
	if o.first >= 0 && (t.first < 0 || o.first < t.first) {
		t.first = o.first
	}
	t.last = max(t.last, o.last)
	t.sojourn.Add(&o.sojourn)
	t.late.Add(&o.late)
}

// answered counts an answer that goes out the given time after its departure; timed says whether that means anything.
func (t *tally) answered(r *reply, late int64, timed bool) {
	if r.status == 0 {
		return
	}
	t.status[r.status]++
	if timed {
		t.late.Record(late)
	}
}

// abandon counts an answer that was never written.
func (t *tally) abandon(r *reply) {
	if r.status != 0 && (r.kind == 0 || r.kind == model.Error) {
		t.abandoned++
	}
}
