package counting

import (
	"bufio"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// Options of a target.
type Options struct {
	// Tag finds the sender of a request in its head ([HeaderTag], [QueryTag]), or of a datagram in its bytes ([WholeTag]). The result is
	// copied. Default: the address that it came from, without the port; in a network of namespaces that is the host.
	Tag func(request []byte) []byte
	// Exact is the most exact times that are kept, 8 bytes each; default 8 million. Counts have no limit.
	Exact int
}

// Target counts what arrives. Its methods are safe for concurrent use.
type Target struct {
	*Tally
	options Options
	addr    net.Addr
	socket  io.Closer
	packets *net.UDPConn // nil for a target of connections
	clock   io.Closer
	work    sync.WaitGroup

	mu        sync.Mutex
	closed    bool
	conns     map[net.Conn]struct{}
	malformed atomic.Int64
}

func newTarget(t testing.TB, o Options, addr net.Addr, socket io.Closer) *Target {
	t.Helper()
	clock, err := startClock()
	if err != nil {
		t.Fatal(err)
	}
	y := &Target{Tally: newTally(t, o.Exact), options: o, addr: addr, socket: socket, clock: clock, conns: map[net.Conn]struct{}{}}
	t.Cleanup(y.Close)
	return y
}

// HTTP starts an HTTP/1.1 target on a TCP listener: every request is answered at once with an empty 200, and has arrived when its head has.
// Pipelined requests that are read together have arrived together. It is closed when the test ends.
func HTTP(t testing.TB, l net.Listener, o Options) *Target {
	t.Helper()
	y := newTarget(t, o, l.Addr(), l)
	y.work.Go(func() { y.accept(l) })
	return y
}

// Addr is where it listens.
func (y *Target) Addr() net.Addr { return y.addr }

// Open is how many connections are open.
func (y *Target) Open() int {
	y.mu.Lock()
	defer y.mu.Unlock()
	return len(y.conns)
}

// Malformed counts connections that were ended because what they sent was no request.
func (y *Target) Malformed() int64 { return y.malformed.Load() }

// Close ends the target with its connections and waits for it. What it counted stays.
func (y *Target) Close() {
	_ = y.socket.Close() // the test may have closed it
	y.mu.Lock()
	y.closed = true
	for c := range y.conns {
		_ = c.Close()
	}
	y.mu.Unlock()
	y.work.Wait()
	_ = y.clock.Close() // it has no more use
}

func (y *Target) accept(l net.Listener) {
	for {
		c, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			y.t.Errorf("counting: %v", err)
			return
		}
		y.mu.Lock()
		if y.closed {
			_ = c.Close()
		} else {
			y.conns[c] = struct{}{}
			y.work.Go(func() { y.serve(c) })
		}
		y.mu.Unlock()
	}
}

// serve counts a connection's requests until it ends. That it ends badly is the sender's affair: tests kill senders.
func (y *Target) serve(c net.Conn) {
	defer func() {
		y.mu.Lock()
		delete(y.conns, c)
		y.mu.Unlock()
		_ = c.Close()
	}()
	r, err := newReceiver(c.(*net.TCPConn))
	if err != nil {
		y.t.Error(err)
		return
	}
	from, _, _ := net.SplitHostPort(c.RemoteAddr().String())
	s := &session{target: y, receiver: r, from: []byte(from), to: c}
	s.in = bufio.NewReaderSize(&stream{r, s.flush}, headLimit)
	for err == nil {
		err = s.next()
	}
	if bad := (malformed{}); errors.As(err, &bad) {
		y.malformed.Add(1)
		s.out = append(s.out, "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"...)
	}
	_ = s.flush()
}

// session is a connection's requests.
type session struct {
	target   *Target
	receiver *receiver
	from     []byte
	in       *bufio.Reader
	out      []byte // answers to be written
	to       io.Writer
}

var errLast = errors.New("counting: that was the last request")

// next counts and answers a request.
func (s *session) next() error {
	raw, err := peekHead(s.in)
	if err != nil {
		return err
	}
	h, err := parseHead(raw)
	if err != nil {
		return err
	}
	tag := s.from
	if s.target.options.Tag != nil {
		tag = s.target.options.Tag(raw)
	}
	s.target.add(s.receiver.at, tag)
	if _, err := s.in.Discard(len(raw)); err != nil {
		return err
	}
	if h.expect {
		s.out = append(s.out, "HTTP/1.1 100 Continue\r\n\r\n"...)
	}
	if err := skipBody(s.in, h); err != nil {
		return err
	}
	if h.last {
		s.out = append(s.out, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"...)
		return errLast
	}
	s.out = append(s.out, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"...)
	return nil
}

func (s *session) flush() error {
	if len(s.out) == 0 {
		return nil
	}
	_, err := s.to.Write(s.out)
	s.out = s.out[:0]
	return err
}
