package transporttest

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
)

// suite is a subject with nothing left out, and what there is to know of it.
type suite struct {
	Subject
	protocol   transport.Protocol
	scheme     transport.Scheme
	match      transport.Match // of datagrams
	sequential bool
	echoes     bool // answers are what requests are
	short      bool
	patience   time.Duration // what should be at once and takes longer counts as hanging
}

// keep is how much of an answer's content is looked at.
const keep = 64 << 10

func newSuite(subject Subject) (*suite, error) {
	s := &suite{Subject: subject, short: testing.Short(), patience: 20 * time.Second}
	if s.Config == nil {
		return nil, errors.New("transporttest: no Config")
	}
	var ok bool
	if s.protocol, ok = transport.ByScheme(s.Scheme); !ok {
		return nil, fmt.Errorf("transporttest: scheme %q is not registered", s.Scheme)
	}
	if s.scheme = s.protocol.Schemes[s.Scheme]; s.scheme.TLS || s.scheme.Unix {
		return nil, fmt.Errorf("transporttest: scheme %q: want the one without TLS and over the network", s.Scheme)
	}
	s.setDefaults()
	codec, err := s.newCodec(nil)
	if err != nil {
		return nil, err
	}
	if s.scheme.Datagram {
		d, ok := codec.(transport.Datagrams)
		if !ok {
			return nil, fmt.Errorf("transporttest: scheme %q is one of datagrams, its codec is not", s.Scheme)
		}
		s.match = d.Matching().Match
	}
	if q, ok := codec.(transport.Sequential); ok {
		s.sequential = q.Sequential()
	}
	return s, nil
}

func (s *suite) setDefaults() {
	if s.Request == nil {
		s.Request = func(req *load.Request, i int) { req.Body = fmt.Appendf(nil, "request %06d", i) }
		if s.Large == nil {
			s.Large = func(req *load.Request, i, size int) {
				req.Body = append(fmt.Appendf(nil, "request %06d ", i), bytes.Repeat([]byte("x"), size)...)
			}
		}
	}
	if s.Cut == nil {
		s.Cut = func(b []byte) (int, error) { return bytes.IndexByte(b, '\n') + 1, nil }
	}
	if s.echoes = s.Answer == nil; s.echoes {
		s.Answer = func(dst, request []byte) []byte { return append(dst, request...) }
	}
	if s.Match == nil {
		s.Match = func(req *load.Request, resp *load.Response) bool {
			return bytes.HasPrefix(req.Body, resp.Content) && len(resp.Content) == min(len(req.Body), keep)
		}
	}
}

// unixSchemes are the transport's schemes of Unix sockets, sorted; none for datagrams.
func (s *suite) unixSchemes() (list []string) {
	for name, scheme := range s.protocol.Schemes {
		if scheme.Unix && !s.scheme.Datagram {
			list = append(list, name)
		}
	}
	slices.Sort(list)
	return list
}

// newCodec makes a codec of a fresh configuration, changed by change.
func (s *suite) newCodec(change func(transport.Config)) (transport.Codec, error) {
	c := s.Config()
	if change != nil {
		change(c)
	}
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("transporttest: Config: %w", err)
	}
	codec, err := c.NewCodec()
	if err != nil {
		return nil, fmt.Errorf("transporttest: NewCodec: %w", err)
	}
	return codec, nil
}

// target is a target that is not asked.
func (s *suite) target() *load.Target {
	return &load.Target{URL: s.Scheme + "://192.0.2.1:7", Scheme: s.Scheme, Host: "192.0.2.1", Port: 7, Datagram: s.scheme.Datagram}
}

// few is n, or a part of it under -short.
func (s *suite) few(n int) int {
	if s.short {
		return max(n/4, 1)
	}
	return n
}

// within calls f, and fails if it panics or does not come back.
func (s *suite) within(what string, f func() error) error {
	done := make(chan error, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				done <- fmt.Errorf("%s: panic: %v", what, p)
			}
		}()
		done <- f()
	}()
	select {
	case err := <-done:
		return err
	case <-time.After(s.patience):
		return fmt.Errorf("%s: no end after %v; it may loop for ever", what, s.patience)
	}
}
