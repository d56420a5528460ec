package engine

import (
	"github.com/iagoloadgen/iago/internal/poller"
	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
)

// arrival is a request on its way: what was due when.
type arrival struct {
	item  *item
	due   int64 // all times in ns since the run's start
	taken int64
}

// item is a prepared request. It goes round: producer → ring → shard → producer.
type item struct {
	req    load.Request
	target int32 // whom Wire is encoded for
	label  int32 // -1: none
	fixed  bool  // shared by all: never given back, never encoded again
}

type connState uint8

const (
	connFree    connState = iota // slot not in use
	connDialing                  // connecting, and TLS; its request waits
	connBusy                     // a request is written, or its answer awaited
	connIdle                     // kept
)

// conn is one connection of a shard, with at most one request.
type conn struct {
	slot   uint32
	gen    uint32 // told apart from the slot's earlier users in late events
	state  connState
	fresh  bool // no request before this one
	target int32
	addr   int32 // generation of the target's addresses it was opened with
	handle poller.Handle
	hasFD  bool
	codec  transport.Conn
	tls    *session // nil: none, or done by the poller
	born   int64

	at      arrival
	attempt int64 // when the attempt began
	first   int64 // when the first byte was handed over; -1: not yet
	gotAny  bool  // some of the answer has arrived
	resp    load.Response
	rest    []byte // of the request, still to be written
	held    []byte // of the request, until the target asks for it
	left    []byte // of the answer, not consumed yet
	want    bool   // asked for a Writable event
	ended   bool   // nothing comes after what there is to read

	idleSince  int64
	prev, next *conn // in the shard's list of busy ones, or the target's of idle ones
}

func (c *conn) token() uint64 { return uint64(c.gen)<<32 | uint64(c.slot) }

// connList is a list of connections, oldest first.
type connList struct {
	first, last *conn
	n           int
}

func (l *connList) push(c *conn) {
	c.prev, c.next = l.last, nil
	if l.last != nil {
		l.last.next = c
	} else {
		l.first = c
	}
	l.last = c
	l.n++
}

func (l *connList) remove(c *conn) {
	if c.prev != nil {
		c.prev.next = c.next
	} else {
		l.first = c.next
	}
	if c.next != nil {
		c.next.prev = c.prev
	} else {
		l.last = c.prev
	}
	c.prev, c.next = nil, nil
	l.n--
}

// deadlines are moments of connections, all the same delay after they were set, so in order. Entries whose
// connection has gone on meanwhile are passed over.
type deadlines struct {
	q queue[deadline]
}

type deadline struct {
	at      int64
	c       *conn
	gen     uint32
	attempt int64
}

// set asks for c at the given moment.
func (d *deadlines) set(at int64, c *conn) {
	d.q.push(deadline{at, c, c.gen, c.attempt})
}

// due takes the next connection whose moment has come and that is still at what it was.
func (d *deadlines) due(now int64) *conn {
	for d.q.len() > 0 && d.q.front().at <= now {
		if e := d.q.pop(); e.c.gen == e.gen && e.c.attempt == e.attempt {
			return e.c
		}
	}
	return nil
}

// queue is a first-in-first-out queue that reuses its memory.
type queue[T any] struct {
	buf  []T
	head int
	n    int
}

func (q *queue[T]) len() int  { return q.n }
func (q *queue[T]) front() *T { return &q.buf[q.head] }

func (q *queue[T]) push(v T) {
	if q.n == len(q.buf) {
		grown := make([]T, max(16, 2*len(q.buf)))
		for i := range q.n {
			grown[i] = q.buf[(q.head+i)&(len(q.buf)-1)]
		}
		q.buf, q.head = grown, 0
	}
	q.buf[(q.head+q.n)&(len(q.buf)-1)] = v
	q.n++
}

func (q *queue[T]) pop() T {
	v := q.buf[q.head]
	var zero T
	q.buf[q.head] = zero
	q.head = (q.head + 1) & (len(q.buf) - 1)
	q.n--
	return v
}
