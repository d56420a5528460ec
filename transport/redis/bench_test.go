package redis

import (
	"strings"
	"testing"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
)

var plainTarget = &load.Target{URL: "redis://127.0.0.1", Scheme: "redis", Host: "127.0.0.1", Port: 6379}

// steady are the kinds of answer that a steady run sees.
var steady = []struct{ name, answer string }{
	{"ok", "+OK\r\n"},
	{"nil", "$-1\r\n"},
	{"integer", ":1000\r\n"},
	{"100 bytes", "$100\r\n" + strings.Repeat("x", 100) + "\r\n"},
	{"10 values", "*10\r\n" + strings.Repeat("$5\r\nhello\r\n", 10)},
	{"map", "%3\r\n+server\r\n$5\r\nredis\r\n+proto\r\n:3\r\n+a\r\n*2\r\n,1.5\r\n#t\r\n"},
	{"error", "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"},
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
		tb.Fatalf("%.30q cut at %d: n %d of %d, done %v, %v", answer, cut, n, len(answer), done, err)
	}
}

func TestParseAllocatesNothing(t *testing.T) {
	conn, req := newCodec(t, nil).NewConn(), request(`"get" k`)
	for _, keep := range []int64{0, 1000} {
		resp := &load.Response{Keep: keep}
		for _, s := range steady {
			answer := []byte(s.answer)
			if n := testing.AllocsPerRun(10, func() {
				for cut := range len(answer) + 1 {
					exchange(t, conn, req, resp, answer, cut)
				}
			}); n != 0 {
				t.Errorf("%s, keep %d: %v allocations", s.name, keep, n)
			}
		}
	}
}

func TestRequestAllocatesNothing(t *testing.T) {
	codec := newCodec(t, func(c *Config) { c.Cluster = true }).(*clusterCodec)
	targets := []load.Target{*plainTarget, *plainTarget}
	dst := make([]byte, 0, 4096)
	for _, line := range []string{"GET key", `SET "a key" 'a value \x00'`, wire("GET", "key"), "PING", "EVAL s 1 k", "MGET 1 2 3 4 5 6 7 8 9 10 11", "no.such 'a key'"} {
		req := request(line)
		if n := testing.AllocsPerRun(10, func() {
			var err error
			if dst, err = codec.AppendRequest(dst[:0], req, plainTarget); err != nil {
				t.Fatal(err)
			}
			codec.Label(req)
			codec.Route(req, targets)
		}); n != 0 {
			t.Errorf("%q: %v allocations", line, n)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	big := "$1048576\r\n" + strings.Repeat("x", 1<<20) + "\r\n"
	for _, s := range append(steady, struct{ name, answer string }{"1MiB", big}) {
		b.Run(s.name, func(b *testing.B) {
			conn, req, resp, answer := newCodec(b, nil).NewConn(), request("GET key"), &load.Response{}, []byte(s.answer)
			b.ReportAllocs()
			for b.Loop() {
				exchange(b, conn, req, resp, answer, len(answer))
			}
		})
	}
}

func BenchmarkAppendRequest(b *testing.B) {
	for name, line := range map[string]string{"get": "GET key:000000012345", "set with quotes": `SET key:000000012345 "a value \"with\" quotes"`, "wire": wire("GET", "key:000000012345")} {
		b.Run(name, func(b *testing.B) {
			codec, req := newCodec(b, nil), request(line)
			dst := make([]byte, 0, 4096)
			b.ReportAllocs()
			for b.Loop() {
				var err error
				if dst, err = codec.AppendRequest(dst[:0], req, plainTarget); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkRoute(b *testing.B) {
	codec := newCodec(b, func(c *Config) { c.Cluster = true }).(*clusterCodec)
	req, targets := request("GET key:{000000012345}"), []load.Target{*plainTarget, *plainTarget}
	b.ReportAllocs()
	for b.Loop() {
		codec.Route(req, targets)
	}
}
