//go:build linux && (amd64 || arm64)

package http

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Calls that cannot block go to the kernel without telling Go's scheduler, which costs less than half; the one that
// may block ([poller.wait]) tells it.

// accept takes a connection that waits.
func accept(listener int) (int, syscall.Errno) {
	fd, _, e := syscall.RawSyscall6(unix.SYS_ACCEPT4, uintptr(listener), 0, 0, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0, 0)
	return int(fd), e
}

// recv reads what has come in.
func recv(fd int, b []byte) (int, syscall.Errno) {
	n, _, e := syscall.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)), unix.MSG_DONTWAIT, 0, 0)
	return int(n), e
}

// send writes b as far as it goes.
func send(fd int, b []byte) (int, syscall.Errno) {
	n, _, e := syscall.RawSyscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)), unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, 0, 0)
	return int(n), e
}

// gather writes several pieces as far as it goes.
type gather struct {
	msg unix.Msghdr
	iov [64]unix.Iovec
}

func (g *gather) send(fd int, pieces [][]byte) (int, syscall.Errno) {
	k := min(len(pieces), len(g.iov))
	for i, b := range pieces[:k] {
		g.iov[i].Base = unsafe.SliceData(b)
		g.iov[i].SetLen(len(b))
	}
	g.msg.Iov = &g.iov[0]
	g.msg.SetIovlen(k)
	n, _, e := syscall.RawSyscall(unix.SYS_SENDMSG, uintptr(fd), uintptr(unsafe.Pointer(&g.msg)), unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
	return int(n), e
}

// stamped reads together with the moment at which the kernel took in the last byte, so that how late this process
// woke up does not count as the request's arrival.
type stamped struct {
	msg     unix.Msghdr
	iov     unix.Iovec
	control [64]byte
}

// recv returns also the arrival, ns since 1970; 0: unknown.
func (s *stamped) recv(fd int, b []byte) (n int, at int64, e syscall.Errno) {
	s.iov.Base = unsafe.SliceData(b)
	s.iov.SetLen(len(b))
	s.msg.Iov, s.msg.Control = &s.iov, &s.control[0]
	s.msg.SetIovlen(1)
	s.msg.SetControllen(len(s.control))
	r, _, e := syscall.RawSyscall(unix.SYS_RECVMSG, uintptr(fd), uintptr(unsafe.Pointer(&s.msg)), unix.MSG_DONTWAIT)
	if e != 0 || s.msg.Controllen == 0 {
		return int(r), 0, e
	}
	h, data, _, err := unix.ParseOneSocketControlMessage(s.control[:s.msg.Controllen])
	if err == nil && h.Level == unix.SOL_SOCKET && h.Type == unix.SCM_TIMESTAMPNS && len(data) >= int(unsafe.Sizeof(unix.Timespec{})) {
		at = (*unix.Timespec)(unsafe.Pointer(&data[0])).Nano()
	}
	return int(r), at, 0
}

// poller waits for events of one loop.
type poller struct {
	fd     int
	events [64]unix.EpollEvent
}

// watch adds fd; id comes back with its events.
func (p *poller) watch(fd int, id int32, events uint32) error {
	return unix.EpollCtl(p.fd, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: events, Fd: id})
}

// wait returns how many events there are, waiting for the first one for up to timeout ns (below 0: for ever).
func (p *poller) wait(timeout int64) (int, error) {
	n, _, e := syscall.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(p.fd), uintptr(unsafe.Pointer(&p.events[0])), uintptr(len(p.events)), 0, 0, 0)
	if e == 0 && n == 0 && timeout != 0 {
		n, e = p.block(timeout)
	}
	if e == unix.EINTR {
		return 0, nil
	}
	if e != 0 {
		return 0, fmt.Errorf("target/http: epoll: %w", e)
	}
	return int(n), nil
}

// block is epoll_pwait2, which takes its time-out in nanoseconds.
func (p *poller) block(timeout int64) (uintptr, syscall.Errno) {
	var ts *unix.Timespec
	if timeout >= 0 {
		t := unix.NsecToTimespec(timeout)
		ts = &t
	}
	n, _, e := syscall.Syscall6(unix.SYS_EPOLL_PWAIT2, uintptr(p.fd), uintptr(unsafe.Pointer(&p.events[0])), uintptr(len(p.events)), uintptr(unsafe.Pointer(ts)), 0, 0)
	runtime.KeepAlive(ts)
	return n, e
}

// newPoller returns a poller; errors.ErrUnsupported on a kernel before 5.11.
func newPoller() (*poller, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("target/http: epoll: %w", err)
	}
	p := &poller{fd: fd}
	if _, e := p.block(0); e == unix.ENOSYS || e == unix.EPERM {
		_ = unix.Close(fd)
		return nil, errors.ErrUnsupported
	}
	return p, nil
}

// listen returns a listening socket. Its connections inherit what is set here: no delay, and time stamps if asked for.
func listen(ctx context.Context, address string, shared, stamps bool) (fd int, addr net.Addr, err error) {
	set := func(fd uintptr) error {
		if err := unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_NODELAY, 1); err != nil {
			return err
		}
		if stamps {
			if err := unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1); err != nil {
				return err
			}
		}
		if shared {
			return unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
		}
		return nil
	}
	lc := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		var inner error
		return errors.Join(c.Control(func(fd uintptr) { inner = set(fd) }), inner)
	}}
	l, err := lc.Listen(ctx, "tcp", address)
	if err != nil {
		return -1, nil, fmt.Errorf("target/http: %w", err)
	}
	defer func() { _ = l.Close() }() // the duplicate goes on
	raw, err := l.(*net.TCPListener).SyscallConn()
	if err == nil {
		var inner error
		err = raw.Control(func(old uintptr) { fd, inner = unix.FcntlInt(old, unix.F_DUPFD_CLOEXEC, 0) })
		err = errors.Join(err, inner)
	}
	if err != nil {
		return -1, nil, fmt.Errorf("target/http: %w", err)
	}
	return fd, l.Addr(), nil
}
