package kestrel

import (
	"strings"
	"testing"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
)

// The exchanges of a steady run.
var steady = []struct{ name, line, answer string }{
	{"item", "get work/t=100/close/open", "VALUE work 0 100\r\n" + strings.Repeat("x", 100) + "\r\nEND\r\n"},
	{"empty", "get work", "END\r\n"},
	{"set", "set work 0 0 some item", "STORED\r\n"},
	{"set made", "SET work 0 0", "STORED\r\n"},
	{"error", "get work/open", "ERROR\r\n"},
	{"flush", "flush work", "END\r\n"},
	{"stats", "stats", "STAT uptime 1\r\nEND\r\n"},
}

// parse parses one answer, cut in two at cut.
func parse(tb testing.TB, conn transport.Conn, req *load.Request, resp *load.Response, answer []byte, cut int) {
	resp.Reset()
	conn.Start(req)
	n, done, err := conn.Parse(answer[:cut], false, resp)
	if !done && err == nil {
		var m int
		m, done, err = conn.Parse(answer[n:], false, resp)
		n += m
	}
	if !done || err != nil || n != len(answer) {
		tb.Fatalf("%.30q cut at %d: n %d of %d, done %v, %v", answer, cut, n, len(answer), done, err)
	}
}

func TestNothingIsAllocated(t *testing.T) {
	coder := newCodec(t, func(c *Config) { c.ValueSize = 100 }).(*codec)
	conn, dst := coder.NewConn(), make([]byte, 0, 4096)
	for _, s := range steady {
		req, answer := body(s.line), []byte(s.answer)
		for _, keep := range []int64{0, 1000} {
			resp := &load.Response{Keep: keep}
			if n := testing.AllocsPerRun(20, func() {
				for cut := range answer {
					parse(t, conn, req, resp, answer, cut)
				}
			}); n != 0 {
				t.Errorf("%s, %d kept: %v allocations for an answer", s.name, keep, n)
			}
		}
		if n := testing.AllocsPerRun(100, func() {
			var err error
			coder.Label(req)
			if dst, err = coder.AppendRequest(dst[:0], req, nil); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations for a request", s.name, n)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	for _, s := range steady {
		b.Run(s.name, func(b *testing.B) {
			conn, resp, req, answer := newCodec(b, nil).NewConn(), &load.Response{}, body(s.line), []byte(s.answer)
			b.ReportAllocs()
			for b.Loop() {
				parse(b, conn, req, resp, answer, len(answer))
			}
		})
	}
}

func BenchmarkAppendRequest(b *testing.B) {
	coder := newCodec(b, func(c *Config) { c.ValueSize = 100 })
	for _, s := range steady {
		b.Run(s.name, func(b *testing.B) {
			req := body(s.line)
			var dst []byte
			b.ReportAllocs()
			for b.Loop() {
				var err error
				if dst, err = coder.AppendRequest(dst[:0], req, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
