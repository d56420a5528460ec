// Package memtexttest hands answers to the codecs under test, cut in every way.
package memtexttest

import (
	"errors"
	"fmt"
	"testing"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
)

// Outcome is all that a connection's owner learns of an answer.
type Outcome struct {
	Resp load.Response
	N    int // bytes consumed
	Done bool
	Err  error
}

func (o Outcome) String() string {
	return fmt.Sprintf("status %d, body %d, lines %d, close %v, header %q, content %q; n %d, done %v, %v",
		o.Resp.Status, o.Resp.Body, o.Resp.HeaderLen, o.Resp.Close, o.Resp.Header, o.Resp.Content, o.N, o.Done, o.Err)
}

// Feed hands an answer to conn as an engine would, cut before the given offsets, which ascend; then it tells of the end. What conn
// has consumed, or was shown in an earlier call, is gone for it.
func Feed(tb testing.TB, keep int64, conn transport.Conn, req *load.Request, answer []byte, cuts ...int) Outcome {
	tb.Helper()
	o := Outcome{Resp: load.Response{Keep: keep}}
	buf := make([]byte, len(answer))
	parse := func(to int, eof bool) {
		if o.Done || o.Err != nil {
			return
		}
		src := buf[o.N:to]
		copy(src, answer[o.N:to])
		var n int
		n, o.Done, o.Err = conn.Parse(src, eof, &o.Resp)
		clear(src)
		if n < 0 || n > len(src) {
			tb.Fatalf("%q, cuts %v: n %d of %d", answer, cuts, n, len(src))
		}
		o.N += n
	}
	conn.Start(req)
	for _, cut := range cuts {
		parse(cut, false)
	}
	parse(len(answer), len(cuts)%2 == 0)
	parse(len(answer), true)
	if o.Done == (o.Err != nil) {
		tb.Fatalf("%q, cuts %v: done %v and error %v", answer, cuts, o.Done, o.Err)
	}
	var malformed *transport.Malformed
	if o.Err != nil && !errors.Is(o.Err, transport.ErrEarlyClose) && !errors.As(o.Err, &malformed) {
		tb.Fatalf("%q, cuts %v: undeclared error %v", answer, cuts, o.Err)
	}
	return o
}

// Whole is Feed in one piece; cutting the answer anywhere, or everywhere, must change nothing, nor must a used connection.
func Whole(tb testing.TB, keep int64, conn transport.Conn, req *load.Request, answer []byte) Outcome {
	tb.Helper()
	whole := Feed(tb, keep, conn, req, answer)
	same := func(cuts ...int) {
		if got := Feed(tb, keep, conn, req, answer, cuts...); got.String() != whole.String() {
			tb.Fatalf("%.200q, cuts %v:\ngot  %v\nwant %v", answer, cuts, got, whole)
		}
	}
	all := make([]int, len(answer))
	for i := range answer {
		all[i] = i
		if len(answer) < 2000 || i%97 == 0 {
			same(i)
		}
	}
	same(all...)
	return whole
}
