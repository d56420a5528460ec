package http

import (
	"context"
	"errors"
	"net"
	"sync/atomic"

	"github.com/iagoloadgen/iago/target/life"
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
	life     *life.Life
	pem      []byte

	opened, open, maxOpen atomic.Int64
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
		options: o, life: life.New(m),
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
	s.life.Run(ctx, s.end)
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

// end closes everything that the server has open.
func (s *Server) end() {
	s.path.end()
	if s.desk.record != nil {
		s.life.Fail(s.desk.record.close())
	}
}

// now is the time on the server's clock, ns since its start.
func (s *Server) now() int64 { return s.life.Now() }

// Addr is the address that it listens on, with the port that was bound.
func (s *Server) Addr() net.Addr { return s.addr }

// CertificatePEM is the certificate that was made for this run, for a client to trust; nil where there is none.
func (s *Server) CertificatePEM() []byte { return s.pem }

// Close ends the server at once, whatever is in flight, and waits for it. It returns what [Server.Wait] does.
func (s *Server) Close() error { return s.life.Close() }

// Wait returns when the server has ended and nothing of it is left: nil, or what kept it from its work (a broken
// event loop, a record file that could not be written whole).
func (s *Server) Wait() error { return s.life.Wait() }

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
