//go:build linux && (amd64 || arm64)

package http

import (
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/iagoloadgen/iago/target/model"
)

// conn is one connection of a loop. Its events are edge-triggered and asked for once: whoever does not read or write
// to the end must remember to go on.
type conn struct {
	fd      int // -1: closed
	id      int32
	sess    session
	partial []byte   // read, but not consumed: the beginning of a request
	out     [][]byte // to be written
	blocked bool     // the kernel takes no more for now
	paused  bool     // there may be something to read that is left unread for now

	head, tail *ticket // replies in the order of their requests
	waiting    int     // how many
	closing    *ticket // ends the time to linger in

	left      bool // the client has closed its side, though not everything of it may be read yet
	deaf      bool // no further request is taken up
	eof       bool // all that the client sent is read
	ending    bool // to be closed when out is written
	lingering bool // written and closed on this side: what comes in is thrown away
}

const (
	maxWaiting = 256 // requests of one connection that wait; above it, the connection is not read
	maxOut     = 64  // pieces to write before they are written
	maxReads   = 16  // reads before others have their turn
)

// admit makes a connection of a fresh socket.
func (l *loop) admit(fd int) {
	var c *conn
	if n := len(l.free); n > 0 {
		c, l.free = l.free[n-1], l.free[:n-1]
		partial, out, kept := c.partial[:0], c.out[:0], c.sess.kept[:0]
		*c = conn{id: c.id, partial: partial, out: out, sess: session{kept: kept}}
	} else {
		c = &conn{id: int32(len(l.conns))}
		l.conns = append(l.conns, c)
	}
	c.fd, c.sess.limits = fd, l.s.options.limits()
	l.s.connected()
	if l.poller.watch(fd, c.id, unix.EPOLLIN|unix.EPOLLOUT|unix.EPOLLRDHUP|unix.EPOLLET) != nil {
		l.drop(c) // the kernel is out of memory
	}
}

// drop closes c at once and forgets what waits on it.
func (l *loop) drop(c *conn) {
	if c.fd < 0 {
		return
	}
	_ = unix.Close(c.fd)
	c.fd, c.deaf = -1, true
	for t := c.head; t != nil; {
		next := t.next
		l.tally.abandon(&t.reply)
		t.conn = nil
		if !t.timed {
			l.recycle(t)
		}
		t = next
	}
	if c.closing != nil {
		c.closing.conn = nil
	}
	c.head, c.tail, c.closing = nil, nil, nil
	clear(c.out)
	if cap(c.partial) > len(l.buf) {
		c.partial = nil
	}
	l.gone = append(l.gone, c)
	l.s.disconnected()
}

// serve does what events of c call for.
func (l *loop) serve(c *conn, events uint32) {
	if c.fd < 0 {
		return
	}
	if events&(unix.EPOLLERR|unix.EPOLLHUP) != 0 {
		l.drop(c)
		return
	}
	if events&unix.EPOLLOUT != 0 && c.blocked {
		l.flush(c)
	}
	c.left = c.left || events&unix.EPOLLRDHUP != 0
	if events&(unix.EPOLLIN|unix.EPOLLRDHUP) != 0 && c.fd >= 0 {
		l.read(c, c.left)
	}
}

// full tells whether c has to be left unread.
func (c *conn) full() bool { return c.blocked || c.waiting >= maxWaiting }

// read takes what has come in. Fewer bytes than fit are all there are, but with toEnd it reads on until there is nothing.
func (l *loop) read(c *conn, toEnd bool) {
	for i := 0; c.fd >= 0 && !c.eof; i++ {
		if c.full() && !c.lingering || i == maxReads {
			c.paused = true
			if i == maxReads {
				l.again = append(l.again, c)
			}
			if c.left && c.hangs() {
				l.drop(c)
			}
			return
		}
		n, arrival, e := l.receive(c.fd)
		switch {
		case e == unix.EAGAIN:
			return
		case e == unix.EINTR:
			continue
		case e != 0:
			l.drop(c)
			return
		case n == 0:
			l.end(c)
			return
		}
		l.tally.received += int64(n)
		if !c.deaf {
			l.feed(c, l.buf[:n], arrival)
		}
		if n < len(l.buf) && !toEnd {
			return
		}
	}
}

// receive reads once and tells when the last byte came in.
func (l *loop) receive(fd int) (n int, arrival int64, e syscall.Errno) {
	if !l.stamps {
		n, e = recv(fd, l.buf)
		return n, l.now, e
	}
	n, at, e := l.stamped.recv(fd, l.buf)
	if at == 0 {
		return n, l.now, e
	}
	return n, at - l.wall, e
}

// end notes that the client sends nothing more; it may still be waiting for answers.
func (l *loop) end(c *conn) {
	c.eof, c.left = true, true
	if c.lingering || c.head == nil && len(c.out) == 0 || c.hangs() {
		l.drop(c)
	}
}

// hangs tells whether nothing will ever be answered on c again.
func (c *conn) hangs() bool { return c.head != nil && c.head.kind == model.Hang }

// readOn goes on where a read left off.
func (l *loop) readOn(c *conn) {
	if c.fd < 0 || !c.paused || c.full() && !c.lingering {
		return
	}
	c.paused = false
	if len(c.partial) > 0 && !c.deaf {
		l.feed(c, nil, l.now)
	}
	l.read(c, true)
}

// feed takes the requests out of what was left over and b, of which the last byte came in at arrival.
func (l *loop) feed(c *conn, b []byte, arrival int64) {
	src := b
	if len(c.partial) > 0 {
		c.partial = append(c.partial, b...)
		src = c.partial
	}
	for len(src) > 0 && !c.deaf && !c.full() {
		n, what, bad := c.sess.next(src)
		src = src[n:]
		switch {
		case bad != nil:
			l.take(c, l.s.desk.refuse(bad, arrival, l.tally))
			c.deaf, c.paused = true, true
		case what == wantsGoing:
			l.take(c, l.s.desk.goOn(arrival))
		case what == complete:
			r := l.s.desk.take(&c.sess, arrival, l.tally)
			if r.stats {
				l.tally.mu.Unlock()
				r.answer = l.s.statsAnswer(&c.sess.req)
				l.tally.mu.Lock()
			}
			c.deaf = r.last
			l.take(c, r)
		}
		if what == more {
			break
		}
		if len(c.out) >= maxOut && !c.deaf {
			l.flush(c)
		}
	}
	if c.fd < 0 {
		return
	}
	if len(src) > 0 && !c.deaf && c.full() {
		c.paused = true
	}
	if c.partial = append(c.partial[:0], src...); len(src) == 0 && cap(c.partial) > 4096 {
		c.partial = nil
	}
	l.flush(c)
}

// take does what r says now, or gives it a ticket.
func (l *loop) take(c *conn, r reply) {
	if c.head == nil && r.depart <= l.now && r.kind != model.Hang {
		l.carryOut(c, &r)
		return
	}
	t := l.ticket()
	t.reply, t.conn = r, c
	if c.head == nil {
		c.head = t
	} else {
		c.tail.next = t
	}
	c.tail = t
	c.waiting++
	switch {
	case r.kind == model.Hang:
	case r.depart <= l.now:
		t.ready = true
	default:
		l.timers.push(t)
	}
}

// advance carries out the replies of c that are next and ready.
func (l *loop) advance(c *conn) {
	for c.fd >= 0 && !c.ending && c.head != nil && c.head.ready {
		t := c.head
		if c.head = t.next; c.head == nil {
			c.tail = nil
		}
		c.waiting--
		l.carryOut(c, &t.reply)
		l.recycle(t)
	}
	if c.fd < 0 {
		return
	}
	if c.left && c.hangs() {
		c.ending, c.deaf = true, true
	}
	l.flush(c)
	if c.fd >= 0 && c.paused && !c.full() {
		l.again = append(l.again, c)
	}
}

// carryOut does what r says; what it writes goes out with the next flush.
func (l *loop) carryOut(c *conn, r *reply) {
	switch r.kind {
	case model.Reset:
		// If it fails, the connection is gone already.
		_ = unix.SetsockoptLinger(c.fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
		l.drop(c)
	case model.Close:
		c.ending, c.deaf = true, true
	case model.Garbage:
		c.out = append(c.out, garbage)
		c.ending, c.deaf = true, true
	default:
		c.out = append(c.out, r.answer.head)
		if len(r.answer.body) > 0 {
			c.out = append(c.out, r.answer.body)
		}
		l.tally.answered(r, l.now-r.depart, l.s.desk.timed)
		c.ending = r.last
	}
}

// flush writes what there is to write, and ends what then has ended.
func (l *loop) flush(c *conn) {
	for len(c.out) > 0 {
		n, e := l.write(c)
		switch e {
		case 0:
			l.tally.sent += int64(n)
			c.written(n)
		case unix.EINTR:
		case unix.EAGAIN:
			c.blocked = true
			return
		default:
			l.drop(c)
			return
		}
	}
	if c.blocked {
		c.blocked = false
		if c.paused {
			l.again = append(l.again, c)
		}
	}
	switch {
	case c.ending && !c.lingering:
		l.finish(c)
	case c.eof && c.head == nil:
		l.drop(c)
	}
}

func (l *loop) write(c *conn) (int, syscall.Errno) {
	if len(c.out) == 1 {
		return send(c.fd, c.out[0])
	}
	return l.gather.send(c.fd, c.out)
}

// written takes n bytes off what is to be written.
func (c *conn) written(n int) {
	done := 0
	for done < len(c.out) && n >= len(c.out[done]) {
		n -= len(c.out[done])
		done++
	}
	rest := copy(c.out, c.out[done:])
	clear(c.out[rest:])
	c.out = c.out[:rest]
	if n > 0 {
		c.out[0] = c.out[0][n:]
	}
}

// finish closes c. Where the client has sent what was not read, closing would reset the connection and might take the
// answer with it (RFC 9112, section 9.6): then c lingers until the client has closed too.
func (l *loop) finish(c *conn) {
	unread := len(c.partial) > 0 || c.paused
	if c.eof || !unread || unix.Shutdown(c.fd, unix.SHUT_WR) != nil {
		l.drop(c)
		return
	}
	c.lingering, c.deaf = true, true
	t := l.ticket()
	t.conn, t.close, t.depart = c, true, l.now+int64(lingering)
	c.closing = t
	l.timers.push(t)
	c.paused = true
	l.again = append(l.again, c)
}

// ticket returns an empty ticket.
func (l *loop) ticket() *ticket {
	t := l.tickets
	if t == nil {
		return &ticket{}
	}
	l.tickets = t.next
	t.next = nil
	return t
}

// recycle takes back a ticket that is neither in the heap nor on a connection.
func (l *loop) recycle(t *ticket) {
	*t = ticket{next: l.tickets}
	l.tickets = t
}
