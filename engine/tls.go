package engine

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"time"

	"github.com/iagoloadgen/iago/internal/poller"
	"github.com/iagoloadgen/iago/load"
)

// TLS: handshakes run beside the loop, in a goroutine each over Go's net package, because their arithmetic takes a
// millisecond and would make every other request late. Once shaken, the connection moves onto the loop, where its
// records are sealed and opened in memory.

// handover is a connection made beside the loop.
type handover struct {
	token uint64
	nc    net.Conn // the bare connection
	tc    *tls.Conn
	pipe  *pipe
	err   error
}

// dialTLS connects and shakes hands for c in a goroutine, which ends by handing over.
func (s *shard) dialTLS(c *conn, addr poller.Addr, req *load.Request) error {
	token := c.token()
	var preface []byte
	if s.cfg.Preface != nil {
		var err error
		if preface, err = s.cfg.Preface(nil, req, addr.AddrPort); err != nil {
			return err
		}
	}
	network, address := "tcp", addr.AddrPort.String()
	if addr.Unix != "" {
		network, address = "unix", addr.Unix
	}
	conf := s.set.tls[c.target]
	ctx, cancel := context.WithTimeout(s.e.ctx, s.cfg.Timeout)
	s.e.dials.Go(func() {
		defer cancel()
		h := shake(ctx, network, address, preface, conf)
		h.token = token
		select {
		case s.handed <- h:
			s.poll.Wake()
		case <-s.e.ctx.Done():
			if h.nc != nil {
				_ = h.nc.Close()
			}
		}
	})
	return nil
}

func shake(ctx context.Context, network, address string, preface []byte, conf *tls.Config) handover {
	nc, err := (&net.Dialer{KeepAlive: -1}).DialContext(ctx, network, address)
	if err != nil {
		return handover{err: err}
	}
	if len(preface) > 0 {
		if _, err := nc.Write(preface); err != nil {
			_ = nc.Close()
			return handover{err: err}
		}
	}
	p := &pipe{Conn: nc}
	tc := tls.Client(p, conf)
	if err := tc.HandshakeContext(ctx); err != nil {
		_ = nc.Close()
		var timeout net.Error
		if !errors.As(err, &timeout) && causeOf(err) == err.Error() {
			err = &handshakeError{err}
		}
		return handover{err: err}
	}
	return handover{nc: nc, tc: tc, pipe: p}
}

// handshakeError is a failed handshake that has no better name.
type handshakeError struct{ err error }

func (e *handshakeError) Error() string { return causeTLS }
func (e *handshakeError) Unwrap() error { return e.err }

// takeOver puts a connection that was made beside the loop onto it.
func (s *shard) takeOver(h handover) {
	slot := uint32(h.token)
	c := s.conns[slot]
	if c.gen != uint32(h.token>>32) || c.state != connDialing { // timed out meanwhile
		if h.nc != nil {
			_ = h.nc.Close()
		}
		return
	}
	if h.err != nil {
		s.dialFailed(c, causeOf(h.err))
		return
	}
	nc := net.Conn(h.tc)
	if s.poll.Raw() {
		nc = h.nc
		h.pipe.loop = true
		c.tls = &session{tc: h.tc, pipe: h.pipe}
	}
	handle, err := s.poll.Adopt(nc, h.token)
	if err != nil {
		s.dialFailed(c, causeOf(err))
		return
	}
	c.handle, c.hasFD = handle, true
	s.opened(c)
}

// pipe lies below a tls.Conn: the true connection during the handshake, memory afterwards.
type pipe struct {
	net.Conn
	loop bool
	in   []byte // from the kernel, not opened yet
	eof  bool
	out  []byte // sealed, not written yet
}

func (p *pipe) Read(b []byte) (int, error) {
	switch {
	case !p.loop:
		return p.Conn.Read(b)
	case len(p.in) > 0:
		n := copy(b, p.in)
		p.in = p.in[n:]
		return n, nil
	case p.eof:
		return 0, io.EOF
	}
	return 0, errDry
}

func (p *pipe) Write(b []byte) (int, error) {
	if !p.loop {
		return p.Conn.Write(b)
	}
	p.out = append(p.out, b...)
	return len(b), nil
}

// The loop sees to time itself.
func (p *pipe) SetDeadline(t time.Time) error {
	if p.loop {
		return nil
	}
	return p.Conn.SetDeadline(t)
}

// errDry says that the pipe has no bytes now. crypto/tls goes on after errors that call themselves temporary.
var errDry net.Error = dryError{}

type dryError struct{}

func (dryError) Error() string   { return "no bytes yet" }
func (dryError) Timeout() bool   { return true }
func (dryError) Temporary() bool { return true }

// session is TLS on the loop.
type session struct {
	tc   *tls.Conn
	pipe *pipe
	raw  []byte
	now  bool // what is sealed must be gone when it has been written: its memory is used again before there is an answer
}

// read opens what has arrived. It is called until it gives ErrAgain.
func (t *session) read(p poller.Poller, h poller.Handle, b []byte) (int, error) {
	for {
		n, err := t.tc.Read(b)
		if n > 0 {
			return n, nil
		}
		if !errors.Is(err, errDry) {
			if err == nil {
				err = poller.ErrAgain
			}
			return 0, err
		}
		if t.raw == nil {
			t.raw = make([]byte, 16<<10)
		}
		n, err = p.Read(h, t.raw)
		switch {
		case errors.Is(err, io.EOF):
			t.pipe.eof = true
		case err != nil:
			return 0, err
		}
		t.pipe.in = t.raw[:n]
	}
}

// write seals b whole; ErrAgain beside len(b) says that the kernel has not taken all of it yet. now: more may be written before
// there is an answer.
func (t *session) write(p poller.Poller, h poller.Handle, b []byte, now bool) (int, error) {
	t.now = now
	if done, err := t.flush(p, h); err != nil || !done {
		if err == nil {
			err = poller.ErrAgain
		}
		return 0, err
	}
	if _, err := t.tc.Write(b); err != nil {
		return 0, err
	}
	done, err := t.flush(p, h)
	if err == nil && !done {
		err = poller.ErrAgain
	}
	return len(b), err
}

// flush writes what is sealed; true when nothing is left.
func (t *session) flush(p poller.Poller, h poller.Handle) (bool, error) {
	out := t.pipe.out
	for len(out) > 0 {
		var n int
		var err error
		if t.now {
			n, err = p.WriteNow(h, out)
		} else {
			n, err = p.Write(h, out)
		}
		out = out[n:]
		if err != nil {
			t.pipe.out = append(t.pipe.out[:0], out...)
			if errors.Is(err, poller.ErrAgain) {
				return false, nil
			}
			return false, err
		}
	}
	t.pipe.out = t.pipe.out[:0]
	return true, nil
}
