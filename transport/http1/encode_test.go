package http1

import (
	"strings"
	"testing"

	"github.com/iagoloadgen/iago/load"
)

// fields makes headers of "Name: value" lines.
func fields(lines ...string) []load.Field {
	var fs []load.Field
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		fs = append(fs, load.Field{Name: []byte(name), Value: []byte(value)})
	}
	return fs
}

func TestAppendRequest(t *testing.T) {
	plain := load.Target{Host: "example.com", Port: 80}
	log, logTarget := logRequest()
	for _, c := range []struct {
		name   string
		change func(*Config)
		req    load.Request
		target load.Target
		want   string
		hold   int
	}{
		{
			"a line of an access log", nil, *log, *logTarget,
			"GET /presentations/logstash-monitorama-2013/images/kibana-search.png HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n" +
				"Referer: http://semicomplete.com/presentations/logstash-monitorama-2013/\r\n" +
				"User-Agent: Mozilla/5.0 (Macintosh; Intel Mac OS X 10_9_1) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/32.0.1700.77 Safari/537.36\r\n" +
				"X-Iago: true\r\n\r\n", 0,
		},
		{"nothing said", nil, load.Request{}, plain, "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n", 0},
		{"path of the target", nil, load.Request{URI: []byte("/x?y")}, load.Target{Host: "h", Port: 80, Path: "/api"}, "GET /api/x?y HTTP/1.1\r\nHost: h\r\n\r\n", 0},
		{"path of the target alone", nil, load.Request{}, load.Target{Host: "h", Port: 80, Path: "/api"}, "GET /api HTTP/1.1\r\nHost: h\r\n\r\n", 0},
		{"query alone", nil, load.Request{URI: []byte("?y")}, plain, "GET /?y HTTP/1.1\r\nHost: example.com\r\n\r\n", 0},
		{"query after the target's path", nil, load.Request{URI: []byte("?y")}, load.Target{Host: "h", Port: 80, Path: "/api"}, "GET /api?y HTTP/1.1\r\nHost: h\r\n\r\n", 0},
		{"whole URL", nil, load.Request{URI: []byte("http://a/b")}, load.Target{Host: "h", Port: 80, Path: "/api"}, "GET http://a/b HTTP/1.1\r\nHost: h\r\n\r\n", 0},
		{"path that looks like a URL", nil, load.Request{URI: []byte("/http://a/b")}, plain, "GET /http://a/b HTTP/1.1\r\nHost: example.com\r\n\r\n", 0},
		{"OPTIONS *", nil, load.Request{Method: []byte("OPTIONS"), URI: []byte("*")}, load.Target{Host: "h", Port: 80, Path: "/api"}, "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", 0},
		{"CONNECT", nil, load.Request{Method: []byte("CONNECT"), URI: []byte("a:443")}, load.Target{Host: "h", Port: 80, Path: "/api"}, "CONNECT a:443 HTTP/1.1\r\nHost: h\r\n\r\n", 0},
		{"odd method, bytes beyond ASCII", nil, load.Request{Method: []byte("m-search"), URI: []byte("/\xe9?#")}, plain, "m-search /\xe9?# HTTP/1.1\r\nHost: example.com\r\n\r\n", 0},

		{"port of TLS", nil, load.Request{}, load.Target{Host: "h", Port: 443, TLS: true}, "GET / HTTP/1.1\r\nHost: h\r\n\r\n", 0},
		{"port 80 with TLS", nil, load.Request{}, load.Target{Host: "h", Port: 80, TLS: true}, "GET / HTTP/1.1\r\nHost: h:80\r\n\r\n", 0},
		{"port 443 without", nil, load.Request{}, load.Target{Host: "h", Port: 443}, "GET / HTTP/1.1\r\nHost: h:443\r\n\r\n", 0},
		{"IPv6", nil, load.Request{}, load.Target{Host: "::1", Port: 80}, "GET / HTTP/1.1\r\nHost: [::1]\r\n\r\n", 0},
		{"IPv6 with zone and port", nil, load.Request{}, load.Target{Host: "fe80::1%eth0", Port: 81}, "GET / HTTP/1.1\r\nHost: [fe80::1]:81\r\n\r\n", 0},
		{"Unix socket", nil, load.Request{}, load.Target{Unix: "/run/x.sock"}, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", 0},
		{"own host, order kept", nil, load.Request{Header: fields("B: 1", "hOST: other:1", "A: 2", "B: 3")}, plain, "GET / HTTP/1.1\r\nHost: other:1\r\nB: 1\r\nA: 2\r\nB: 3\r\n\r\n", 0},

		{"body", nil, load.Request{Method: []byte("GET"), Body: []byte("body")}, plain, "GET / HTTP/1.1\r\nHost: example.com\r\nContent-Length: 4\r\n\r\nbody", 0},
		{"POST without body", nil, load.Request{Method: []byte("POST")}, plain, "POST / HTTP/1.1\r\nHost: example.com\r\nContent-Length: 0\r\n\r\n", 0},
		{"PUT without body", nil, load.Request{Method: []byte("PUT")}, plain, "PUT / HTTP/1.1\r\nHost: example.com\r\nContent-Length: 0\r\n\r\n", 0},
		{"PATCH without body", nil, load.Request{Method: []byte("PATCH")}, plain, "PATCH / HTTP/1.1\r\nHost: example.com\r\nContent-Length: 0\r\n\r\n", 0},
		{"DELETE without body", nil, load.Request{Method: []byte("DELETE")}, plain, "DELETE / HTTP/1.1\r\nHost: example.com\r\n\r\n", 0},
		{"own length", nil, load.Request{Method: []byte("POST"), Header: fields("content-length: 4"), Body: []byte("body")}, plain, "POST / HTTP/1.1\r\nHost: example.com\r\ncontent-length: 4\r\n\r\nbody", 0},

		{"reuse off", func(c *Config) { c.KeepAlive = false }, load.Request{}, plain, "GET / HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n\r\n", 0},
		{"reuse off, said already", func(c *Config) { c.KeepAlive = false }, load.Request{Header: fields("Connection: x, Close")}, plain, "GET / HTTP/1.1\r\nHost: example.com\r\nConnection: x, Close\r\n\r\n", 0},
		{"expect", func(c *Config) { c.ExpectContinue = true }, load.Request{Body: []byte("b")}, plain, "GET / HTTP/1.1\r\nHost: example.com\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\nb", 78},
		{"expect without body", func(c *Config) { c.ExpectContinue = true }, load.Request{Hold: 7}, plain, "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n", 0},
		{"expect said already", func(c *Config) { c.ExpectContinue = true }, load.Request{Header: fields("expect:  100-Continue"), Body: []byte("b")}, plain, "GET / HTTP/1.1\r\nHost: example.com\r\nexpect:  100-Continue\r\nContent-Length: 1\r\n\r\nb", 79},
		{"own expect", nil, load.Request{Header: fields("Expect: 100-continue"), Body: []byte("b")}, plain, "GET / HTTP/1.1\r\nHost: example.com\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nb", 78},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := newCodec(t, c.change).AppendRequest([]byte("before"), &c.req, &c.target)
			if err != nil || string(got) != "before"+c.want {
				t.Fatalf("got  %q, %v\nwant %q", got, err, "before"+c.want)
			}
			if c.req.Hold != c.hold {
				t.Errorf("hold %d, want %d", c.req.Hold, c.hold)
			}
		})
	}
}

func TestAppendRequestRefuses(t *testing.T) {
	for _, c := range []struct {
		req  load.Request
		want string // the beginning of the message
	}{
		{load.Request{Method: []byte("GE T")}, `transport/http1: method "GE T": want letters`},
		{load.Request{Method: []byte("GET\r\n")}, `transport/http1: method "GET\r\n": `},
		{load.Request{URI: []byte("/a b")}, `transport/http1: URI "/a b": it holds a space or a control byte; write it as %20`},
		{load.Request{URI: []byte("/a\tb")}, `transport/http1: URI "/a\tb": it holds`},
		{load.Request{URI: []byte("/ HTTP/1.1\r\nX: y")}, `transport/http1: URI "/ HTTP/1.1\r\nX: y": it holds`},
		{load.Request{URI: []byte("/\x7f")}, `transport/http1: URI "/\x7f": it holds`},
		{load.Request{URI: []byte("/\x00" + strings.Repeat("x", 100))}, `transport/http1: URI "/\x00` + strings.Repeat("x", 78) + `"…: it holds`},
		{load.Request{URI: []byte("a/b")}, `transport/http1: URI "a/b": want a path that begins with "/"`},
		{load.Request{URI: []byte("://b")}, `transport/http1: URI "://b": want a path`},
		{load.Request{URI: []byte("*")}, `transport/http1: URI "*": want a path`},
		{load.Request{Method: []byte("CONNECT")}, `transport/http1: URI "": CONNECT wants host:port`},
		{load.Request{Method: []byte("CONNECT"), URI: []byte("/")}, `transport/http1: URI "/": CONNECT wants host:port`},
		{load.Request{Header: fields("a: b", ": x")}, `transport/http1: header name "": want`},
		{load.Request{Header: fields("a b: x")}, `transport/http1: header name "a b": want`},
		{load.Request{Header: fields("a\r\nb: x")}, `transport/http1: header name "a\r\nb": want`},
		{load.Request{Header: fields("X: a\r\nY: b")}, `transport/http1: value of header X "a\r\nY: b": it holds a control byte`},
		{load.Request{Header: fields("X: a\x00")}, `transport/http1: value of header X "a\x00": it holds`},
		{load.Request{Header: fields("Host: a", "host: b")}, `transport/http1: second Host header "b": want one`},
		{load.Request{Header: fields("Content-Length: 5"), Body: []byte("body")}, `transport/http1: header Content-Length "5": the body has 4 bytes; leave the header out`},
		{load.Request{Header: fields("Content-Length: 4", "Content-Length: 4"), Body: []byte("body")}, `transport/http1: header Content-Length "4": `},
		{load.Request{Header: fields("Content-Length: x")}, `transport/http1: header Content-Length "x": `},
		{load.Request{Header: fields("transfer-encoding: chunked")}, `transport/http1: header Transfer-Encoding "chunked": bodies are sent with a Content-Length`},
	} {
		got, err := newCodec(t, nil).AppendRequest([]byte("before"), &c.req, &load.Target{Host: "h", Port: 80})
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("error %v, want %s…", err, c.want)
		}
		if string(got) != "before" {
			t.Errorf("%s: dst became %q", c.want, got)
		}
	}
}
