package transporttest

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/iagoloadgen/iago/load"
)

// server does with each request what a script says.
type server struct {
	s      *suite
	script script
	target load.Target
	stream net.Listener
	grams  *net.UDPConn
	folder string        // of a Unix socket; empty: none
	slow   bool          // reads little at a time, with pauses
	greet  act           // instead of a greeting on the first connection; nil: it greets
	stop   chan struct{} // closed at the end
	wg     sync.WaitGroup

	mu     sync.Mutex
	asked  int // requests so far
	conns  map[net.Conn]bool
	opened int
	frozen time.Time // no answer leaves before
	err    error     // what it could not understand
}

// script says what becomes of request number k, as they reach the server.
type script func(k int) act

func always(a act) script { return func(int) act { return a } }

// listen starts j's server on a free port, or on a Unix socket if the scheme is one of those.
func (s *suite) listen(j *job) (*server, error) {
	scheme := j.scheme
	v := &server{s: s, script: j.script, slow: j.slow, greet: j.greet, stop: make(chan struct{}), conns: map[net.Conn]bool{}}
	v.target = load.Target{Scheme: scheme, Host: "127.0.0.1", Datagram: s.scheme.Datagram}
	var err error
	switch {
	case v.target.Datagram:
		if v.grams, err = net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}); err == nil {
			v.target.Port = v.grams.LocalAddr().(*net.UDPAddr).Port
			v.wg.Go(v.receive)
		}
	case s.protocol.Schemes[scheme].Unix:
		if v.folder, err = os.MkdirTemp("", "contract"); err == nil {
			v.target.Host, v.target.Unix = "", filepath.Join(v.folder, "s")
			v.stream, err = net.Listen("unix", v.target.Unix)
		}
	default:
		if v.stream, err = net.Listen("tcp", "127.0.0.1:0"); err == nil {
			v.target.Port = v.stream.Addr().(*net.TCPAddr).Port
		}
	}
	if err != nil {
		return nil, fmt.Errorf("transporttest: server: %w", err)
	}
	v.target.URL = fmt.Sprintf("%s://%s:%d", scheme, v.target.Host, v.target.Port)
	if v.stream != nil {
		v.wg.Go(v.accept)
	}
	return v, nil
}

// shut ends the server with all its connections, and returns what it could not understand.
func (v *server) shut() error {
	close(v.stop)
	if v.grams != nil {
		_ = v.grams.Close()
	} else {
		v.stream.Close()
	}
	v.mu.Lock()
	for c := range v.conns {
		c.Close()
	}
	v.mu.Unlock()
	v.wg.Wait()
	if v.folder != "" {
		v.fail(os.RemoveAll(v.folder))
	}
	return v.err
}

func (v *server) fail(err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.err == nil {
		v.err = err
	}
}

// sleep tells whether the server is still wanted after that long.
func (v *server) sleep(d time.Duration) bool {
	if d <= 0 {
		return true
	}
	select {
	case <-time.After(d):
		return true
	case <-v.stop:
		return false
	}
}

// thaw waits for the end of a freeze.
func (v *server) thaw() bool {
	v.mu.Lock()
	d := time.Until(v.frozen)
	v.mu.Unlock()
	return v.sleep(d)
}

// next is what becomes of the next request.
func (v *server) next() act {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.asked++
	return v.script(v.asked - 1)
}

func (v *server) accept() {
	for {
		c, err := v.stream.Accept()
		if err != nil {
			return
		}
		v.mu.Lock()
		v.conns[c] = true
		v.opened++
		first := v.opened == 1
		v.mu.Unlock()
		v.wg.Go(func() { v.serve(c, first) })
	}
}

// serve goes on until the peer closes, or an act does.
func (v *server) serve(c net.Conn, first bool) {
	p := &peer{server: v, conn: c}
	defer func() {
		c.Close()
		v.mu.Lock()
		delete(v.conns, c)
		v.mu.Unlock()
	}()
	greeting := v.s.Greet
	if v.slow {
		if t, ok := c.(*net.TCPConn); ok {
			v.fail(t.SetReadBuffer(64 << 10))
		}
	}
	for {
		if greeting != nil {
			if first && v.greet != nil && len(p.in) > 0 {
				if _, reply, _ := greeting(p.in); !v.greet(p, reply) {
					return
				}
				p.in, greeting = p.in[:0], nil // whoever is content with that goes on
			} else if n, reply, done := greeting(p.in); n > 0 || done {
				p.in = p.in[n:]
				p.send(reply)
				if done {
					greeting = nil
				}
				continue
			}
		} else if more, err := v.answer(p); err != nil || !more {
			v.fail(err)
			return
		}
		if !p.read() {
			return
		}
	}
}

// answer sees to all requests that have come whole.
func (v *server) answer(p *peer) (more bool, err error) {
	for len(p.in) > 0 {
		n, err := v.s.Cut(p.in)
		if err != nil {
			return false, fmt.Errorf("the server cannot read %q: %w", excerpt(p.in), err)
		}
		if n == 0 {
			return true, nil
		}
		p.last, p.in = p.in[:n], p.in[n:]
		if !v.next()(p, v.s.Answer(nil, p.last)) {
			return false, nil
		}
	}
	return true, nil
}

// receive answers datagrams.
func (v *server) receive() {
	b := make([]byte, 64<<10)
	for {
		n, from, err := v.grams.ReadFromUDPAddrPort(b)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err == nil {
			v.next()(&peer{server: v, from: from, last: b[:n]}, v.s.Answer(nil, b[:n]))
		}
	}
}
