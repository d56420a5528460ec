package redis

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
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

func request(line string) *load.Request { return &load.Request{Body: []byte(line)} }

// outcome is all that a connection's owner learns of an answer.
type outcome struct {
	resp load.Response
	n    int // bytes consumed
	done bool
	err  error
}

func (o outcome) String() string {
	return fmt.Sprintf("status %d, body %d, head %d, close %v, to %d %q; n %d, done %v, %v; %q",
		o.resp.Status, o.resp.Body, o.resp.HeaderLen, o.resp.Close, o.resp.Redirect, o.resp.RedirectPrefix, o.n, o.done, o.err, o.resp.Content)
}

// is compares outcomes; those with an error in what matters then.
func (o outcome) is(w outcome) bool {
	if o.err != nil || w.err != nil {
		return errors.Is(o.err, w.err) && o.done == w.done && o.resp.Close && w.resp.Close
	}
	return o.String() == w.String()
}

// feed hands an answer to conn as an engine would, cut before the given offsets, which ascend; apart says that the end of the
// connection is told in a call of its own. What conn has consumed, or was shown in an earlier call, is gone for it.
func feed(tb testing.TB, keep int64, conn transport.Conn, req *load.Request, answer []byte, apart bool, cuts ...int) outcome {
	tb.Helper()
	o := outcome{resp: load.Response{Keep: keep}}
	buf := make([]byte, len(answer))
	parse := func(to int, eof bool) {
		if o.done || o.err != nil {
			return
		}
		src := buf[o.n:to]
		copy(src, answer[o.n:to])
		var n int
		n, o.done, o.err = conn.Parse(src, eof, &o.resp)
		clear(src)
		if n < 0 || n > len(src) {
			tb.Fatalf("%q, cuts %v: n %d of %d", answer, cuts, n, len(src))
		}
		o.n += n
	}
	conn.Start(req)
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

func randomCuts(r *rand.Rand, n int) []int {
	cuts := make([]int, r.IntN(6))
	for i := range cuts {
		cuts[i] = r.IntN(n + 1)
	}
	slices.Sort(cuts)
	return cuts
}
