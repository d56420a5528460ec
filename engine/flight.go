package engine

import "github.com/iagoloadgen/iago/transport"

// arrival is a request on its way: what was due when.
type arrival struct {
	item  *item
	due   int64 // all times in ns since the run's start
	taken int64
	depth uint8 // 0: of the schedule; else a follow-up, that many exchanges on
}

// flight is an attempt: an arrival that was given to a connection or socket and has had no outcome yet.
type flight struct {
	arrival
	attempt int64 // when the attempt began
	first   int64 // when the first byte was handed over; -1: not yet

	conn *conn   // nil: a datagram
	sock *socket // nil: on a connection
	key  uint64  // of a datagram

	next      *flight // behind it on its connection
	upTo      int64   // its last byte's place in what is written on its connection
	prefix    []byte  // sent before the request; nil: nothing
	redirects int

	older, newer *flight // among those under way
}

// maxRedirects bounds how often a target may send a request on to another one.
const maxRedirects = 5

// flightList is all that is under way, by attempt, oldest first.
type flightList struct {
	first, last *flight
	n           int
}

func (l *flightList) push(f *flight) {
	f.older, f.newer = l.last, nil
	if l.last != nil {
		l.last.newer = f
	} else {
		l.first = f
	}
	l.last = f
	l.n++
}

func (l *flightList) remove(f *flight) {
	if f.older != nil {
		f.older.newer = f.newer
	} else {
		l.first = f.newer
	}
	if f.newer != nil {
		f.newer.older = f.older
	} else {
		l.last = f.older
	}
	f.older, f.newer = nil, nil
	l.n--
}

// attempt begins a's attempt.
func (s *shard) attempt(a arrival) *flight {
	var f *flight
	if n := len(s.flights); n > 0 {
		f, s.flights = s.flights[n-1], s.flights[:n-1]
	} else {
		f = new(flight)
	}
	f.arrival, f.attempt, f.first = a, s.now, -1
	s.busy.push(f)
	s.rec.sent(f, s.now)
	return f
}

// land ends a flight that has had its outcome, and tells the processor if it wants to know.
func (s *shard) land(f *flight, o outcome) {
	s.busy.remove(f)
	a, service := f.arrival, int64(0)
	if o.cause == "" {
		service = o.end - f.first
	}
	*f = flight{}
	s.flights = append(s.flights, f)
	s.over(a, o, service)
}

// detach takes the first flight off c, whose answer has come; the next one's is read now.
func (c *conn) detach() *flight {
	f := c.head
	c.head = f.next
	if c.head == nil {
		c.tail = nil
	}
	f.next, f.conn = nil, nil
	c.depth--
	return f
}

// attach puts f behind the others on c.
func (c *conn) attach(f *flight) {
	f.conn = c
	if c.tail != nil {
		c.tail.next = f
	} else {
		c.head = f
	}
	c.tail = f
	c.depth++
}

// listen tells the codec whose answer comes next on c.
func (c *conn) listen() {
	f := c.head
	if f.prefix != nil {
		if p, ok := c.codec.(transport.Prefixer); ok {
			p.Prefixed(f.prefix)
		}
	}
	c.codec.Start(&f.item.req)
	c.resp.Reset()
}
