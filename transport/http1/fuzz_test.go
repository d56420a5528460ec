package http1

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
)

// FuzzParse: no panic, no progress beyond the input, a declared error or a whole answer, the same whatever the cuts and
// on a used connection, and the verdict of net/http but for the listed differences.
func FuzzParse(f *testing.F) {
	for i, a := range answers {
		f.Add([]byte(a.in), uint64(i), uint8(i))
	}
	for _, answer := range [][]byte{nginxAnswer, chunkedAnswer, bareAnswer, foldedAnswer, continueAnswer} {
		f.Add(answer, uint64(1), uint8(0))
	}
	methods := []string{"GET", "HEAD", "CONNECT"}
	f.Fuzz(func(t *testing.T, answer []byte, seed uint64, how uint8) {
		method := methods[int(how)%len(methods)]
		req := &load.Request{Method: []byte(method), Hold: int(how) & 4}
		change := func(*Config) {}
		if how&8 != 0 {
			change = limited
		}
		conn := newCodec(t, change).NewConn()
		whole := feed(t, conn, req, answer, false)
		var malformed *transport.Malformed
		if whole.err != nil && !errors.Is(whole.err, transport.ErrEarlyClose) && !errors.As(whole.err, &malformed) {
			t.Fatalf("%q: undeclared error %v", answer, whole.err)
		}
		cuts := randomCuts(rand.New(rand.NewPCG(seed, 0)), len(answer))
		if got := feed(t, conn, req, answer, how&16 != 0, cuts...); !got.is(whole) {
			t.Fatalf("%q, cuts %v:\ngot  %v\nwant %v", answer, cuts, got, whole)
		}
		if got := feed(t, conn, req, answer, how&16 != 0, everyByte(len(answer))...); !got.is(whole) {
			t.Fatalf("%q, bytewise:\ngot  %v\nwant %v", answer, got, whole)
		}
		if how&12 == 0 && len(answer) < 32<<10 { // no limits, none of ours reached, and nothing that net/http does not know of
			compare(t, method, answer, whole)
		}
	})
}

// FuzzAppendRequest: what is not refused is read by net/http as it was meant.
func FuzzAppendRequest(f *testing.F) {
	f.Add("GET", "/", "Accept", "*/*", "", "example.com", "/p", uint8(0))
	f.Add("POST", "?a=b", "Host", "other", "body", "::1", "", uint8(1))
	f.Add("", "", "X", " padded\t", "", "", "", uint8(2))
	f.Add("OPTIONS", "*", "Content-Length", "0", "", "h", "", uint8(3))
	f.Add("PUT", "http://example.com/x", "Expect", "100-continue", "x", "h", "", uint8(4))
	f.Add("CONNECT", "example.com:443", "Connection", "close", "", "h", "/p", uint8(5))
	f.Add("GET", "/a\r\nX: y", "A\r\n", "b\nC: d", "", "h", "", uint8(6))
	f.Add("PATCH", "/\xff", "Transfer-Encoding", "chunked", "x", "fe80::1%eth0", "", uint8(7))
	f.Fuzz(func(t *testing.T, method, uri, name, value, body, host, path string, how uint8) {
		target := &load.Target{Host: host, Port: 80 + int(how&1), Path: path}
		if u, err := url.Parse("http://[::1]" + path); err != nil || u.Path != path || !visible([]byte(host+path)) {
			return // a target is checked before it comes here
		}
		req := &load.Request{
			Method: []byte(method), URI: []byte(uri), Body: []byte(body),
			Header: []load.Field{{Name: []byte("X-First"), Value: []byte("1")}, {Name: []byte(name), Value: []byte(value)}},
		}
		codec := newCodec(t, func(c *Config) { c.KeepAlive, c.ExpectContinue = how&2 == 0, how&4 != 0 })
		prefix := []byte("kept")
		wire, err := codec.AppendRequest(prefix, req, target)
		if err != nil {
			if string(wire) != "kept" || !strings.HasPrefix(err.Error(), "transport/http1: ") {
				t.Fatalf("dst %q with error %v", wire, err)
			}
			return
		}
		checkRequest(t, req, wire[len(prefix):], how)
	})
}

// checkRequest reads wire with net/http and compares it with req, which has two headers.
func checkRequest(t *testing.T, req *load.Request, wire []byte, how uint8) {
	line, _, _ := bytes.Cut(wire, []byte("\r\n"))
	parts := strings.Split(string(line), " ")
	if len(parts) != 3 || parts[2] != "HTTP/1.1" {
		t.Fatalf("request line %q", line)
	}
	raw := parts[1]
	if parts[0] == "CONNECT" {
		raw = "http://" + raw
	}
	got, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(wire)))
	if _, badURL := url.ParseRequestURI(raw); badURL != nil {
		if err == nil {
			t.Fatalf("%q is read though its target is no URL", wire)
		}
		return // net/http takes no such target; others may
	}
	if err != nil {
		t.Fatalf("%q: %v", wire, err)
	}
	method := string(req.Method)
	if method == "" {
		method = "GET"
	}
	if got.Method != method || got.RequestURI != parts[1] || !strings.HasSuffix(parts[1], string(req.URI)) {
		t.Errorf("%q is read as %s %s", wire, got.Method, got.RequestURI)
	}
	if body, err := io.ReadAll(got.Body); err != nil || string(body) != string(req.Body) || got.ContentLength != int64(len(req.Body)) {
		t.Errorf("%q: body %q of %d, %v", wire, body, got.ContentLength, err)
	}
	for _, f := range req.Header {
		name, value := http.CanonicalHeaderKey(string(f.Name)), strings.Trim(string(f.Value), " \t")
		if name == "Host" {
			if got.URL.Host == "" && got.Host != value {
				t.Errorf("%q: host %q", wire, got.Host)
			}
		} else if !contains(got.Header[name], value) {
			t.Errorf("%q: %s is %q, want %q", wire, name, got.Header[name], value)
		}
	}
	if how&2 != 0 && !got.Close {
		t.Errorf("%q does not ask to close", wire)
	}
	expects := strings.EqualFold(got.Header.Get("Expect"), "100-continue")
	if how&4 != 0 && len(req.Body) > 0 && got.Header.Get("Expect") == "" {
		t.Errorf("%q expects nothing", wire)
	}
	if head := len(wire) - len(req.Body); expects && len(req.Body) > 0 && req.Hold != head || len(req.Body) == 0 && req.Hold != 0 {
		t.Errorf("%q: hold %d, head %d", wire, req.Hold, head)
	}
}

func contains(values []string, want string) bool {
	for _, v := range values {
		if strings.Trim(v, " \t") == want {
			return true
		}
	}
	return false
}
