package udp

import (
	"net"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// many is how many datagrams one system call takes or gives (recvmmsg(2), sendmmsg(2)).
const many = 64

// peer is an address as the kernel writes it.
type peer struct {
	name   [unix.SizeofSockaddrInet6]byte
	length uint32
}

// header is struct mmsghdr.
type header struct {
	unix.Msghdr
	length uint32
}

// receiver receives datagrams, many at once. It is used by one goroutine.
type receiver struct {
	raw     syscall.RawConn
	headers [many]header
	vectors [many]unix.Iovec
	names   [many][unix.SizeofSockaddrInet6]byte
	buffers [][]byte
	got     []message
}

// sender sends datagrams, many at once. It is used by one goroutine.
type sender struct {
	raw     syscall.RawConn
	headers [many]header
	vectors [many]unix.Iovec
}

func newSockets(c *net.UDPConn) (*receiver, *sender, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return nil, nil, err
	}
	return &receiver{raw: raw}, &sender{raw: raw}, nil
}

// receive waits for datagrams and returns them; they are valid until the next call. An error means that the socket is closed.
func (r *receiver) receive() ([]message, error) {
	if r.buffers == nil {
		for range many {
			r.buffers = append(r.buffers, make([]byte, largest+1))
		}
	}
	for i := range r.headers {
		r.vectors[i].Base = &r.buffers[i][0]
		r.vectors[i].SetLen(len(r.buffers[i]))
		h := &r.headers[i].Msghdr
		h.Name, h.Namelen, h.Iov = &r.names[i][0], uint32(len(r.names[i])), &r.vectors[i]
		h.SetIovlen(1)
	}
	n := 0
	err := r.raw.Read(func(fd uintptr) bool {
		var errno syscall.Errno
		n, errno = call(unix.SYS_RECVMMSG, fd, r.headers[:])
		return errno != unix.EAGAIN
	})
	r.got = r.got[:0]
	for i := range n {
		r.got = append(r.got, message{r.buffers[i][:r.headers[i].length], peer{r.names[i], r.headers[i].Namelen}})
	}
	return r.got, err
}

// send sends all, as far as the kernel takes them: what it refuses is lost, as datagrams are.
func (s *sender) send(all []message) {
	for len(all) > 0 {
		part := all[:min(len(all), many)]
		all = all[len(part):]
		for i := range part {
			m := &part[i]
			s.vectors[i] = unix.Iovec{Base: unsafe.SliceData(m.data)}
			s.vectors[i].SetLen(len(m.data))
			h := &s.headers[i].Msghdr
			h.Name, h.Namelen, h.Iov = &m.peer.name[0], m.peer.length, &s.vectors[i]
			h.SetIovlen(1)
		}
		for from := 0; from < len(part); {
			n := 0
			err := s.raw.Write(func(fd uintptr) bool {
				var errno syscall.Errno
				n, errno = call(unix.SYS_SENDMMSG, fd, s.headers[from:len(part)])
				return errno != unix.EAGAIN
			})
			if err != nil {
				return // closed
			}
			from += max(n, 1) // none: the kernel does not want the first
		}
	}
}

// call makes one of the two system calls and returns how many datagrams it was good for.
func call(number, fd uintptr, headers []header) (int, syscall.Errno) {
	n, _, errno := unix.Syscall6(number, fd, uintptr(unsafe.Pointer(&headers[0])), uintptr(len(headers)), unix.MSG_DONTWAIT, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), 0
}
