package thrift

import (
	"context"
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/apache/thrift/lib/go/thrift"

	"github.com/iagoloadgen/iago/target/stream"
)

// upgrade is the method that Finagle's clients call first. A server that agrees by an ordinary answer reads a struct of its own (trace
// ids, client id) before each following message and writes one (nothing in it here) before each answer; others say that they do not know the method.
const upgrade = "__can__finagle__trace__v3__"

// session is one connection's state.
type session struct {
	wire     *wire
	memory   *memory
	protocol thrift.TProtocol
	finagle  bool // agree to the upgrade
	upgraded bool

	call call // the one last read
}

// call is a message of a client's.
type call struct {
	name   string // as it came: service:method with multiplexing
	seq    int32
	oneway bool
	echo   string // its argument, if it is a call of echo
}

// method is the name without its service.
func (c *call) method() string { return c.name[strings.LastIndexByte(c.name, ':')+1:] }

func newSession(w *wire, finagle bool) *session {
	m := &memory{}
	return &session{wire: w, memory: m, protocol: w.factory.GetProtocol(m), finagle: finagle}
}

func malformed(cause string) *stream.Malformed { return &stream.Malformed{Cause: cause} }

// Next implements stream.Session.
func (s *session) Next(src []byte, _ bool) (n int, kind string, err error) {
	n, begin, open, err := s.wire.cut(src)
	if n == 0 || err != nil {
		return 0, "", err
	}
	s.memory.in, s.memory.short = src[begin:n], false
	if s.wire.protocol == "json" || open && s.wire.transport != "header" {
		s.protocol = s.wire.factory.GetProtocol(s.memory) // what a failed attempt has left is forgotten
	}
	if err := s.read(); err != nil {
		if open && s.memory.short && len(src) < longest {
			return 0, "", nil
		}
		return 0, "", malformed("unreadable message")
	}
	if open {
		n -= len(s.memory.in)
	}
	return n, s.call.method(), nil
}

// read reads a call. Arguments are passed over by the types that they carry, for nothing else is known of them.
func (s *session) read() error {
	ctx, p := context.Background(), s.protocol
	if s.upgraded {
		if err := p.Skip(ctx, thrift.STRUCT); err != nil {
			return err
		}
	}
	name, kind, seq, err := p.ReadMessageBegin(ctx)
	if err != nil {
		return err
	}
	if kind != thrift.CALL && kind != thrift.ONEWAY {
		return fmt.Errorf("message of type %d", kind)
	}
	s.call = call{name: name, seq: seq, oneway: kind == thrift.ONEWAY}
	if _, err := p.ReadStructBegin(ctx); err != nil {
		return err
	}
	for {
		_, kind, id, err := p.ReadFieldBegin(ctx)
		switch {
		case err != nil:
			return err
		case kind == thrift.STOP:
			if err := p.ReadStructEnd(ctx); err != nil {
				return err
			}
			return p.ReadMessageEnd(ctx)
		case s.call.method() == "echo" && id == 1 && kind == thrift.STRING:
			s.call.echo, err = p.ReadString(ctx)
		default:
			err = p.Skip(ctx, kind)
		}
		if err != nil {
			return err
		}
		if err := p.ReadFieldEnd(ctx); err != nil {
			return err
		}
	}
}

// Answer implements stream.Session.
func (s *session) Answer(dst []byte) (out []byte, last bool) {
	switch {
	case s.call.oneway:
		return dst, false
	case s.call.method() == upgrade && !s.finagle:
		return s.exception(dst, thrift.UNKNOWN_METHOD, "unknown method "+upgrade), false
	}
	dst = s.message(dst, thrift.REPLY, func(ctx context.Context, p thrift.TProtocol) error {
		if err := p.WriteStructBegin(ctx, "result"); err != nil {
			return err
		}
		if s.call.method() == "echo" {
			if err := writeString(ctx, p, "success", 0, s.call.echo); err != nil {
				return err
			}
		}
		if err := p.WriteFieldStop(ctx); err != nil {
			return err
		}
		return p.WriteStructEnd(ctx)
	})
	s.upgraded = s.upgraded || s.call.method() == upgrade
	return dst, false
}

func writeString(ctx context.Context, p thrift.TProtocol, name string, id int16, value string) error {
	if err := p.WriteFieldBegin(ctx, name, thrift.STRING, id); err != nil {
		return err
	}
	if err := p.WriteString(ctx, value); err != nil {
		return err
	}
	return p.WriteFieldEnd(ctx)
}

// Fail implements stream.Session.
func (s *session) Fail(dst []byte, status int) []byte {
	if s.call.oneway {
		return dst
	}
	return s.exception(dst, thrift.INTERNAL_ERROR, fmt.Sprintf("fault %d of the target", status))
}

func (s *session) exception(dst []byte, kind int32, text string) []byte {
	x := thrift.NewTApplicationException(kind, text)
	return s.message(dst, thrift.EXCEPTION, x.Write)
}

// message appends an answer to the last call, with what content writes. Writing to memory does not fail, except where the answer would be
// larger than the library allows: then there is none.
func (s *session) message(dst []byte, kind thrift.TMessageType, content func(context.Context, thrift.TProtocol) error) []byte {
	ctx, p, before := context.Background(), s.protocol, len(dst)
	framed := s.wire.transport == "framed"
	if framed {
		dst = append(dst, 0, 0, 0, 0)
	}
	if s.upgraded {
		dst = append(dst, thrift.STOP) // an empty struct
	}
	s.memory.out = dst
	err := p.WriteMessageBegin(ctx, s.call.name, kind, s.call.seq)
	for _, step := range []func() error{
		func() error { return content(ctx, p) },
		func() error { return p.WriteMessageEnd(ctx) },
		func() error { return p.Flush(ctx) },
	} {
		if err == nil {
			err = step()
		}
	}
	dst, s.memory.out = s.memory.out, nil
	if err != nil {
		return dst[:before]
	}
	if framed {
		binary.BigEndian.PutUint32(dst[before:], uint32(len(dst)-before-4))
	}
	return dst
}

// Close implements stream.Session.
func (s *session) Close() {}
