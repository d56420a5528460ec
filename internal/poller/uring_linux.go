package poller

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

// uring is a Poller on io_uring: small writes are queued and go out with the next wait, and what is received is put
// into buffers of ours without being asked for each time, so that a batch of requests costs one system call rather than two
// each. It needs Linux 6.1.
type uring struct {
	r      *ring
	conns  []*uringConn
	free   []uint32
	dry    []uint32 // connections whose receiving stopped for want of buffers
	wakeFD int
	batch  batch

	wakeMu sync.Mutex // Wake against Shut
	dead   bool
}

// uringConn is one connection's slot. It is used again once the kernel has let go of it.
type uringConn struct {
	fd     int
	gen    uint32 // told apart from the slot's earlier users
	token  uint64
	chunks []chunk // received, not read yet
	end    error   // after the chunks
	armed  bool    // receiving
	polled bool    // waited for until there is room
	closed bool
	kept   []byte // what is being written: the kernel reads it where it is
}

// chunk is a part of a received buffer.
type chunk struct {
	id        uint16
	off, size int32
}

const (
	kindRecv uint64 = iota + 1
	kindSend
	kindPoll
	kindWatch
	kindWake

	genBits   = 28
	queueable = 4096 // larger writes go out at once: they may find no room
)

func newUring() (Poller, error) {
	r, err := newRing()
	if err != nil {
		return nil, err
	}
	w, err := unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC)
	if err != nil {
		r.close()
		return nil, err
	}
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0)
	p := &uring{r: r, wakeFD: w}
	q := r.next()
	q.op, q.fd, q.opFlags, q.len, q.user = opPollAdd, int32(w), pollIn, pollMulti, kindWake<<60
	if e := r.enter(0); e != 0 {
		p.Shut()
		return nil, e
	}
	return p, nil
}

func (p *uring) Raw() bool { return true }

func (p *uring) user(kind uint64, i uint32) uint64 {
	return kind<<60 | uint64(p.conns[i].gen&(1<<genBits-1))<<32 | uint64(i)
}

// slot takes a free slot for fd.
func (p *uring) slot(fd int, token uint64) uint32 {
	if len(p.free) == 0 {
		p.conns = append(p.conns, new(uringConn))
		p.free = append(p.free, uint32(len(p.conns)-1))
	}
	i := p.free[len(p.free)-1]
	p.free = p.free[:len(p.free)-1]
	c := p.conns[i]
	*c = uringConn{fd: fd, gen: c.gen + 1, token: token, chunks: c.chunks[:0]}
	return i
}

func (p *uring) Open(a Addr, token uint64) (Handle, error) {
	fd, err := begin(a)
	if err != nil {
		return -1, err
	}
	i := p.slot(fd, token)
	p.poll(i)
	return Handle(i), nil
}

// poll asks for a Writable event.
func (p *uring) poll(i uint32) {
	c := p.conns[i]
	c.polled = true
	q := p.r.next()
	q.op, q.fd, q.opFlags, q.user = opPollAdd, int32(c.fd), pollOut, p.user(kindPoll, i)
}

// arm begins to receive.
func (p *uring) arm(i uint32) {
	c := p.conns[i]
	c.armed = true
	q := p.r.next()
	q.op, q.flags, q.ioprio, q.fd, q.bufGroup, q.user = opRecv, sqeBufferSelect, recvMultishot, int32(c.fd), bufGroup, p.user(kindRecv, i)
}

func (p *uring) Connected(h Handle) error {
	if err := socketError(p.conns[h].fd); err != nil {
		return err
	}
	p.arm(uint32(h))
	return nil
}

func (p *uring) Adopt(nc net.Conn, token uint64) (Handle, error) {
	fd, err := adopt(nc)
	if err != nil {
		return -1, err
	}
	i := p.slot(fd, token)
	p.arm(i)
	return Handle(i), nil
}

func (p *uring) Read(h Handle, b []byte) (int, error) {
	c, n := p.conns[h], 0
	for len(c.chunks) > 0 && n < len(b) {
		k := &c.chunks[0]
		m := copy(b[n:], p.r.buffer(k.id)[k.off:k.off+k.size])
		n += m
		k.off, k.size = k.off+int32(m), k.size-int32(m)
		if k.size == 0 {
			p.r.recycle(k.id)
			c.chunks = append(c.chunks[:0], c.chunks[1:]...)
		}
	}
	switch {
	case n > 0 || len(b) == 0:
		return n, nil
	case c.end != nil:
		return 0, c.end
	}
	return 0, ErrAgain
}

// Write queues small writes; what is refused of them later comes as an error of Read.
func (p *uring) Write(h Handle, b []byte) (int, error) {
	c := p.conns[h]
	if c.end != nil && c.end != io.EOF { //nolint:errorlint // set by us
		return 0, c.end
	}
	if len(b) <= queueable {
		c.kept = b
		q := p.r.next()
		q.op, q.flags, q.fd, q.user = opSend, sqeSkipSuccess, int32(c.fd), p.user(kindSend, uint32(h))
		q.addr, q.len, q.opFlags = address(b), uint32(len(b)), msgNoSignal|msgWaitAll
		return len(b), nil
	}
	p.submit()
	return send(c.fd, b)
}

// WriteNow implements Sockets.
func (p *uring) WriteNow(h Handle, b []byte) (int, error) {
	c := p.conns[h]
	if c.end != nil && c.end != io.EOF { //nolint:errorlint // set by us
		return 0, c.end
	}
	p.submit()
	return send(c.fd, b)
}

// submit gives what is queued to the kernel, so that what follows comes after it.
func (p *uring) submit() {
	if p.r.unsent > 0 {
		_ = p.r.enter(0)
	}
}

func (p *uring) WantWrite(h Handle, _ uint64, on bool) error {
	if on && !p.conns[h].polled {
		p.poll(uint32(h))
	}
	return nil
}

func (p *uring) Close(h Handle) {
	c := p.conns[h]
	p.submit() // nothing queued may meet another connection under this descriptor's number
	_ = unix.Shutdown(c.fd, unix.SHUT_RDWR)
	_ = unix.Close(c.fd)
	c.closed, c.kept = true, nil
	for _, k := range c.chunks {
		p.r.recycle(k.id)
	}
	c.chunks = c.chunks[:0]
	p.letGo(uint32(h))
}

// Abort implements Sockets.
func (p *uring) Abort(h Handle) {
	p.submit()
	disconnect(p.conns[h].fd)
	p.Close(h)
}

// letGo frees a slot that nobody uses any more, on either side.
func (p *uring) letGo(i uint32) {
	if c := p.conns[i]; c.closed && !c.armed && !c.polled {
		p.free = append(p.free, i)
	}
}

func (p *uring) Wait(events []Event, timeout int64) (int, error) {
	for _, i := range p.dry {
		if c := p.conns[i]; !c.closed && !c.armed {
			p.arm(i)
		}
	}
	p.dry = p.dry[:0]
	if atomic.LoadUint32(p.r.cqTail) != *p.r.cqHead {
		timeout = 0
	}
	if e := p.r.enter(timeout); e != 0 && e != syscall.EINTR && e != syscall.ETIME && e != syscall.EAGAIN && e != syscall.EBUSY {
		return 0, e
	}
	n, head := 0, *p.r.cqHead
	for tail := atomic.LoadUint32(p.r.cqTail); head != tail && n < len(events); head++ {
		if p.handle(&p.r.cqes[head&p.r.cqMask], &events[n]) {
			n++
		}
	}
	atomic.StoreUint32(p.r.cqHead, head)
	return n, nil
}

// handle takes in a completion; true: ev is filled in with what it means for the caller.
func (p *uring) handle(q *cqe, ev *Event) bool {
	kind, i := q.user>>60, uint32(q.user)
	if kind == kindWake {
		var b [8]byte
		_, _ = unix.Read(p.wakeFD, b[:])
		return false
	}
	c := p.conns[i]
	if uint64(c.gen&(1<<genBits-1)) != q.user>>32&(1<<genBits-1) {
		return false // a late failure of a write
	}
	switch kind {
	case kindRecv:
		return p.received(c, i, q, ev)
	case kindWatch:
		return p.watched(c, i, q, ev)
	case kindPoll:
		c.polled = false
		*ev = Event{Token: c.token, Flags: Writable}
	case kindSend:
		if c.end == nil {
			c.end = syscall.Errno(-q.res)
		}
		*ev = Event{Token: c.token, Flags: Readable | Ended}
	}
	if c.closed {
		p.letGo(i)
		return false
	}
	return true
}

func (p *uring) received(c *uringConn, i uint32, q *cqe, ev *Event) bool {
	if q.flags&cqeBuffer != 0 {
		k := chunk{id: uint16(q.flags >> cqeBufferShift), size: q.res}
		if c.closed || q.res <= 0 {
			p.r.recycle(k.id)
		} else {
			c.chunks = append(c.chunks, k)
		}
	}
	c.armed = q.flags&cqeMore != 0
	if c.closed {
		p.letGo(i)
		return false
	}
	*ev = Event{Token: c.token, Flags: Readable}
	switch {
	case q.res == 0:
		c.end = io.EOF
	case q.res > 0 && !c.armed, q.res == -int32(syscall.ENOBUFS):
		p.dry = append(p.dry, i)
	case q.res < 0 && c.end == nil:
		c.end = syscall.Errno(-q.res)
	}
	if c.end != nil {
		ev.Flags |= Ended
	}
	return true
}

func (p *uring) Wake() {
	p.wakeMu.Lock()
	defer p.wakeMu.Unlock()
	if !p.dead {
		one := [8]byte{1}
		_, _ = unix.Write(p.wakeFD, one[:])
	}
}

func (p *uring) Shut() {
	p.wakeMu.Lock()
	defer p.wakeMu.Unlock()
	p.dead = true
	for _, c := range p.conns {
		if !c.closed && c.fd > 0 {
			_ = unix.Close(c.fd)
		}
	}
	_ = unix.Close(p.wakeFD)
	p.r.close()
}
