package counting

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// receiver reads from a socket and tells when the kernel got what it read. It is used by one goroutine.
type receiver struct {
	raw     syscall.RawConn
	try     func(fd uintptr) bool
	control [64]byte

	// Of the latest read.
	p    []byte
	n    int
	at   int64 // Unix time in ns
	from unix.Sockaddr
	err  error
}

func newReceiver(c syscall.Conn) (*receiver, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return nil, fmt.Errorf("counting: %w", err)
	}
	var set error
	err = raw.Control(func(fd uintptr) { set = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_TIMESTAMPNS_NEW, 1) })
	if err = errors.Join(err, set); err != nil {
		return nil, fmt.Errorf("counting: the kernel's receive times: %w", err)
	}
	r := &receiver{raw: raw}
	r.try = r.receive
	return r, nil
}

// read reads once into p, which must not be empty.
func (r *receiver) read(p []byte) (int, error) {
	r.p = p
	if err := r.raw.Read(r.try); err != nil {
		return 0, err
	}
	return r.n, r.err
}

// receive is false if there is nothing to read yet.
func (r *receiver) receive(fd uintptr) bool {
	for {
		n, control, _, from, err := unix.Recvmsg(int(fd), r.p, r.control[:], unix.MSG_DONTWAIT)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.EAGAIN):
			return false
		}
		r.n, r.from, r.err = max(n, 0), from, err
		if err == nil {
			r.at = stamp(r.control[:control])
		}
		return true
	}
}

// stamp is the time in control messages, or now where there is none.
func stamp(control []byte) int64 {
	for len(control) > 0 {
		header, data, rest, err := unix.ParseOneSocketControlMessage(control)
		if err != nil {
			break
		}
		if header.Level == unix.SOL_SOCKET && header.Type == unix.SO_TIMESTAMPNS_NEW && len(data) >= 16 {
			return int64(binary.NativeEndian.Uint64(data))*int64(time.Second) + int64(binary.NativeEndian.Uint64(data[8:]))
		}
		control = rest
	}
	return time.Now().UnixNano()
}

// sender is the address that the latest datagram came from.
func (r *receiver) sender() netip.Addr {
	switch a := r.from.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrFrom4(a.Addr)
	case *unix.SockaddrInet6:
		return netip.AddrFrom16(a.Addr).Unmap()
	}
	return netip.Addr{}
}

// stream is a receiver as an io.Reader. Before it may wait, it writes what is to be written.
type stream struct {
	*receiver
	flush func() error
}

func (s *stream) Read(p []byte) (int, error) {
	if err := s.flush(); err != nil {
		return 0, err
	}
	n, err := s.read(p)
	if n == 0 && err == nil {
		err = io.EOF
	}
	return n, err
}
