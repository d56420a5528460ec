package thrift

import (
	"errors"
	"testing"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
	"github.com/iagoloadgen/iago/transport/thrift/idl"
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

// outcome is all that Parse says of an answer.
type outcome struct {
	status  string
	content string
	body    int64
	head    int64
	n       int
	err     error
}

// feed starts req and parses answer in pieces that end at cuts, with the end of the connection behind it.
func feed(tb testing.TB, c transport.Conn, req *load.Request, answer []byte, cuts ...int) outcome {
	tb.Helper()
	resp := &load.Response{Keep: 1 << 20}
	c.Start(req)
	taken := 0
	for i, end := range append(cuts, len(answer), len(answer)) {
		eof := i == len(cuts)+1
		n, done, err := c.Parse(answer[taken:end:end], eof, resp)
		if n < 0 || n > end-taken {
			tb.Fatalf("%d of %d bytes taken", n, end-taken)
		}
		if taken += n; done || err != nil {
			got := outcome{content: string(resp.Content), body: resp.Body, head: resp.HeaderLen, n: taken, err: err}
			if err != nil { // where in a broken answer it was noticed may differ
				got = outcome{err: err}
			} else {
				got.status = statusOf(c, resp.Status)
			}
			if resp.Close != (err != nil) {
				tb.Fatalf("close %v with error %v", resp.Close, err)
			}
			return got
		}
	}
	tb.Fatalf("%q: neither an answer nor an error", answer)
	return outcome{}
}

func statusOf(c transport.Conn, status int) string {
	switch c := c.(type) {
	case *conn:
		return c.codec.StatusName(status)
	case *upgradeConn:
		return c.codec.StatusName(status)
	}
	return ""
}

var stringType = &idl.Type{Kind: idl.KindString, Name: "string"}

func declared(err error) bool {
	var m *transport.Malformed
	return errors.Is(err, transport.ErrEarlyClose) || errors.As(err, &m)
}

func everyByte(n int) []int {
	cuts := make([]int, n)
	for i := range cuts {
		cuts[i] = i
	}
	return cuts
}
