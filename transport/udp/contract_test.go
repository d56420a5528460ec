package udp_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
	"github.com/iagoloadgen/iago/transport/transporttest"
	"github.com/iagoloadgen/iago/transport/udp"
)

func TestContractInOrder(t *testing.T) {
	transporttest.Run(t, transporttest.Subject{
		Config:  func() transport.Config { return udp.NewConfig() },
		Scheme:  "udp",
		Refused: []*load.Request{{}, {Body: make([]byte, 70_000)}},
	})
}

func TestContractByID(t *testing.T) {
	const from, size = 2, 4 // where the id stands
	transporttest.Run(t, transporttest.Subject{
		Config: func() transport.Config {
			c := udp.NewConfig()
			c.Answers, c.ID = "id", udp.ID{Offset: from, Size: size, Order: "little"}
			return c
		},
		Scheme:  "udp",
		Request: func(req *load.Request, i int) { req.Body = fmt.Appendf(nil, "id____ of request %06d", i) },
		Match: func(req *load.Request, resp *load.Response) bool {
			return len(resp.Content) >= len(req.Body) && bytes.Equal(resp.Content[from+size:len(req.Body)], req.Body[from+size:])
		},
		Garbage: [][]byte{[]byte("id"), []byte("id??????")},
		Refused: []*load.Request{{}, {Body: []byte("short")}},
		LargeAnswer: func(dst, request []byte, size int) []byte {
			return append(append(dst, request...), make([]byte, size)...)
		},
	})
}
