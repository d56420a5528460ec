package engine

import (
	"github.com/iagoloadgen/iago/internal/poller"
	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
)

// item is a prepared request. It goes round: producer → ring → shard → producer.
type item struct {
	req    load.Request
	target int32 // whom Wire is encoded for; -1: there was no target
	set    int32 // number of the set of targets that is among; 0: of an empty one
	label  int32 // -1: none
	fixed  bool  // shared by all: never given back, never encoded again
	pinned bool  // for target alone
	follow bool  // a follow-up's
}

type connState uint8

const (
	connFree     connState = iota // slot not in use
	connDialing                   // connecting, and TLS; its request waits
	connGreeting                  // what the protocol says first; its request waits
	connBusy                      // requests are written, or their answers awaited
	connIdle                      // kept
)

// conn is one connection of a shard: one request, or several in a pipeline, whose answers come in their order.
type conn struct {
	slot   uint32
	gen    uint32 // told apart from the slot's earlier users in late events
	state  connState
	fresh  bool // no answer before
	target int32
	addr   int32 // generation of the target's addresses it was opened with
	server poller.Addr
	handle poller.Handle
	hasFD  bool
	codec  transport.Conn
	stamp  transport.Stamper // nil: requests are written as they were encoded
	tls    *session          // nil: none, or done by the poller
	born   int64

	head, tail *flight // in the order of their answers
	depth      int
	oneWays    int // of these, requests without an answer

	gotAny bool  // some of the answer has arrived
	heard  int64 // when it last did
	resp   load.Response
	rest   []byte // of what is being written
	out    []byte // written as soon as rest has been
	held   []byte // of the request, until the target asks for it
	left   []byte // of the answer, not consumed yet
	queued int64  // bytes for the kernel so far, those in rest and out included
	want   bool   // asked for a Writable event
	dirty  bool   // in the shard's list of those with something in out
	ended  bool   // nothing comes after what there is to read

	idleSince  int64
	roomy      bool  // in the target's list of those with room in their pipeline
	prev, next *conn // in the target's list of idle or roomy ones
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

// deadlines are moments of connections, all the same delay after they were set, so in order.
type deadlines struct {
	q queue[deadline]
}

type deadline struct {
	at   int64
	c    *conn
	gen  uint32
	mark int64
}

// set asks for c at the given moment. mark tells what c is at by then.
func (d *deadlines) set(at int64, c *conn, mark int64) {
	d.q.push(deadline{at, c, c.gen, mark})
}

// due takes the next connection whose moment has come; gone ones are passed over.
func (d *deadlines) due(now int64) (c *conn, mark int64) {
	for d.q.len() > 0 && d.q.front().at <= now {
		if e := d.q.pop(); e.c.gen == e.gen {
			return e.c, e.mark
		}
	}
	return nil, 0
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
