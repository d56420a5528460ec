package poller

import (
	"fmt"
	"sync/atomic"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The kernel's interface, from linux/io_uring.h (Linux 6.1 or later for all that is used here).
const (
	sysSetup, sysEnter, sysRegister = 425, 426, 427

	setupCQSize, setupSubmitAll, setupSingleIssuer, setupDeferTaskrun = 1 << 3, 1 << 7, 1 << 12, 1 << 13

	enterGetEvents, enterExtArg = 1 << 0, 1 << 3
	registerBufRing             = 22

	opPollAdd, opSend, opRecv = 6, 26, 27
	sqeBufferSelect           = 1 << 5
	sqeSkipSuccess            = 1 << 6
	recvMultishot, pollMulti  = 1 << 1, 1 << 0
	cqeBuffer, cqeMore        = 1 << 0, 1 << 1
	cqeBufferShift            = 16
	offSQ, offCQ, offSQEs     = 0, 0x8000000, 0x10000000
	pollIn, pollOut           = 0x1, 0x4
	ringEntries, bufCount     = 4096, 256
	bufBytes                  = 16 << 10
	bufGroup                  = 1
	msgNoSignal, msgWaitAll   = 0x4000, 0x100
)

type uringParams struct {
	sqEntries, cqEntries, flags, threadCPU, threadIdle, features, wqFD uint32
	resv                                                               [3]uint32
	sqHead, sqTail, sqMask, sqLen, sqFlags, sqDropped, sqArray, sqResv uint32
	sqAddr                                                             uint64
	cqHead, cqTail, cqMask, cqLen, cqOverflow, cqCQEs, cqFlags, cqResv uint32
	cqAddr                                                             uint64
}

// sqe is struct io_uring_sqe, as far as it is used.
type sqe struct {
	op, flags uint8
	ioprio    uint16
	fd        int32
	off       uint64
	addr      uint64
	len       uint32
	opFlags   uint32
	user      uint64
	bufGroup  uint16
	_         uint16
	_         uint32
	_         [2]uint64
}

type cqe struct {
	user  uint64
	res   int32
	flags uint32
}

// pbuf is struct io_uring_buf.
type pbuf struct {
	addr uint64
	len  uint32
	id   uint16
	resv uint16 // of the first one: the ring's tail
}

// ring is an io_uring and its buffers, without any notion of connections.
type ring struct {
	fd        int
	maps      [][]byte
	sqTail    *uint32
	sqHead    *uint32
	sqMask    uint32
	sqes      []sqe
	cqHead    *uint32
	cqTail    *uint32
	cqMask    uint32
	cqes      []cqe
	bufs      []byte
	bufRing   []pbuf
	bufTail   uint16
	unsent    uint32 // SQEs that the kernel has not been told of
	localTail uint32
	ts        unix.Timespec // on the heap, where the kernel finds it
	arg       eventsArg
}

func newRing() (*ring, error) {
	p := uringParams{flags: setupSingleIssuer | setupDeferTaskrun | setupSubmitAll | setupCQSize, cqEntries: 4 * ringEntries}
	fd, _, e := syscall.Syscall(sysSetup, ringEntries, uintptr(unsafe.Pointer(&p)), 0)
	if e != 0 {
		return nil, fmt.Errorf("io_uring_setup: %w", e)
	}
	r := &ring{fd: int(fd)}
	if err := r.mapAll(&p); err != nil {
		r.close()
		return nil, err
	}
	return r, nil
}

func (r *ring) mmap(offset int64, size int) ([]byte, error) {
	b, err := unix.Mmap(r.fd, offset, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_POPULATE)
	if err != nil {
		return nil, fmt.Errorf("io_uring: mmap: %w", err)
	}
	r.maps = append(r.maps, b)
	return b, nil
}

func (r *ring) mapAll(p *uringParams) error {
	size := max(int(p.sqArray+4*p.sqEntries), int(p.cqCQEs)+int(unsafe.Sizeof(cqe{}))*int(p.cqEntries))
	b, err := r.mmap(offSQ, size) // one mapping holds both rings since Linux 5.4
	if err != nil {
		return err
	}
	s, err := r.mmap(offSQEs, int(p.sqEntries)*int(unsafe.Sizeof(sqe{})))
	if err != nil {
		return err
	}
	word := func(off uint32) *uint32 { return (*uint32)(unsafe.Pointer(&b[off])) }
	r.sqHead, r.sqTail, r.sqMask = word(p.sqHead), word(p.sqTail), *word(p.sqMask)
	r.cqHead, r.cqTail, r.cqMask = word(p.cqHead), word(p.cqTail), *word(p.cqMask)
	r.sqes = unsafe.Slice((*sqe)(unsafe.Pointer(&s[0])), p.sqEntries)
	r.cqes = unsafe.Slice((*cqe)(unsafe.Pointer(&b[p.cqCQEs])), p.cqEntries)
	array := unsafe.Slice(word(p.sqArray), p.sqEntries)
	for i := range array {
		array[i] = uint32(i)
	}
	return r.registerBuffers()
}

// registerBuffers gives the kernel the memory that received bytes go to.
func (r *ring) registerBuffers() error {
	const ringBytes = bufCount * 16
	b, err := unix.Mmap(-1, 0, ringBytes+bufCount*bufBytes, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		return fmt.Errorf("io_uring: buffers: %w", err)
	}
	r.maps = append(r.maps, b)
	r.bufRing, r.bufs = unsafe.Slice((*pbuf)(unsafe.Pointer(&b[0])), bufCount), b[ringBytes:]
	reg := struct {
		addr    uint64
		entries uint32
		group   uint16
		flags   uint16
		resv    [3]uint64
	}{addr: uint64(uintptr(unsafe.Pointer(&b[0]))), entries: bufCount, group: bufGroup}
	if _, _, e := syscall.Syscall6(sysRegister, uintptr(r.fd), registerBufRing, uintptr(unsafe.Pointer(&reg)), 1, 0, 0); e != 0 {
		return fmt.Errorf("io_uring: register buffers: %w", e)
	}
	for id := range uint16(bufCount) {
		r.recycle(id)
	}
	return nil
}

// buffer is the memory of buffer id.
func (r *ring) buffer(id uint16) []byte { return r.bufs[int(id)*bufBytes : (int(id)+1)*bufBytes] }

// recycle gives a buffer back to the kernel.
func (r *ring) recycle(id uint16) {
	slot := &r.bufRing[r.bufTail%bufCount]
	slot.addr, slot.len, slot.id = uint64(uintptr(unsafe.Pointer(&r.bufs[int(id)*bufBytes]))), bufBytes, id
	r.bufTail++
	// The tail shares its 32-bit word with the first buffer's id: a release store of both.
	w := (*uint32)(unsafe.Pointer(&r.bufRing[0].id))
	atomic.StoreUint32(w, uint32(r.bufRing[0].id)|uint32(r.bufTail)<<16)
}

// next is the next SQE to fill, zeroed; the kernel is told of it with the next enter.
func (r *ring) next() *sqe {
	if r.localTail-atomic.LoadUint32(r.sqHead) == uint32(len(r.sqes)) {
		_ = r.enter(0)
	}
	q := &r.sqes[r.localTail&r.sqMask]
	*q = sqe{}
	r.localTail++
	r.unsent++
	return q
}

type eventsArg struct {
	sigmask uint64
	size    uint32
	minWait uint32
	ts      uint64
}

// enter submits what is queued and waits for a completion: at most timeout ns, 0 not at all, below 0 for ever.
func (r *ring) enter(timeout int64) (e syscall.Errno) {
	atomic.StoreUint32(r.sqTail, r.localTail)
	switch {
	case timeout == 0:
		_, _, e = syscall.RawSyscall6(sysEnter, uintptr(r.fd), uintptr(r.unsent), 0, enterGetEvents, 0, 0)
	case timeout < 0:
		_, _, e = syscall.RawSyscall6(sysEnter, uintptr(r.fd), uintptr(r.unsent), 1, enterGetEvents, 0, 0)
	default:
		r.ts = unix.NsecToTimespec(timeout)
		r.arg = eventsArg{ts: uint64(uintptr(unsafe.Pointer(&r.ts)))}
		_, _, e = syscall.RawSyscall6(sysEnter, uintptr(r.fd), uintptr(r.unsent), 1, enterGetEvents|enterExtArg, uintptr(unsafe.Pointer(&r.arg)), unsafe.Sizeof(r.arg))
	}
	r.unsent = r.localTail - atomic.LoadUint32(r.sqHead)
	return e
}

func (r *ring) close() {
	_ = unix.Close(r.fd)
	for _, m := range r.maps {
		_ = unix.Munmap(m)
	}
}
