package thrift

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	apache "github.com/apache/thrift/lib/go/thrift"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
	"github.com/iagoloadgen/iago/transport/transporttest"
)

// peer is the server's side of the contract's suite, by Apache's library.
type peer struct {
	carrier  carrier
	protocol protocol
}

// cut finds the first message in b.
func (s *peer) cut(b []byte) (int, error) {
	if s.carrier == framed {
		if len(b) < 4 || len(b)-4 < int(binary.BigEndian.Uint32(b)) {
			return 0, nil
		}
		return 4 + int(binary.BigEndian.Uint32(b)), nil
	}
	in := &apache.TMemoryBuffer{Buffer: bytes.NewBuffer(b)}
	p := apacheProtocol(s.protocol, in)
	if _, _, _, err := p.ReadMessageBegin(background); err != nil {
		return 0, nil // too little so far
	}
	if err := p.Skip(background, apache.STRUCT); err != nil {
		return 0, nil
	}
	return len(b) - in.Len(), nil
}

// answer says what the call says, and size bytes more.
func (s *peer) answer(dst, request []byte, size int) []byte {
	if s.carrier == framed {
		request = request[4:]
	}
	p := apacheProtocol(s.protocol, &apache.TMemoryBuffer{Buffer: bytes.NewBuffer(request)})
	name, _, seq, err := p.ReadMessageBegin(background)
	check(err)
	arguments, err := readArguments(background, p)
	check(err)
	if name == "fire" {
		return dst
	}
	m := message(s.protocol, apache.REPLY, name, seq, oneField(stringType, 0, sample{write: func(p apache.TProtocol) {
		check(p.WriteString(background, arguments[1].(string)+strings.Repeat("x", size)))
	}}))
	return append(dst, wrap(s.carrier, s.protocol, m)...)
}

func (s *peer) subject(change func(*Config)) transporttest.Subject {
	ask := func(method string) func(req *load.Request, i, size int) {
		return func(req *load.Request, i, size int) {
			req.Method = []byte(method)
			req.Body = fmt.Appendf(nil, `{"s": "request %06d%s"}`, i, strings.Repeat("y", size))
		}
	}
	return transporttest.Subject{
		Config: func() transport.Config {
			c := NewConfig()
			c.IDL, c.Service = "testdata/all.thrift", "All"
			c.Transport, c.Protocol, c.FrameLimit = carriers[s.carrier], s.protocol.String(), 4<<20
			if change != nil {
				change(c)
			}
			return c
		},
		Scheme:  "thrift",
		Request: func(req *load.Request, i int) { ask("text")(req, i, 0) },
		Cut:     s.cut,
		Answer:  func(dst, request []byte) []byte { return s.answer(dst, request, 0) },
		Match: func(req *load.Request, resp *load.Response) bool {
			said := bytes.TrimPrefix(req.Body, []byte(`{"s": "`))[:len("request 000000")]
			return bytes.HasPrefix(resp.Content, append([]byte(`{"success":"`), said...))
		},
		Garbage: [][]byte{{0xff, 0xff, 0xff, 0xff}, []byte("HTTP/1.1 200 OK\r\n\r\n")},
		Refused: []*load.Request{{}, {Method: []byte("tex")}, {Method: []byte("text"), Body: []byte(`{"s": 1}`)}},
		Large:   ask("text"),
		LargeAnswer: func(dst, request []byte, size int) []byte {
			return s.answer(dst, request, size)
		},
		Limit:    func(c transport.Config, size int64) { c.(*Config).FrameLimit = size },
		OneWay:   func(req *load.Request, i int) { ask("fire")(req, i, 0) },
		Numbered: true,
	}
}

func TestContract(t *testing.T) {
	t.Run("buffered", func(t *testing.T) {
		s := &peer{carrier: buffered, protocol: compactProtocol}
		transporttest.Run(t, s.subject(nil))
	})
	t.Run("not upgraded", func(t *testing.T) {
		s := &peer{carrier: framed, protocol: binaryProtocol}
		transporttest.Run(t, s.greeting(upgrading, apache.EXCEPTION))
	})
}

// greeting is the subject with a server that answers the upgrade so.
func (s *peer) greeting(change func(*Config), kind apache.TMessageType) transporttest.Subject {
	subject := s.subject(change)
	subject.Greet = func(said []byte) (int, []byte, bool) {
		n, _ := s.cut(said)
		if n == 0 {
			return 0, nil, false
		}
		return n, wrap(framed, binaryProtocol, message(binaryProtocol, kind, upgradeMethod, 0, nothing)), true
	}
	return subject
}
