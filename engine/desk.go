package engine

import (
	"github.com/iagoloadgen/iago/internal/ring"
	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/processor"
)

// FollowUps bounds the requests that a processor makes out of responses.
type FollowUps struct {
	Depth       int // of a chain: a follow-up of a follow-up has depth 2; 0: none are allowed
	PerResponse int
	Pending     int // most that wait for their moment or a connection, in all
}

// outcome is how a request ended: with an answer, or for a cause.
type outcome struct {
	resp   *load.Response // the connection's; its content may be taken, not kept
	cause  string
	target int32
	end    int64 // of the answer, or of waiting for one
}

// exchange is a request with its outcome on its way from a shard to the processor and back.
type exchange struct {
	processor.Exchange
	shard *shard
	item  *item
	at    int64 // the outcome's moment
	items []*item
	bad   int
	whole bool // a completed request of the schedule without a server error: a failed check makes it an error
}

const (
	deskSize = 1 << 12
	// unheardMost bounds the outcomes that wait for a processor that is behind.
	unheardMost = 1 << 17
)

// desk is where a shard and the processor that sees outcomes exchange them. The shard's side, but for what says so.
type desk struct {
	asks    *ring.Ring[*exchange] // to the processor
	back    *ring.Ring[*exchange] // from it
	spare   *ring.Ring[*item]     // follow-ups' memory, to it
	r       *responder
	free    []*exchange
	unheard queue[*exchange] // for which asks has no room
	out     int              // exchanges with the processor
	think   dueHeap          // follow-ups that are not due yet
	pending int              // most of them, and of waiting ones
	closing bool             // no more follow-ups
}

func newDesk(r *responder, pending int) *desk {
	return &desk{
		asks: ring.New[*exchange](deskSize), back: ring.New[*exchange](4 * deskSize), spare: ring.New[*item](2 * deskSize), r: r,
		pending: pending,
	}
}

func (d *desk) idle() bool { return d.out == 0 && d.think.len() == 0 }

// over passes a request that has had its outcome to the processor, or its memory back.
func (s *shard) over(a arrival, o outcome, service int64) {
	if s.desk == nil {
		s.giveBack(a.item)
		return
	}
	s.desk.tell(s, a, o, service)
}

// tell lets the processor know.
func (d *desk) tell(s *shard, a arrival, o outcome, service int64) {
	if d.unheard.len() >= unheardMost {
		s.rec.cur.Unseen++
		s.giveBack(a.item)
		return
	}
	var x *exchange
	if n := len(d.free); n > 0 {
		x, d.free = d.free[n-1], d.free[:n-1]
	} else {
		x = &exchange{shard: s}
		x.Response.Keep = s.cfg.Keep
	}
	x.item, x.at, x.bad = a.item, o.end, 0
	x.items = x.items[:0]
	x.fill(s, &a, o, service)
	d.out++
	if d.unheard.len() > 0 || !d.asks.Push(x) {
		d.unheard.push(x)
	}
	d.r.hurry()
}

// fill says what has become of a.
func (x *exchange) fill(s *shard, a *arrival, o outcome, service int64) {
	x.Request, x.Cause, x.Depth = &a.item.req, o.cause, int(a.depth)
	x.Status, x.Target, x.whole = "", s.set.url(o.target), false
	x.Due, x.Latency, x.Service = ns(a.due), ns(o.end-a.due), ns(service)
	x.Response.Reset()
	if o.cause == "" {
		x.Response, *o.resp = *o.resp, x.Response // with its memory
		x.Status = s.cfg.Codec.StatusName(x.Response.Status)
		x.whole = a.depth == 0 && !s.cfg.Codec.ServerError(x.Response.Status)
		o.resp.Status, o.resp.Close = x.Response.Status, x.Response.Close // the connection looks at it once more
	}
}

// collect takes back what the processor is done with: checks are counted, follow-ups wait for their moment.
func (d *desk) collect(s *shard) {
	for d.unheard.len() > 0 && d.asks.Push(*d.unheard.front()) {
		d.unheard.pop()
		d.r.hurry()
	}
	for {
		x, ok := d.back.Pop()
		if !ok {
			return
		}
		d.out--
		d.settle(s, x)
	}
}

func (d *desk) settle(s *shard, x *exchange) {
	followUps, checks, refused := x.Result()
	failed := ""
	for i := range checks {
		s.rec.cur.Checked(checks[i].Name, checks[i].Passed)
		if !checks[i].Passed && failed == "" {
			failed = checks[i].Name
		}
	}
	if failed != "" {
		if x.whole {
			s.rec.cur.CheckFail++
		}
		s.rec.keepCheck(x, "check failed: "+failed)
	}
	f := &s.rec.cur.Followups
	f.Refused += int64(refused)
	f.Bad += int64(x.bad)
	for i, it := range x.items {
		if it == nil {
			continue
		}
		switch {
		case d.closing || s.finished:
			s.giveBack(it)
		case d.think.len()+int(s.followWaiting) >= d.pending:
			f.Refused++
			s.giveBack(it)
		default:
			d.think.push(arrival{item: it, due: x.at + int64(followUps[i].Think), depth: uint8(min(x.Depth+1, 255))})
		}
	}
	s.giveBack(x.item)
	x.item, x.Request = nil, nil
	d.free = append(d.free, x)
}

// takeDue takes up the follow-ups that are due.
func (d *desk) takeDue(s *shard) {
	if d.closing {
		d.dropThinking(s)
	}
	for n := 0; n < takeAtOnce && d.think.len() > 0 && d.think.first().due <= s.now; n++ {
		a := d.think.pop()
		a.taken = s.now
		s.rec.taken(&a)
		s.dispatch(a)
	}
}

// dropThinking gives up the follow-ups that are not due yet: they count as unsent.
func (d *desk) dropThinking(s *shard) {
	for d.think.len() > 0 {
		a := d.think.pop()
		s.rec.taken(&a)
		s.rec.unsent(&a, waitThinking)
		s.giveBack(a.item)
	}
}

func (d *desk) nextDue() int64 {
	if d.think.len() > 0 {
		return d.think.first().due
	}
	return never
}

// giveBack returns a follow-up's memory.
func (d *desk) giveBack(it *item) {
	if cap(it.req.Wire) <= keepUpTo {
		d.spare.Push(it)
	}
}

// dueHeap is a heap of arrivals, the earliest first.
type dueHeap struct{ a []arrival }

func (h *dueHeap) len() int        { return len(h.a) }
func (h *dueHeap) first() *arrival { return &h.a[0] }

func (h *dueHeap) push(v arrival) {
	h.a = append(h.a, v)
	for i := len(h.a) - 1; i > 0; {
		up := (i - 1) / 2
		if h.a[up].due <= h.a[i].due {
			return
		}
		h.a[up], h.a[i] = h.a[i], h.a[up]
		i = up
	}
}

func (h *dueHeap) pop() arrival {
	top, last := h.a[0], len(h.a)-1
	h.a[0] = h.a[last]
	h.a[last] = arrival{}
	h.a = h.a[:last]
	for i := 0; ; {
		least := i
		for c := 2*i + 1; c <= 2*i+2 && c < last; c++ {
			if h.a[c].due < h.a[least].due {
				least = c
			}
		}
		if least == i {
			return top
		}
		h.a[i], h.a[least] = h.a[least], h.a[i]
		i = least
	}
}
