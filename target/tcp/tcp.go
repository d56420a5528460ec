// Package tcp is the built-in TCP target: it sends back each message as it came, or a text that never changes. Where one message ends and
// the next begins is said by a [Framing].
package tcp

import (
	"context"
	"errors"
	"fmt"

	"github.com/iagoloadgen/iago/target/stream"
)

// Options describe a target. The zero value listens on 127.0.0.1:9000 and echoes lines.
type Options struct {
	stream.Options
	Framing Framing // of messages and answers; default: lines
	Reply   []byte  // content of every answer; nil: that of the message
}

// Start makes a target that listens when Start returns; see [stream.Start].
func Start(ctx context.Context, o Options) (*stream.Server, error) {
	if o.Framing == (Framing{}) {
		o.Framing = Framing{Kind: Delimiter, Delimiter: "\n"}
	}
	if err := o.Framing.Validate(); err != nil {
		return nil, fmt.Errorf("target/tcp: framing: %w", err)
	}
	if o.Reply != nil && o.Framing.Kind == Fixed && len(o.Reply) != o.Framing.Size {
		return nil, fmt.Errorf("target/tcp: reply: %d bytes, but the framing says %d", len(o.Reply), o.Framing.Size)
	}
	if o.Reply != nil && len(o.Reply) == 0 && o.Framing.Kind == Close {
		return nil, errors.New("target/tcp: reply: empty, which is no answer with this framing")
	}
	return stream.Start(ctx, newProtocol(o), o.Options)
}

func newProtocol(o Options) stream.Protocol {
	return stream.Protocol{
		Name: "tcp", Scheme: "tcp", SchemeTLS: "tcps", Listen: "127.0.0.1:9000",
		Garbage:    []byte("\x00\xff\x00\xff"),
		NewSession: func(stream.Waiter) stream.Session { return &session{framing: o.Framing, reply: o.Reply} },
	}
}

// session is one connection's state.
type session struct {
	framing Framing
	reply   []byte
	content []byte // of the message last read; it points into what was read
	scanned int    // bytes without a delimiter
}

// Next implements stream.Session.
func (s *session) Next(src []byte, eof bool) (n int, kind string, err error) {
	n, s.content, err = s.framing.next(src, eof, &s.scanned)
	return n, "message", err
}

// Answer implements stream.Session.
func (s *session) Answer(dst []byte) (out []byte, last bool) {
	content := s.content
	if s.reply != nil {
		content = s.reply
	}
	return s.framing.append(dst, content), s.framing.Kind == Close
}

// Fail implements stream.Session. A fixed size is kept.
func (s *session) Fail(dst []byte, status int) []byte {
	text := fmt.Appendf(nil, "ERROR %d", status)
	if s.framing.Kind == Fixed {
		text = append(text, make([]byte, s.framing.Size)...)[:s.framing.Size]
	}
	return s.framing.append(dst, text)
}

// Close implements stream.Session.
func (s *session) Close() {}
