package thrift

import (
	"encoding/hex"
	"testing"

	apache "github.com/apache/thrift/lib/go/thrift"

	"github.com/iagoloadgen/iago/load"
)

// steady is a request that is made again and again, and its answer.
type steady struct {
	k      *codec
	req    *load.Request
	answer []byte
	wire   []byte
}

func newSteady(tb testing.TB, k *codec, c carrier, p protocol) *steady {
	tb.Helper()
	req := &load.Request{Method: []byte("text"), Body: []byte(`{"s": "hello world"}`)}
	if k.mode == modeRaw {
		req.Body = []byte(hex.EncodeToString(message(p, apache.CALL, "text", 7, argument)))
	}
	s := &steady{k: k, req: req}
	s.send(tb)
	m := message(p, apache.REPLY, "text", k.seq.Load(), textReply)
	s.answer = wrap(c, p, m)
	return s
}

func (s *steady) send(tb testing.TB) {
	wire, err := s.k.AppendRequest(s.wire[:0], s.req, nil)
	if err != nil {
		tb.Fatal(err)
	}
	s.wire, s.req.Wire = wire, wire
}

func (s *steady) receive(tb testing.TB, c *conn, resp *load.Response, cut int) {
	resp.Reset()
	c.Start(s.req)
	n, done, err := c.Parse(s.answer[:cut], false, resp)
	if !done && err == nil {
		var m int
		m, done, err = c.Parse(s.answer[n:], false, resp)
		n += m
	}
	if !done || err != nil || n != len(s.answer) {
		tb.Fatalf("n %d of %d, done %v, %v", n, len(s.answer), done, err)
	}
}

// Neither writing requests nor reading answers allocates, content included, whole or cut.
func TestNothingIsAllocated(t *testing.T) {
	each(t, func(t *testing.T, k *codec, c carrier, p protocol) {
		raw := newCodec(t, func(k *Config) { k.Transport, k.Protocol = carriers[c], p.String() }).(*codec)
		for _, k := range []*codec{k, raw} {
			s, conn := newSteady(t, k, c, p), k.NewConn().(*conn)
			for _, keep := range []int64{0, 1 << 10} {
				resp := &load.Response{Keep: keep}
				if n := testing.AllocsPerRun(20, func() {
					for cut := range len(s.answer) + 1 {
						s.receive(t, conn, resp, cut)
					}
				}); n != 0 {
					t.Errorf("%s: %v allocations in reading, keep %d", k.mode, n, keep)
				}
			}
			if n := testing.AllocsPerRun(100, func() { s.send(t) }); n != 0 {
				t.Errorf("%s: %v allocations in writing", k.mode, n)
			}
			if n := testing.AllocsPerRun(100, func() { k.Label(s.req) }); n != 0 {
				t.Errorf("%s: %v allocations in labeling", k.mode, n)
			}
		}
	})
}

func BenchmarkExchange(b *testing.B) {
	for _, p := range []protocol{binaryProtocol, compactProtocol, jsonProtocol} {
		for _, c := range []carrier{framed, buffered} {
			k := allCodec(b, func(k *Config) { k.Transport, k.Protocol = carriers[c], p.String() })
			s, conn := newSteady(b, k, c, p), k.NewConn().(*conn)
			b.Run("parse/"+carriers[c]+"/"+p.String(), func(b *testing.B) {
				resp := &load.Response{}
				b.ReportAllocs()
				for b.Loop() {
					s.receive(b, conn, resp, len(s.answer))
				}
			})
			b.Run("encode/"+carriers[c]+"/"+p.String(), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					s.send(b)
				}
			})
		}
	}
	raw := newCodec(b, nil).(*codec)
	s := newSteady(b, raw, framed, binaryProtocol)
	b.Run("encode/raw", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			s.send(b)
		}
	})
}
