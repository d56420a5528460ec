package http

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/iagoloadgen/iago/target/model"
)

// Server is a running target. Its methods are safe for concurrent use.
type Server struct {
	options  Options
	desk     *desk
	tallies  []*tally // one for each thread
	path     path
	pathName string
	addr     net.Addr
	base     time.Time // the zero of its clock
	pem      []byte

	opened, open, maxOpen atomic.Int64
	ended                 atomic.Int64 // on its clock; 0: it runs

	stop     chan struct{} // closed to end it
	stopOnce sync.Once
	done     chan struct{} // closed when it has ended
	mu       sync.Mutex
	err      error
}

// path is a way to serve connections.
type path interface {
	// run begins to serve.
	run()
	// end closes everything and returns when it is closed.
	end()
}

// Start makes a target that listens when Start returns. It ends when ctx does, by [Server.Close], or by a fault
// that says so.
func Start(ctx context.Context, o Options) (*Server, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	m, err := model.New(o.Model)
	if err != nil {
		return nil, err
	}
	s := &Server{
		options: o, base: time.Now(), stop: make(chan struct{}), done: make(chan struct{}),
		desk: &desk{model: m, answers: newAnswers(&o), status: o.Status, timed: m.Timed()},
	}
	if err := s.listen(ctx); err != nil {
		return nil, err
	}
	if o.Record != "" {
		if s.desk.record, err = newRecorder(o.Record); err != nil {
			s.path.end()
			return nil, err
		}
	}
	s.path.run()
	go s.watch(ctx)
	return s, nil
}

// listen chooses the path and binds the address.
func (s *Server) listen(ctx context.Context) (err error) {
	if !s.options.Portable && !s.options.TLS {
		s.path, err = newLoops(ctx, s)
		if !errors.Is(err, errors.ErrUnsupported) {
			s.pathName = "epoll"
			return err
		}
	}
	s.pathName, s.options.Threads = "portable", 1
	s.path, err = newPortable(ctx, s)
	return err
}

// watch carries out the server's end when it has come.
func (s *Server) watch(ctx context.Context) {
	defer close(s.done)
	s.awaitEnd(ctx)
	s.path.end()
	if s.desk.record != nil {
		s.fail(s.desk.record.close())
	}
	s.ended.Store(s.now())
}

// awaitEnd returns when the server is to end. A fault's death is known once the first request has come.
func (s *Server) awaitEnd(ctx context.Context) {
	select {
	case <-ctx.Done():
		return
	case <-s.stop:
		return
	case <-s.desk.model.Begun():
	}
	var death <-chan time.Time
	if when, known := s.desk.model.Death(); known {
		t := time.NewTimer(time.Duration(when - s.now()))
		defer t.Stop()
		death = t.C
	}
	select {
	case <-ctx.Done():
	case <-s.stop:
	case <-death:
	}
}

// sleepUntil waits for a moment of the server's clock; false: quit was closed before.
func (s *Server) sleepUntil(when int64, quit <-chan struct{}) bool {
	t := time.NewTimer(time.Duration(when - s.now()))
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-quit:
		return false
	}
}

// fail keeps the first error.
func (s *Server) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = err
	}
}

// now is the time on the server's clock, ns since its start.
func (s *Server) now() int64 { return int64(time.Since(s.base)) }

// Addr is the address that it listens on, with the port that was bound.
func (s *Server) Addr() net.Addr { return s.addr }

// CertificatePEM is the certificate that was made for this run, for a client to trust; nil where there is none.
func (s *Server) CertificatePEM() []byte { return s.pem }

// Close ends the server at once, whatever is in flight, and waits for it. It returns what [Server.Wait] does.
func (s *Server) Close() error {
	s.stopOnce.Do(func() { close(s.stop) })
	return s.Wait()
}

// Wait returns when the server has ended and nothing of it is left: nil, or what kept it from its work (a broken
// event loop, a record file that could not be written whole).
func (s *Server) Wait() error {
	<-s.done
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// connected counts a new connection, disconnected one that is gone.
func (s *Server) connected() {
	s.opened.Add(1)
	n := s.open.Add(1)
	for {
		old := s.maxOpen.Load()
		if n <= old || s.maxOpen.CompareAndSwap(old, n) {
			return
		}
	}
}

func (s *Server) disconnected() { s.open.Add(-1) }
