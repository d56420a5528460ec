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

// Runs of datagrams of one length go to the kernel as one piece that it cuts up again (generic segmentation offload, udp(7):
// UDP_SEGMENT), which costs a third of giving it each by itself.
const (
	segmentMost = 1232     // bytes of a datagram that passes everywhere uncut (RFC 8200, section 5, less the headers)
	runBytes    = 60 << 10 // of a run; the kernel takes 64 KiB
	udpSegment  = 103
	solUDP      = 17
)

// batch moves datagrams by sendmmsg(2) and recvmmsg(2). The kernel reads and writes through it only during a call.
type batch struct {
	headers  [batchMost]mmsghdr
	vectors  [batchMost]unix.Iovec
	controls [batchMost]segmentControl
	runs     [batchMost]int // datagrams in each header
	whole    bool           // the kernel, or the way to the target, does not cut
}

// mmsghdr is the kernel's struct mmsghdr.
type mmsghdr struct {
	hdr unix.Msghdr
	n   uint32
}

// segmentControl is the control message that says how long each datagram of a run is.
type segmentControl struct {
	head unix.Cmsghdr
	size uint16
	_    [6]byte
}

func (b *batch) fill(i int, p []byte) {
	b.vectors[i].Base = unsafe.SliceData(p)
	b.vectors[i].SetLen(len(p))
	b.one(i, i, 1)
}

// one makes header h of n vectors from the i-th on.
func (b *batch) one(h, i, n int) {
	hdr := &b.headers[h].hdr
	hdr.Iov = &b.vectors[i]
	hdr.SetIovlen(n)
	hdr.Control, hdr.Flags = nil, 0
	hdr.SetControllen(0)
	b.runs[h] = n
}

// gather fills the headers with out, which has at most batchMost datagrams, in runs of one length; it returns how many headers.
func (b *batch) gather(out [][]byte) (headers int) {
	for i := 0; i < len(out); headers++ {
		size, n := len(out[i]), 0
		for ; i+n < len(out) && len(out[i+n]) == size && (n == 0 || !b.whole && size > 0 && size <= segmentMost && (n+1)*size <= runBytes); n++ {
			b.vectors[i+n].Base = unsafe.SliceData(out[i+n])
			b.vectors[i+n].SetLen(size)
		}
		b.one(headers, i, n)
		if n > 1 {
			c := &b.controls[headers]
			c.head.Level, c.head.Type, c.size = solUDP, udpSegment, uint16(size)
			c.head.SetLen(unix.CmsgLen(2))
			hdr := &b.headers[headers].hdr
			hdr.Control = (*byte)(unsafe.Pointer(c))
			hdr.SetControllen(unix.CmsgSpace(2))
		}
		i += n
	}
	return headers
}

func (b *batch) send(fd int, out [][]byte) (sent int, err error) {
	for sent < len(out) {
		k := b.gather(out[sent:min(len(out), sent+batchMost)])
		n, _, e := syscall.RawSyscall6(unix.SYS_SENDMMSG, uintptr(fd), uintptr(unsafe.Pointer(&b.headers)), uintptr(k), syscall.MSG_NOSIGNAL, 0, 0)
		switch {
		case e == 0:
			for _, run := range b.runs[:n] {
				sent += run
			}
		case e == syscall.EINTR:
		case e == syscall.EAGAIN, e == syscall.ENOBUFS:
			return sent, ErrAgain
		case b.runs[0] > 1 && (e == syscall.EINVAL || e == syscall.EIO || e == syscall.EMSGSIZE || e == syscall.EOPNOTSUPP):
			b.whole = true
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
