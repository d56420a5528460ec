package tcp

import (
	"testing"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
)

// exchanges are whole answers in each framing that has an end of its own.
var exchanges = []struct {
	name   string
	change func(*Config)
	answer []byte
}{
	{"delimiter", delimited(`\r\n`), []byte("+ok and something\r\n")},
	{"length", announced(2, 2, "big", -2), []byte("xx\x00\x07hello")},
	{"fixed", framing("fixed", func(a *Answer) { a.Size = 32 }), make([]byte, 32)},
}

// exchange parses one answer, cut in two at cut.
func exchange(tb testing.TB, conn transport.Conn, req *load.Request, resp *load.Response, answer []byte, cut int) {
	resp.Reset()
	conn.Start(req)
	n, done, err := conn.Parse(answer[:cut], false, resp)
	if !done && err == nil {
		var m int
		m, done, err = conn.Parse(answer[n:], false, resp)
		n += m
	}
	if !done || err != nil || n != len(answer) {
		tb.Fatalf("%q cut at %d: n %d, done %v, %v", answer, cut, n, done, err)
	}
}

func TestNothingAllocated(t *testing.T) {
	dst, target := make([]byte, 0, 100), &load.Target{}
	req, resp := &load.Request{Body: []byte("00ff")}, &load.Response{Keep: 100, Content: make([]byte, 0, 100)}
	for _, e := range exchanges {
		codec := newCodec(t, e.change)
		conn := codec.NewConn()
		if n := testing.AllocsPerRun(10, func() {
			if _, err := codec.AppendRequest(dst, req, target); err != nil {
				t.Fatal(err)
			}
			for cut := range len(e.answer) + 1 {
				exchange(t, conn, req, resp, e.answer, cut)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations", e.name, n)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	for _, e := range exchanges {
		b.Run(e.name, func(b *testing.B) {
			conn := newCodec(b, e.change).NewConn()
			req, resp := &load.Request{}, &load.Response{}
			b.ReportAllocs()
			for b.Loop() {
				exchange(b, conn, req, resp, e.answer, len(e.answer))
			}
		})
	}
}

func BenchmarkAppendRequest(b *testing.B) {
	for _, encoding := range []string{"text", "escaped", "hex", "base64"} {
		b.Run(encoding, func(b *testing.B) {
			codec := newCodec(b, func(c *Config) { c.Encoding = encoding })
			dst, req, target := make([]byte, 0, 100), &load.Request{Body: []byte("0123456789abcdef")}, &load.Target{}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := codec.AppendRequest(dst, req, target); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
