package http1

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
)

// The kinds of answer that a steady run sees; nginx is what a load generator meets most.
var (
	nginxAnswer = []byte("HTTP/1.1 200 OK\r\nServer: nginx/1.26.3\r\nDate: Sat, 22 Nov 2025 20:16:42 GMT\r\nContent-Type: text/html\r\n" +
		"Content-Length: 12\r\nLast-Modified: Sat, 22 Nov 2025 20:10:01 GMT\r\nConnection: keep-alive\r\nETag: \"69221a59-c\"\r\nAccept-Ranges: bytes\r\n\r\nhello world\n")
	chunkedAnswer = []byte("HTTP/1.1 200 OK\r\nDate: Sat, 22 Nov 2025 20:16:42 GMT\r\nTransfer-Encoding: chunked\r\n\r\n" +
		"6\r\nhello \r\n6;x=y\r\nworld\n\r\n0\r\nServer-Timing: a\r\n\r\n")
	bareAnswer     = []byte("HTTP/1.1 204 No Content\r\n\r\n")
	foldedAnswer   = []byte("HTTP/1.1 200 OK\r\nContent-Length:\r\n 2\r\nConnection: x,\r\n\tkeep-alive\r\n\r\nok")
	continueAnswer = []byte("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
)

func newCodec(tb testing.TB, change func(*Config)) transport.Codec {
	tb.Helper()
	config := NewConfig()
	if change != nil {
		change(config)
	}
	if err := config.Validate(); err != nil {
		tb.Fatal(err)
	}
	codec, err := config.NewCodec()
	if err != nil {
		tb.Fatal(err)
	}
	return codec
}

// logRequest is a request as it is made of a line of an access log.
func logRequest() (*load.Request, *load.Target) {
	req := &load.Request{
		Method: []byte("GET"),
		URI:    []byte("/presentations/logstash-monitorama-2013/images/kibana-search.png"),
		Header: []load.Field{
			{Name: []byte("Referer"), Value: []byte("http://semicomplete.com/presentations/logstash-monitorama-2013/")},
			{Name: []byte("User-Agent"), Value: []byte("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_9_1) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/32.0.1700.77 Safari/537.36")},
			{Name: []byte("X-Iago"), Value: []byte("true")},
		},
	}
	return req, &load.Target{Scheme: "http", Host: "127.0.0.1", Port: 8080}
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
	conn := newCodec(t, nil).NewConn()
	req, resp := &load.Request{Method: []byte("GET"), Header: []load.Field{{Name: []byte("Connection"), Value: []byte("keep-alive")}}}, &load.Response{}
	for _, answer := range [][]byte{nginxAnswer, chunkedAnswer, bareAnswer, foldedAnswer, continueAnswer} {
		if n := testing.AllocsPerRun(10, func() {
			for cut := range len(answer) + 1 {
				exchange(t, conn, req, resp, answer, cut)
			}
		}); n != 0 {
			t.Errorf("%.60q: %v allocations", answer, n)
		}
	}
}

func TestEncodeAllocatesNothing(t *testing.T) {
	codec := newCodec(t, func(c *Config) { c.KeepAlive, c.ExpectContinue = false, true })
	req, target := logRequest()
	post := &load.Request{Method: []byte("POST"), URI: []byte("?a"), Body: []byte("body")}
	whole := &load.Request{URI: []byte("http://example.com/")}
	dst := make([]byte, 0, 4096)
	for _, r := range []*load.Request{req, post, whole} {
		for _, to := range []*load.Target{target, {Host: "fe80::1%eth0", Port: 1, Path: "/p"}, {Unix: "/s"}} {
			if n := testing.AllocsPerRun(10, func() {
				var err error
				if dst, err = codec.AppendRequest(dst[:0], r, to); err != nil {
					t.Fatal(err)
				}
			}); n != 0 {
				t.Errorf("%s to %+v: %v allocations", r.URI, *to, n)
			}
		}
	}
}

func BenchmarkParse(b *testing.B) {
	big := append([]byte("HTTP/1.1 200 OK\r\nContent-Length: 1048576\r\n\r\n"), make([]byte, 1<<20)...)
	for _, bb := range []struct {
		name   string
		answer []byte
	}{{"nginx", nginxAnswer}, {"chunked", chunkedAnswer}, {"bare", bareAnswer}, {"1MiB", big}} {
		b.Run(bb.name, func(b *testing.B) {
			conn := newCodec(b, nil).NewConn()
			req, resp := &load.Request{Method: []byte("GET")}, &load.Response{}
			b.ReportAllocs()
			for b.Loop() {
				exchange(b, conn, req, resp, bb.answer, len(bb.answer))
			}
		})
	}
	b.Run("other head each time", func(b *testing.B) {
		other := bytes.Replace(nginxAnswer, []byte("nginx"), []byte("Nginx"), 1)
		conn := newCodec(b, nil).NewConn()
		req, resp := &load.Request{Method: []byte("GET")}, &load.Response{}
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			exchange(b, conn, req, resp, [][]byte{nginxAnswer, other}[i&1], len(nginxAnswer))
		}
	})
}

// BenchmarkParseBytewise shows that a line which comes byte by byte costs its length, not its square: the cost
// of a byte must not grow with the length.
func BenchmarkParseBytewise(b *testing.B) {
	for _, size := range []int{100, 1000, 10000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			answer := []byte("HTTP/1.1 204 OK\r\nX: " + string(bytes.Repeat([]byte{'x'}, size)) + "\r\n\r\n")
			conn := newCodec(b, nil).NewConn()
			req, resp := &load.Request{Method: []byte("GET")}, &load.Response{}
			for b.Loop() {
				conn.Start(req)
				from := 0
				for to := range answer {
					n, _, err := conn.Parse(answer[from:to+1], false, resp)
					if err != nil {
						b.Fatal(err)
					}
					from += n
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(answer)), "ns/byte")
		})
	}
}

func BenchmarkEncode(b *testing.B) {
	codec := newCodec(b, nil)
	req, target := logRequest()
	var dst []byte
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if dst, err = codec.AppendRequest(dst[:0], req, target); err != nil {
			b.Fatal(err)
		}
	}
}
