package http1_test

import (
	"bytes"
	"fmt"
	"strconv"
	"testing"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
	"github.com/iagoloadgen/iago/transport/http1"
	"github.com/iagoloadgen/iago/transport/transporttest"
)

// cutHTTP finds the end of a request: that of its header, and as many bytes as it announces.
func cutHTTP(b []byte) (int, error) {
	end := bytes.Index(b, []byte("\r\n\r\n")) + 4
	if end < 4 {
		return 0, nil
	}
	if _, length, ok := bytes.Cut(b[:end], []byte("Content-Length: ")); ok {
		digits, _, _ := bytes.Cut(length, []byte("\r\n"))
		n, err := strconv.Atoi(string(digits))
		if err != nil {
			return 0, err
		}
		end += n
	}
	if end > len(b) {
		return 0, nil
	}
	return end, nil
}

// pathOf is what a request asks for.
func pathOf(request []byte) []byte {
	line, _, _ := bytes.Cut(request, []byte("\r\n"))
	return bytes.Fields(line)[1]
}

func answer(dst, content []byte) []byte {
	dst = fmt.Appendf(dst, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n", len(content))
	return append(dst, content...)
}

// chunked answers in two chunks.
func chunked(dst, request []byte) []byte {
	return fmt.Appendf(dst, "HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n/\r\n%x\r\n%s\r\n0\r\n\r\n", len(pathOf(request))-1, pathOf(request)[1:])
}

func TestContract(t *testing.T) {
	subject := transporttest.Subject{
		Config:  func() transport.Config { return http1.NewConfig() },
		Scheme:  "http",
		Request: func(req *load.Request, i int) { req.URI = fmt.Appendf(nil, "/number/%06d", i) },
		Cut:     cutHTTP,
		Answer:  func(dst, request []byte) []byte { return answer(dst, pathOf(request)) },
		Match: func(req *load.Request, resp *load.Response) bool {
			return bytes.HasPrefix(resp.Content, req.URI)
		},
		Garbage: [][]byte{
			[]byte("SSH-2.0-OpenSSH_9.6\r\n"), []byte("HTTP/2.0 200 OK\r\n\r\n"), []byte("HTTP/1.1 20 OK\r\n\r\n"),
			[]byte("HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n"), bytes.Repeat([]byte{0}, 1000),
			append([]byte("HTTP/1.1 200 OK\r\nX: "), bytes.Repeat([]byte("x"), 100<<10)...),
		},
		Refused: []*load.Request{{URI: []byte("/a b")}, {URI: []byte("/"), Header: []load.Field{{Name: []byte("a:"), Value: []byte("b")}}}},
		Large: func(req *load.Request, i, size int) {
			req.Method, req.URI, req.Body = []byte("POST"), fmt.Appendf(nil, "/number/%06d", i), make([]byte, size)
		},
		LargeAnswer: func(dst, request []byte, size int) []byte {
			return answer(dst, append(bytes.Clone(pathOf(request)), make([]byte, size)...))
		},
		Limit: func(c transport.Config, size int64) { c.(*http1.Config).BodyLimit = size },
	}
	t.Run("length", func(t *testing.T) { transporttest.Run(t, subject) })
	subject.Answer = chunked
	t.Run("chunked", func(t *testing.T) { transporttest.Run(t, subject) })
}
