package poller

import (
	"io"
	"net"
	"sync"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

const epollPwait2 = 441 // the same number on every architecture (Linux 5.11)

// epoll is a Poller on epoll over raw non-blocking sockets. Connections are watched edge-triggered for everything from
// the start, so that a request costs one write, one read and a share of a wait: no change of what is watched, and no
// second look at what has been read.
//
// All system calls are raw ones, the waits as well, so that Go's scheduler does not hear of them: telling it costs little by
// itself, but keeps its monitor thread busy (measured: 5 % of the processor time of a closed-mode run). When the
// scheduler wants the thread, for garbage collection or after 10 ms, its signal ends a wait early. This needs a P (see
// runtime.GOMAXPROCS) for each waiting thread and others for the rest of the program.
type epoll struct {
	fd     int
	wakeFD int
	hasNS  bool // epoll_pwait2 is there
	raw    []unix.EpollEvent
	ts     unix.Timespec
	open   map[int]struct{}
	batch  batch

	wakeMu sync.Mutex // Wake against Shut
	dead   bool
}

const wakeToken = ^uint64(0)

func newEpoll() (Poller, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	w, err := unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC)
	if err != nil {
		_ = unix.Close(fd)
		return nil, err
	}
	p := &epoll{fd: fd, wakeFD: w, raw: make([]unix.EpollEvent, 512), open: map[int]struct{}{}}
	if err := p.ctl(unix.EPOLL_CTL_ADD, w, unix.EPOLLIN, wakeToken); err != nil {
		p.Shut()
		return nil, err
	}
	// Wake-ups otherwise come up to 50 µs late so that the kernel can batch them.
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0)
	_, e := p.pwait2(1, 0)
	p.hasNS = e != unix.ENOSYS
	return p, nil
}

func (p *epoll) Raw() bool { return true }

func (p *epoll) ctl(op, fd int, events uint32, token uint64) error {
	ev := unix.EpollEvent{Events: events, Fd: int32(uint32(token)), Pad: int32(uint32(token >> 32))}
	return unix.EpollCtl(p.fd, op, fd, &ev)
}

func (p *epoll) Open(a Addr, token uint64) (Handle, error) {
	fd, err := begin(a)
	if err != nil {
		return -1, err
	}
	return Handle(fd), p.add(fd, token)
}

const edges uint32 = unix.EPOLLIN | unix.EPOLLOUT | unix.EPOLLRDHUP | 1<<31 // EPOLLET, which x/sys has as a negative number

func (p *epoll) add(fd int, token uint64) error {
	if err := p.ctl(unix.EPOLL_CTL_ADD, fd, edges, token); err != nil {
		_ = unix.Close(fd)
		return err
	}
	p.open[fd] = struct{}{}
	return nil
}

func (p *epoll) Connected(h Handle) error { return socketError(int(h)) }

func (p *epoll) Adopt(c net.Conn, token uint64) (Handle, error) {
	fd, err := adopt(c)
	if err != nil {
		return -1, err
	}
	return Handle(fd), p.add(fd, token)
}

func (p *epoll) Read(h Handle, b []byte) (int, error) {
	for {
		// recvfrom rather than read: it goes to the socket without passing through the file system layer.
		n, _, e := syscall.RawSyscall6(syscall.SYS_RECVFROM, uintptr(h), uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)), 0, 0, 0)
		switch {
		case e == syscall.EINTR:
		case e == syscall.EAGAIN:
			return 0, ErrAgain
		case e != 0:
			return 0, e
		case n == 0 && len(b) > 0:
			return 0, io.EOF
		default:
			return int(n), nil
		}
	}
}

func (p *epoll) Write(h Handle, b []byte) (int, error) { return send(int(h), b) }

// WriteNow implements Sockets.
func (p *epoll) WriteNow(h Handle, b []byte) (int, error) { return send(int(h), b) }

// WantWrite has nothing to do: a write that was refused brings an edge when there is room again.
func (p *epoll) WantWrite(Handle, uint64, bool) error { return nil }

func (p *epoll) Close(h Handle) {
	delete(p.open, int(h))
	_ = unix.Close(int(h))
}

// Abort implements Sockets.
func (p *epoll) Abort(h Handle) {
	disconnect(int(h))
	p.Close(h)
}

func (p *epoll) Wait(events []Event, timeout int64) (int, error) {
	n, e := p.wait(min(len(events), len(p.raw)), timeout)
	if e == syscall.EINTR {
		return 0, nil
	}
	if e != 0 {
		return 0, e
	}
	out := 0
	for i := range p.raw[:n] {
		r := &p.raw[i]
		token := uint64(uint32(r.Fd)) | uint64(uint32(r.Pad))<<32
		if token == wakeToken {
			var b [8]byte
			_, _ = unix.Read(p.wakeFD, b[:])
			continue
		}
		events[out] = Event{Token: token, Flags: flags(r.Events)}
		out++
	}
	return out, nil
}

func flags(ev uint32) (f Flags) {
	if ev&(unix.EPOLLIN|unix.EPOLLRDHUP|unix.EPOLLHUP|unix.EPOLLERR) != 0 {
		f |= Readable
	}
	if ev&unix.EPOLLOUT != 0 {
		f |= Writable
	}
	if ev&(unix.EPOLLRDHUP|unix.EPOLLHUP|unix.EPOLLERR) != 0 {
		f |= Ended
	}
	return f
}

func (p *epoll) wait(limit int, timeout int64) (int, syscall.Errno) {
	if p.hasNS && timeout > 0 {
		return p.pwait2(limit, timeout)
	}
	ms := ^uintptr(0) // -1: for ever
	if timeout >= 0 {
		ms = uintptr((timeout + 999_999) / 1_000_000)
	}
	r, _, e := syscall.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(p.fd), uintptr(unsafe.Pointer(unsafe.SliceData(p.raw))), uintptr(limit), ms, 0, 0)
	return int(r), e
}

func (p *epoll) pwait2(limit int, timeout int64) (int, syscall.Errno) {
	p.ts = unix.NsecToTimespec(timeout)
	r, _, e := syscall.RawSyscall6(epollPwait2, uintptr(p.fd), uintptr(unsafe.Pointer(unsafe.SliceData(p.raw))), uintptr(limit), uintptr(unsafe.Pointer(&p.ts)), 0, 0)
	return int(r), e
}

func (p *epoll) Wake() {
	p.wakeMu.Lock()
	defer p.wakeMu.Unlock()
	if !p.dead {
		one := [8]byte{1}
		_, _ = unix.Write(p.wakeFD, one[:]) // fails only when a wake-up is pending already
	}
}

func (p *epoll) Shut() {
	p.wakeMu.Lock()
	defer p.wakeMu.Unlock()
	p.dead = true
	for fd := range p.open {
		_ = unix.Close(fd)
	}
	clear(p.open)
	_ = unix.Close(p.wakeFD)
	_ = unix.Close(p.fd)
}
