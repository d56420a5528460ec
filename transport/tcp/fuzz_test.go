package tcp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/iagoloadgen/iago/transport"
)

// plain finds the content of the answer that in begins with the slow and obvious way; ok is false where it has no end or is refused.
func plain(c *codec, in []byte) (content []byte, ok bool) {
	limit := int(c.limit)
	switch {
	case c.silence > 0:
		return in, len(in) > 0 && len(in) <= limit
	case c.size > 0:
		return in[:min(len(in), int(c.size))], len(in) >= int(c.size) && int(c.size) <= limit
	case c.length.Offset > 0:
		head := c.length.Offset + c.length.Size
		if len(in) < head {
			return nil, false
		}
		n := int64(binary.LittleEndian.Uint16(in[c.length.Offset:])) + c.length.Adjust
		if n < 0 || int64(head)+n > int64(limit) || int64(len(in)) < int64(head)+n {
			return nil, false
		}
		return in[:int64(head)+n], true
	}
	content, _, ok = bytes.Cut(in, c.delimiter)
	return content, ok && len(content) <= limit
}

// FuzzParse: no panic, no progress beyond the input, a declared error or the answer that the obvious way finds, the same whatever
// the cuts and on a used connection.
func FuzzParse(f *testing.F) {
	for i, a := range answers {
		f.Add([]byte(a.in), uint64(i), uint8(i), []byte(`\n`))
	}
	f.Add([]byte("aaaabab"), uint64(1), uint8(0), []byte("aab"))
	f.Fuzz(func(t *testing.T, answer []byte, seed uint64, how uint8, delimiter []byte) {
		if len(delimiter) == 0 || len(delimiter) > maxDelimiter || bytes.IndexByte(delimiter, '\\') >= 0 {
			delimiter = []byte("\r\n")
		}
		changes := []func(*Config){
			delimited(string(delimiter)),
			announced(1+int(how>>4), 2, "little", int64(how>>2)-20),
			framing("fixed", func(a *Answer) { a.Size = 1 + int64(how) }),
			framing("silence", nil),
		}
		codec := newCodec(t, changes[how%4]).(*codec)
		conn := codec.NewConn()
		whole := feed(t, conn, 1000, answer, false)
		var malformed *transport.Malformed
		if whole.err != nil && !errors.Is(whole.err, transport.ErrEarlyClose) && !errors.As(whole.err, &malformed) {
			t.Fatalf("%q: undeclared error %v", answer, whole.err)
		}
		content, ok := plain(codec, answer)
		if ok != whole.done || ok && !bytes.Equal(whole.resp.Content, content) {
			t.Fatalf("%q is %v; want %q, %v", answer, whole, content, ok)
		}
		random := rand.New(rand.NewPCG(seed, 0))
		cuts := make([]int, random.IntN(6))
		for i := range cuts {
			cuts[i] = random.IntN(len(answer) + 1)
		}
		slices.Sort(cuts)
		for _, at := range [][]int{cuts, everyByte(len(answer))} {
			if got := feed(t, conn, 1000, answer, how&4 != 0, at...); got.String() != whole.String() {
				t.Fatalf("%q, cuts %v:\ngot  %v\nwant %v", answer, at, got, whole)
			}
		}
	})
}
