package memcached

import (
	"strings"
	"testing"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
)

// The exchanges of a steady run.
var steady = []struct {
	name   string
	req    *load.Request
	answer string
}{
	{"get hit", body("get key:1234567"), "VALUE key:1234567 0 100\r\n" + strings.Repeat("x", 100) + "\r\nEND\r\n"},
	{"get miss", body("get key:1234567"), "END\r\n"},
	{"get many", body("get a b c d e f g h"), "VALUE a 0 1\r\nx\r\nVALUE c 0 1\r\nx\r\nVALUE h 0 1\r\nx\r\nEND\r\n"},
	{"set", body("set key:1234567 0 0 some value"), "STORED\r\n"},
	{"set made", body("set key:1234567 0 0"), "STORED\r\n"},
	{"incr", parts("incr", "key:1234567 1", ""), "12345\r\n"},
	{"error", body("SET a 0 0 5\r\nhello\r\n"), "SERVER_ERROR out of memory storing object\r\n"},
	{"mg quiet", body("mg key:1234567 v q"), "VA 5\r\nhello\r\nMN\r\n"},
	{"ms", body("ms key:1234567 100 T0"), "HD\r\n"},
	{"stats", body("stats"), "STAT pid 1\r\nSTAT uptime 2\r\nEND\r\n"},
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
	targets := hosts(5)
	conn, dst := coder.NewConn(), make([]byte, 0, 4096)
	for _, s := range steady {
		for _, keep := range []int64{0, 1000} {
			answer, resp := []byte(s.answer), &load.Response{Keep: keep}
			if n := testing.AllocsPerRun(20, func() {
				for cut := range answer {
					parse(t, conn, s.req, resp, answer, cut)
				}
			}); n != 0 {
				t.Errorf("%s, %d kept: %v allocations for an answer", s.name, keep, n)
			}
		}
		if n := testing.AllocsPerRun(100, func() {
			var err error
			coder.Route(s.req, targets)
			coder.Label(s.req)
			if dst, err = coder.AppendRequest(dst[:0], s.req, nil); err != nil {
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
			conn, resp, answer := newCodec(b, nil).NewConn(), &load.Response{}, []byte(s.answer)
			b.ReportAllocs()
			for b.Loop() {
				parse(b, conn, s.req, resp, answer, len(answer))
			}
		})
	}
}

func BenchmarkAppendRequest(b *testing.B) {
	coder := newCodec(b, func(c *Config) { c.ValueSize = 100 })
	for _, s := range steady {
		b.Run(s.name, func(b *testing.B) {
			var dst []byte
			b.ReportAllocs()
			for b.Loop() {
				var err error
				if dst, err = coder.AppendRequest(dst[:0], s.req, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkRoute(b *testing.B) {
	for _, distribution := range []string{Ketama, Modula} {
		b.Run(distribution, func(b *testing.B) {
			coder := newCodec(b, func(c *Config) { c.Distribution = distribution }).(*codec)
			targets := hosts(10)
			for b.Loop() {
				coder.Route(steady[0].req, targets)
			}
		})
	}
}
