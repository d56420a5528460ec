package poller

import (
	"net"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// begin opens a socket and begins to connect it.
func begin(a Addr) (fd int, err error) {
	family, sa := sockaddr(a)
	fd, err = unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	if family != unix.AF_UNIX {
		// Without this, small writes wait for acknowledgements (Nagle).
		err = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	}
	if err == nil {
		if err = unix.Connect(fd, sa); err == unix.EINPROGRESS {
			err = nil
		}
	}
	if err != nil {
		_ = unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

func sockaddr(a Addr) (family int, sa unix.Sockaddr) {
	switch ip := a.Addr().Unmap(); {
	case a.Unix != "":
		return unix.AF_UNIX, &unix.SockaddrUnix{Name: a.Unix}
	case ip.Is4():
		return unix.AF_INET, &unix.SockaddrInet4{Addr: ip.As4(), Port: int(a.Port())}
	default:
		sa := &unix.SockaddrInet6{Addr: ip.As16(), Port: int(a.Port())}
		if i, err := net.InterfaceByName(ip.Zone()); err == nil {
			sa.ZoneId = uint32(i.Index)
		}
		return unix.AF_INET6, sa
	}
}

// socketError is how a connection attempt went.
func socketError(fd int) error {
	v, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR)
	if err != nil {
		return err
	}
	if v != 0 {
		return syscall.Errno(v)
	}
	return nil
}

// adopt duplicates c's descriptor, non-blocking, and closes c, so that Go's own poller lets go of the connection.
func adopt(c net.Conn) (fd int, err error) {
	defer c.Close()
	sc, ok := c.(syscall.Conn)
	if !ok {
		return -1, syscall.EINVAL
	}
	rc, err := sc.SyscallConn()
	if err != nil {
		return -1, err
	}
	var dupErr error
	if err := rc.Control(func(orig uintptr) { fd, dupErr = unix.FcntlInt(orig, unix.F_DUPFD_CLOEXEC, 0) }); err != nil {
		return -1, err
	}
	if dupErr != nil {
		return -1, dupErr
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		_ = unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// send writes what the kernel has room for, without a signal to the process where the peer has closed.
func send(fd int, b []byte) (int, error) {
	for {
		n, _, e := syscall.RawSyscall6(syscall.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)), syscall.MSG_NOSIGNAL, 0, 0)
		switch e {
		case 0:
			return int(n), nil
		case syscall.EINTR:
		case syscall.EAGAIN:
			return 0, ErrAgain
		default:
			return 0, e
		}
	}
}

// address is where b is, for the kernel; whoever uses it keeps b alive.
func address(b []byte) uint64 { return uint64(uintptr(unsafe.Pointer(unsafe.SliceData(b)))) }

// disconnect takes a connection back at once: a reset goes out and what has not been sent is forgotten (connect(2): AF_UNSPEC
// dissolves the association).
func disconnect(fd int) {
	_ = unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
	unspec := unix.RawSockaddr{Family: unix.AF_UNSPEC}
	_, _, _ = unix.RawSyscall(unix.SYS_CONNECT, uintptr(fd), uintptr(unsafe.Pointer(&unspec)), unsafe.Sizeof(unspec))
}
