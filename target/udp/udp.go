// Package udp is the built-in UDP target: it sends back each datagram as it came, or one that never changes, and can lose, double, delay and
// reorder them on purpose. On Linux it receives and sends many datagrams by one system call.
package udp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"

	"github.com/iagoloadgen/iago/target/figures"
	"github.com/iagoloadgen/iago/target/life"
	"github.com/iagoloadgen/iago/target/model"
)

// Options describe a target. The zero value listens on 127.0.0.1:9001 and echoes every datagram at once.
type Options struct {
	Listen string        // host:port, port 0: any free one
	Model  model.Options // of its faults, those are possible that need no connection and no status: garbage, hang, stall, die
	Reply  []byte        // every answer; nil: the datagram itself

	// Shares, 0 to 1, of the answers that are lost; that are sent twice; and that are held back for a moment so that later ones
	// overtake them.
	Loss, Duplicate, Reorder float64
}

// Server is a running target. Its methods are safe for concurrent use.
type Server struct {
	*life.Life
	options Options
	model   *model.Model
	tally   *figures.Tally
	conn    *net.UDPConn
	later   *later
	wg      sync.WaitGroup

	mu   sync.Mutex
	luck luck
}

// Start makes a target that listens when Start returns. It ends when ctx does, by [life.Life.Close], or by a fault that says so.
func Start(ctx context.Context, o Options) (*Server, error) {
	if o.Listen == "" {
		o.Listen = "127.0.0.1:9001"
	}
	if err := o.validate(); err != nil {
		return nil, err
	}
	m, err := model.New(o.Model)
	if err != nil {
		return nil, err
	}
	var lc net.ListenConfig
	c, err := lc.ListenPacket(ctx, "udp", o.Listen)
	if err != nil {
		return nil, fmt.Errorf("target/udp: %w", err)
	}
	s := &Server{
		Life: life.New(m), options: o, model: m, tally: figures.NewTally(), conn: c.(*net.UDPConn), luck: newLuck(&o),
	}
	_ = s.conn.SetReadBuffer(4 << 20) // as much as the system gives
	_ = s.conn.SetWriteBuffer(4 << 20)
	in, out, err := newSockets(s.conn)
	if err != nil {
		_ = s.conn.Close()
		return nil, fmt.Errorf("target/udp: %w", err)
	}
	if m.Timed() || o.Reorder > 0 {
		if s.later, err = newLater(s); err != nil {
			_ = s.conn.Close()
			return nil, fmt.Errorf("target/udp: %w", err)
		}
		s.wg.Go(s.later.run)
	}
	s.wg.Go(func() { s.serve(in, out) })
	s.Run(ctx, func() {
		_ = s.conn.Close() // nobody is left to be told
		s.wg.Wait()
	})
	return s, nil
}

func (o *Options) validate() error {
	var errs []error
	for _, f := range o.Model.Faults {
		if f.Kind == model.Error || f.Kind == model.Close || f.Kind == model.Reset {
			errs = append(errs, fmt.Errorf("target/udp: fault %q: datagrams have neither connections nor statuses; expected garbage, hang, stall or die", f))
		}
	}
	for _, share := range []struct {
		name  string
		value float64
	}{{"loss", o.Loss}, {"duplicate", o.Duplicate}, {"reorder", o.Reorder}} {
		if !(share.value >= 0 && share.value <= 1) {
			errs = append(errs, fmt.Errorf("target/udp: %s: %g is not between 0 and 1", share.name, share.value))
		}
	}
	if len(o.Reply) > largest {
		errs = append(errs, fmt.Errorf("target/udp: reply: %d bytes are more than a datagram takes (%d)", len(o.Reply), largest))
	}
	return errors.Join(errs...)
}

// Addr is the address that it listens on, with the port that was bound.
func (s *Server) Addr() net.Addr { return s.conn.LocalAddr() }

// URL is the address in the form that iago run takes: udp://127.0.0.1:9001.
func (s *Server) URL() string { return "udp://" + s.Addr().String() }

// Stats returns the figures as they stand; after [life.Life.Wait] they are final. It may be called at any time. Figures of its own (in
// Protocol): answers that were lost, duplicated and reordered on purpose; duplicates are not among Answers.
// With nothing in flight, Requests = Answers + lost + Abandoned + what Faults says of garbage and hang.
func (s *Server) Stats() figures.Stats {
	now := s.Now()
	out := figures.Stats{
		Schema: figures.Schema, Kind: "udp", Address: s.Addr().String(), Started: s.Started(), UptimeNS: now, Faults: s.model.Fired(now),
	}
	out.Describe(s.options.Model)
	s.tally.Into(&out)
	s.mu.Lock()
	defer s.mu.Unlock()
	out.Protocol = map[string]int64{"lost": s.luck.lost, "duplicated": s.luck.duplicated, "reordered": s.luck.reordered}
	return out
}
