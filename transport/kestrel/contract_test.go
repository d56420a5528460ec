package kestrel_test

import (
	"bytes"
	"fmt"
	"strconv"
	"testing"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
	"github.com/iagoloadgen/iago/transport/kestrel"
	"github.com/iagoloadgen/iago/transport/transporttest"
)

// cut finds the end of a command: that of its line, and of the item behind set.
func cut(b []byte) (int, error) {
	end := bytes.IndexByte(b, '\n') + 1
	if end == 0 || !bytes.HasPrefix(b, []byte("set ")) {
		return end, nil
	}
	size, err := strconv.Atoi(string(bytes.Fields(b[:end])[4]))
	if err != nil || len(b) < end+size+2 {
		return 0, err
	}
	return end + size + 2, nil
}

// respond answers get with the queue's name and size bytes more, and set with its word.
func respond(dst, request []byte, size int) []byte {
	line, _, _ := bytes.Cut(request, []byte("\r\n"))
	words := bytes.Fields(line)
	if string(words[0]) == "set" {
		return append(dst, "STORED\r\n"...)
	}
	name, _, _ := bytes.Cut(words[1], []byte("/"))
	return fmt.Appendf(dst, "VALUE %s 0 %d\r\n%s%s\r\nEND\r\n", name, len(name)+size, name, bytes.Repeat([]byte("x"), size))
}

func TestContract(t *testing.T) {
	transporttest.Run(t, transporttest.Subject{
		Config:  func() transport.Config { return kestrel.NewConfig() },
		Scheme:  "kestrel",
		Request: func(req *load.Request, i int) { req.Body = fmt.Appendf(nil, "get queue_%06d/t=10/close/open", i) },
		Cut:     cut,
		Answer:  func(dst, request []byte) []byte { return respond(dst, request, 0) },
		Match: func(req *load.Request, resp *load.Response) bool {
			words := bytes.Fields(req.Body[:min(len(req.Body), 100)])
			name, _, _ := bytes.Cut(words[1], []byte("/"))
			return string(words[0]) == "set" && len(resp.Content) == 0 || bytes.HasPrefix(resp.Content, name)
		},
		Garbage: [][]byte{
			[]byte("HTTP/1.1 400 Bad Request\r\n\r\n"), []byte("VALUE another 0 1\r\nx\r\nEND\r\n"), []byte("VALUE queue_000000 0 many\r\n"),
			append(make([]byte, 100), "\r\n"...), bytes.Repeat([]byte("x"), 10<<10),
		},
		Refused: []*load.Request{{}, {Body: []byte("got a")}, {Body: []byte("get")}, {Body: []byte("get a/abort/peek")}},
		Large: func(req *load.Request, i, size int) {
			req.Body = fmt.Appendf(nil, "set queue_%06d 0 0 %s", i, bytes.Repeat([]byte("x"), size))
		},
		LargeAnswer: respond,
		Limit:       func(c transport.Config, size int64) { c.(*kestrel.Config).ValueLimit = size },
	})
}
