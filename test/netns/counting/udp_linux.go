package counting

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// waiting is how many bytes of datagrams the kernel keeps while this process is busy otherwise.
const waiting = 64 << 20

// UDP starts a target for one-way datagrams on a socket: they are counted and not answered. It is closed when the test ends.
func UDP(t testing.TB, c net.PacketConn, o Options) *Target {
	t.Helper()
	socket, ok := c.(*net.UDPConn)
	if !ok {
		t.Fatalf("counting: expected a UDP socket, got a %T", c)
	}
	y := newTarget(t, o, c.LocalAddr(), c)
	y.packets = socket
	r, err := newReceiver(socket)
	if err != nil {
		t.Fatal(err)
	}
	err = r.raw.Control(func(fd uintptr) {
		_ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, waiting) // root's; what does not fit is in Missed
	})
	if err != nil {
		t.Fatalf("counting: %v", err)
	}
	y.work.Go(func() { y.receive(r) })
	return y
}

// receive counts datagrams until the socket is closed.
func (y *Target) receive(r *receiver) {
	buffer := make([]byte, 64<<10)
	names := map[netip.Addr][]byte{}
	for {
		n, err := r.read(buffer)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			y.t.Errorf("counting: %v", err)
			return
		}
		if y.options.Tag != nil {
			y.add(r.at, y.options.Tag(buffer[:n]))
			continue
		}
		from := r.sender()
		name := names[from]
		if name == nil {
			name = []byte(from.String())
			names[from] = name
		}
		y.add(r.at, name)
	}
}

// Missed is how many datagrams arrived and were not counted, because the kernel had no room for them. A test that counts
// asserts that it is 0, before it closes the target. Targets of connections miss nothing.
func (y *Target) Missed() int64 {
	y.t.Helper()
	if y.packets == nil {
		return 0
	}
	n, err := drops(y.packets)
	if err != nil {
		y.t.Fatal(err)
	}
	return n
}

// drops asks the kernel (SO_MEMINFO).
func drops(c *net.UDPConn) (int64, error) {
	const dropped = 8 // SK_MEMINFO_DROPS
	raw, err := c.SyscallConn()
	if err != nil {
		return 0, fmt.Errorf("counting: %w", err)
	}
	var info [16]uint32
	size := uint32(unsafe.Sizeof(info))
	var failed error
	err = raw.Control(func(fd uintptr) {
		_, _, e := unix.Syscall6(unix.SYS_GETSOCKOPT, fd, unix.SOL_SOCKET, unix.SO_MEMINFO,
			uintptr(unsafe.Pointer(&info)), uintptr(unsafe.Pointer(&size)), 0)
		if e != 0 {
			failed = e
		}
	})
	if err = errors.Join(err, failed); err != nil {
		return 0, fmt.Errorf("counting: datagrams that the kernel dropped: %w", err)
	}
	return int64(info[dropped]), nil
}
