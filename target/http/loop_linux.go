//go:build linux && (amd64 || arm64)

package http

import (
	"context"
	"fmt"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// loops is the path of event loops, each with a listening socket of its own on the same port.
type loops struct {
	s     *Server
	all   []*loop
	over  atomic.Bool
	going sync.WaitGroup
}

// loop serves its connections in one locked thread. Everything but the tally belongs to that thread.
type loop struct {
	*loops
	poller   *poller
	listener int
	wake     int // an eventfd: look whether it is over
	tally    *tally
	stamps   bool // arrivals are the kernel's

	now     int64 // of the server's clock, read once a pass
	wall    int64 // ns since 1970 minus the server's clock
	conns   []*conn
	free    []*conn
	gone    []*conn // closed in this pass: events of theirs may still be at hand
	timers  timers
	tickets *ticket // unused ones
	again   []*conn // to read on in the next pass
	spare   []*conn // memory for the next again
	retry   int64   // when to try to accept again; 0: no need

	buf     []byte
	stamped stamped
	gather  gather
}

// The ids of events that are no connection's.
const (
	idListener int32 = -1 - iota
	idWake
)

// newLoops binds the address; errors.ErrUnsupported where the kernel lacks what it takes.
func newLoops(ctx context.Context, s *Server) (path, error) {
	ls := &loops{s: s}
	address := s.options.Listen
	if s.options.Threads > 1 {
		// A port that is shared among threads would be shared with another target as well, in silence.
		fd, _, err := listen(ctx, address, false, false)
		if err != nil {
			return nil, err
		}
		_ = unix.Close(fd)
	}
	for range s.options.Threads {
		l := &loop{loops: ls, listener: -1, wake: -1, tally: newTally(), stamps: s.desk.timed, buf: make([]byte, 64<<10)}
		err := l.open(ctx, address)
		if err != nil {
			l.release()
			for _, other := range ls.all {
				other.release()
			}
			return nil, err
		}
		ls.all = append(ls.all, l)
		s.tallies = append(s.tallies, l.tally)
		// The next ones share the port that the first one got, port 0 or not.
		_, port, err := net.SplitHostPort(s.addr.String())
		host, _, err2 := net.SplitHostPort(address)
		if err == nil && err2 == nil {
			address = net.JoinHostPort(host, port)
		}
	}
	return ls, nil
}

func (l *loop) open(ctx context.Context, address string) (err error) {
	if l.poller, err = newPoller(); err != nil {
		return err
	}
	var addr net.Addr
	if l.listener, addr, err = listen(ctx, address, l.s.options.Threads > 1, l.stamps); err != nil {
		return err
	}
	l.s.addr = addr
	if l.wake, err = unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC); err != nil {
		return fmt.Errorf("target/http: eventfd: %w", err)
	}
	if err = l.poller.watch(l.listener, idListener, unix.EPOLLIN|unix.EPOLLET); err != nil {
		return fmt.Errorf("target/http: epoll: %w", err)
	}
	if err = l.poller.watch(l.wake, idWake, unix.EPOLLIN); err != nil {
		return fmt.Errorf("target/http: epoll: %w", err)
	}
	return nil
}

// release closes what open has opened.
func (l *loop) release() {
	for _, fd := range []int{l.listener, l.wake} {
		if fd >= 0 {
			_ = unix.Close(fd)
		}
	}
	if l.poller != nil {
		_ = unix.Close(l.poller.fd)
	}
}

func (ls *loops) run() {
	for _, l := range ls.all {
		ls.going.Go(l.main)
	}
}

func (ls *loops) end() {
	ls.over.Store(true)
	for _, l := range ls.all {
		_, _ = unix.Write(l.wake, []byte{1, 0, 0, 0, 0, 0, 0, 0}) // fails only if it has been woken 2^64 times
	}
	ls.going.Wait()
	for _, l := range ls.all {
		l.release()
	}
}

// main runs passes until it is over. The thread stays locked, so that it ends with its goroutine and its timer slack.
func (l *loop) main() {
	runtime.LockOSThread()
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0) // without it, timers are 50 µs late
	for !l.over.Load() {
		n, err := l.poller.wait(l.timeout())
		if err != nil {
			l.s.life.Fail(err)
			l.s.life.Stop()
			break
		}
		l.clock()
		if until, stalled := l.s.desk.model.Stalled(l.now); stalled {
			l.freeze(until)
			l.clock()
		}
		l.tally.mu.Lock()
		l.pass(n)
		l.tally.mu.Unlock()
	}
	l.tally.mu.Lock()
	for _, c := range l.conns {
		l.drop(c)
	}
	l.tally.mu.Unlock()
}

// clock reads the time.
func (l *loop) clock() {
	t := time.Now()
	l.now = int64(t.Sub(l.s.life.Started()))
	l.wall = t.UnixNano() - l.now
}

// pass does what n events and the time call for.
func (l *loop) pass(n int) {
	l.fire()
	accepting := l.retry != 0 && l.now >= l.retry
	for i := range n {
		switch e := &l.poller.events[i]; e.Fd {
		case idListener:
			accepting = true
		case idWake:
		default:
			l.serve(l.conns[e.Fd], e.Events)
		}
	}
	again := l.again
	l.again, l.spare = l.spare[:0], again
	for _, c := range again {
		l.readOn(c)
	}
	l.free = append(l.free, l.gone...)
	l.gone = l.gone[:0]
	if accepting {
		l.accept()
	}
}

// sharp is how long before a departure the loop stops sleeping and polls, for a sleep ends some 50 µs late.
const sharp = int64(60 * time.Microsecond)

// timeout is how long the next wait may last: ns, below 0 for ever.
func (l *loop) timeout() int64 {
	if len(l.again) > 0 {
		return 0
	}
	at := int64(-1)
	if len(l.timers) > 0 {
		at = max(l.timers[0].at-sharp, 0)
	}
	if l.retry != 0 && (at < 0 || l.retry < at) {
		at = l.retry
	}
	if at < 0 {
		return -1
	}
	return max(at-l.s.now(), 0)
}

// fire carries out the replies whose moment has come.
func (l *loop) fire() {
	for len(l.timers) > 0 && l.timers[0].at <= l.now {
		t := l.timers.pop()
		switch c := t.conn; {
		case c == nil:
			l.recycle(t)
		case t.close:
			l.drop(c)
			l.recycle(t)
		default:
			t.ready = true
			l.advance(c)
		}
	}
}

// freeze does nothing until the given moment, or until it is over.
func (l *loop) freeze(until int64) {
	for !l.over.Load() {
		left := until - l.s.now()
		if left <= 0 {
			return
		}
		ts := unix.NsecToTimespec(left)
		_, _ = unix.Ppoll([]unix.PollFd{{Fd: int32(l.wake), Events: unix.POLLIN}}, &ts, nil) // interrupted: once more
	}
}

// accept takes all connections that wait. Without descriptors left it tries again a little later.
func (l *loop) accept() {
	l.retry = 0
	for {
		fd, e := accept(l.listener)
		switch e {
		case 0:
			l.admit(fd)
		case unix.EAGAIN:
			return
		case unix.EMFILE, unix.ENFILE, unix.ENOBUFS, unix.ENOMEM:
			l.retry = l.now + int64(10*time.Millisecond)
			return
		default: // the client has gone meanwhile
		}
	}
}
