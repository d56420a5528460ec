package tcp_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
	"github.com/iagoloadgen/iago/transport/tcp"
	"github.com/iagoloadgen/iago/transport/transporttest"
)

func limit(c transport.Config, size int64) { c.(*tcp.Config).AnswerLimit = size }

// A line is answered by the same line.
func TestContractWithLines(t *testing.T) {
	transporttest.Run(t, transporttest.Subject{
		Config: func() transport.Config {
			c := tcp.NewConfig()
			c.AnswerLimit = 1 << 20
			return c
		},
		Scheme:  "tcp",
		Garbage: [][]byte{bytes.Repeat([]byte("no end "), 200_000)},
		Limit:   limit,
	})
}

// A message begins with the length of what follows.
func TestContractWithLengths(t *testing.T) {
	message := func(content []byte) []byte {
		return append(binary.BigEndian.AppendUint32(nil, uint32(len(content))), content...)
	}
	transporttest.Run(t, transporttest.Subject{
		Config: func() transport.Config {
			c := tcp.NewConfig()
			c.Suffix, c.Answer.Framing = new(string), "length"
			return c
		},
		Scheme: "tcp",
		Request: func(req *load.Request, i int) {
			req.Body = message(fmt.Appendf(nil, "request %06d", i))
		},
		Cut: func(b []byte) (int, error) {
			if len(b) < 4 || len(b)-4 < int(binary.BigEndian.Uint32(b)) {
				return 0, nil
			}
			return 4 + int(binary.BigEndian.Uint32(b)), nil
		},
		Match: func(req *load.Request, resp *load.Response) bool {
			return len(resp.Content) >= 18 && bytes.Equal(resp.Content[4:18], req.Body[4:18])
		},
		Garbage: [][]byte{{0xff, 0xff, 0xff, 0xff}, []byte("HTTP/1.1 200 OK\r\n")},
		Refused: []*load.Request{{}},
		Large: func(req *load.Request, i, size int) {
			req.Body = message(append(fmt.Appendf(nil, "request %06d", i), make([]byte, size)...))
		},
		LargeAnswer: func(dst, request []byte, size int) []byte {
			return append(dst, message(append(request[4:18:18], make([]byte, size)...))...)
		},
		Limit: limit,
	})
}
