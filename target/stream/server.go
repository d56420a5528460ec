package stream

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/iagoloadgen/iago/target/cert"
	"github.com/iagoloadgen/iago/target/figures"
	"github.com/iagoloadgen/iago/target/life"
	"github.com/iagoloadgen/iago/target/model"
)

// Server is a running target. Its methods are safe for concurrent use.
type Server struct {
	*life.Life // Close, Wait
	protocol   Protocol
	options    Options
	model      *model.Model
	tally      *figures.Tally
	listener   net.Listener
	config     *tls.Config // nil: no TLS
	pem        []byte
	wg         sync.WaitGroup

	mu    sync.Mutex
	conns map[net.Conn]struct{} // nil once the end has begun
}

// Start makes a target that listens when Start returns. It ends when ctx does, by [life.Life.Close], or by a fault that says so.
func Start(ctx context.Context, p Protocol, o Options) (*Server, error) {
	o, err := o.withDefaults(&p)
	if err != nil {
		return nil, err
	}
	m, err := model.New(o.Model)
	if err != nil {
		return nil, err
	}
	s := &Server{
		Life: life.New(m), protocol: p, options: o, model: m, tally: figures.NewTally(), conns: map[net.Conn]struct{}{},
	}
	if o.TLS {
		if s.config, s.pem, err = cert.Config(s.options.CertFile, s.options.KeyFile, s.options.Listen); err != nil {
			return nil, fmt.Errorf("target/%s: %w", p.Name, err)
		}
	}
	var lc net.ListenConfig
	network, address := o.network()
	if s.listener, err = lc.Listen(ctx, network, address); err != nil {
		return nil, fmt.Errorf("target/%s: %w", p.Name, err)
	}
	s.wg.Go(s.accept)
	s.Run(ctx, s.end)
	return s, nil
}

// end closes everything and returns when it is closed.
func (s *Server) end() {
	s.mu.Lock()
	open := s.conns
	s.conns = nil
	s.mu.Unlock()
	_ = s.listener.Close() // nobody is left to be told
	for c := range open {
		_ = c.Close()
	}
	s.wg.Wait()
}

// accept takes connections until the listener is closed. Other errors (descriptors have run out) are waited out.
func (s *Server) accept() {
	for {
		c, err := s.listener.Accept()
		if err != nil {
			if !s.SleepUntil(s.Now() + int64(10*time.Millisecond)) {
				return
			}
			continue
		}
		if !s.Thaw() || !s.admit(c) {
			_ = c.Close()
			return
		}
		s.wg.Go(func() {
			defer s.leave(c)
			s.serve(c)
		})
	}
}

// admit notes c as open; false: the target has ended.
func (s *Server) admit(c net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conns == nil {
		return false
	}
	s.conns[c] = struct{}{}
	s.tally.Connected()
	return true
}

// leave closes c and forgets it.
func (s *Server) leave(c net.Conn) {
	_ = c.Close() // it may be closed already
	s.mu.Lock()
	delete(s.conns, c)
	s.mu.Unlock()
	s.tally.Disconnected()
}

// Addr is the address that it listens on, with the port that was bound.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// URL is the address in the form that iago run takes: redis://127.0.0.1:6379; redis+unix:/path for a
// Unix socket.
func (s *Server) URL() string {
	scheme := s.protocol.Scheme
	if s.config != nil {
		scheme = s.protocol.SchemeTLS
	}
	if s.Addr().Network() == "unix" {
		return s.protocol.Scheme + "+unix:" + s.Addr().String()
	}
	return scheme + "://" + s.Addr().String()
}

// CertificatePEM is the certificate that was made for this run, for a client to trust; nil where there is none.
func (s *Server) CertificatePEM() []byte { return s.pem }

// Stats returns the figures as they stand; after [life.Life.Wait] they are final. It may be called at any time.
func (s *Server) Stats() figures.Stats {
	now := s.Now()
	out := figures.Stats{
		Schema: figures.Schema, Kind: s.protocol.Name, Address: s.Addr().String(),
		Started: s.Started(), UptimeNS: now, Faults: s.model.Fired(now),
	}
	out.Describe(s.options.Model)
	s.tally.Into(&out)
	if s.protocol.Figures != nil {
		out.Protocol = s.protocol.Figures()
	}
	return out
}
