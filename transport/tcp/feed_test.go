package tcp

import (
	"fmt"
	"testing"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
)

// outcome is all that a connection's owner learns of an answer.
type outcome struct {
	resp load.Response
	n    int // bytes consumed
	done bool
	err  error
}

func (o outcome) String() string {
	return fmt.Sprintf("%q, status %d, body %d, close %v; n %d, done %v, %v", o.resp.Content, o.resp.Status, o.resp.Body, o.resp.Close, o.n, o.done, o.err)
}

// feed hands an answer to conn as an engine would, cut before the given offsets, which ascend; apart says that the end of the
// connection is told in a call of its own. What conn has consumed, or was shown in an earlier call, is gone for it.
func feed(tb testing.TB, conn transport.Conn, keep int64, answer []byte, apart bool, cuts ...int) outcome {
	o := outcome{resp: load.Response{Keep: keep}}
	parse := func(to int, eof bool) {
		if o.done || o.err != nil {
			return
		}
		src := append([]byte(nil), answer[o.n:to]...)
		var n int
		n, o.done, o.err = conn.Parse(src, eof, &o.resp)
		clear(src)
		if n < 0 || n > len(src) {
			tb.Fatalf("%q, cuts %v: n %d of %d", answer, cuts, n, len(src))
		}
		o.n += n
	}
	conn.Start(&load.Request{})
	for _, cut := range cuts {
		parse(cut, false)
	}
	parse(len(answer), !apart)
	if apart {
		parse(len(answer), true)
	}
	if o.done == (o.err != nil) {
		tb.Fatalf("%q, cuts %v: done %v and error %v", answer, cuts, o.done, o.err)
	}
	return o
}

// everyByte are the cuts of an answer that comes byte by byte.
func everyByte(n int) []int {
	cuts := make([]int, n)
	for i := range cuts {
		cuts[i] = i
	}
	return cuts
}
