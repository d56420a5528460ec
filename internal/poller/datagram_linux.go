package poller

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// datagramBuffer is asked of the kernel on both sides of a UDP socket, so that a burst is not lost here.
const datagramBuffer = 4 << 20

// datagramSocket makes a UDP socket that talks to a alone.
func datagramSocket(a Addr) (int, error) {
	family, sa := sockaddr(a)
	fd, err := unix.Socket(family, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	// What the system's limits do not allow is cut down by the kernel without an error.
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, datagramBuffer)
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUF, datagramBuffer)
	if err := unix.Connect(fd, sa); err != nil {
		_ = unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// batchMost is how many datagrams one system call moves.
const batchMost = 64

// batch moves datagrams by sendmmsg(2) and recvmmsg(2). The kernel reads and writes through it only during a call.
type batch struct {
	headers [batchMost]mmsghdr
	vectors [batchMost]unix.Iovec
}

// mmsghdr is the kernel's struct mmsghdr.
type mmsghdr struct {
	hdr unix.Msghdr
	n   uint32
}

func (b *batch) fill(i int, p []byte) {
	b.vectors[i].Base = unsafe.SliceData(p)
	b.vectors[i].SetLen(len(p))
	b.headers[i].hdr.Iov = &b.vectors[i]
	b.headers[i].hdr.SetIovlen(1)
}

func (b *batch) send(fd int, out [][]byte) (sent int, err error) {
	for sent < len(out) {
		k := min(len(out)-sent, batchMost)
		for i := range k {
			b.fill(i, out[sent+i])
		}
		n, _, e := syscall.RawSyscall6(unix.SYS_SENDMMSG, uintptr(fd), uintptr(unsafe.Pointer(&b.headers)), uintptr(k), syscall.MSG_NOSIGNAL, 0, 0)
		switch e {
		case 0:
			sent += int(n)
		case syscall.EINTR:
		case syscall.EAGAIN, syscall.ENOBUFS:
			return sent, ErrAgain
		default:
			return sent, e
		}
	}
	return sent, nil
}

func (b *batch) recv(fd int, in [][]byte, sizes []int) (int, error) {
	k := min(len(in), len(sizes), batchMost)
	for i := range k {
		b.fill(i, in[i])
	}
	for {
		n, _, e := syscall.RawSyscall6(unix.SYS_RECVMMSG, uintptr(fd), uintptr(unsafe.Pointer(&b.headers)), uintptr(k), syscall.MSG_DONTWAIT, 0, 0)
		switch e {
		case 0:
			for i := range int(n) {
				sizes[i] = int(b.headers[i].n)
			}
			return int(n), nil
		case syscall.EINTR:
		case syscall.EAGAIN:
			return 0, ErrAgain
		default:
			return 0, e
		}
	}
}
