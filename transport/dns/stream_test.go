package dns

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/miekg/dns"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
)

// framed puts the length before a message.
func framed(msg []byte) []byte {
	return append(binary.BigEndian.AppendUint16(nil, uint16(len(msg))), msg...)
}

// outcome is all that a connection's owner learns of an answer.
type outcome struct {
	resp load.Response
	n    int
	done bool
	err  error
}

func (o outcome) String() string {
	return fmt.Sprintf("%q, status %d, body %d, close %v; n %d, done %v, %v", o.resp.Content, o.resp.Status, o.resp.Body, o.resp.Close, o.n, o.done, o.err)
}

// feed hands an answer to a fresh connection's first request as an engine would, cut before the given offsets; apart says that the
// end of the connection is told in a call of its own.
func feed(tb testing.TB, answer []byte, apart bool, cuts ...int) outcome {
	o := outcome{resp: load.Response{Keep: 1000}}
	conn := newCodec(tb, nil).NewConn()
	wire := make([]byte, 20)
	conn.(transport.Stamper).Stamp(wire, &load.Request{})
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

// streamed are answers to the first request of a connection.
func streamed(tb testing.TB) map[string]struct {
	in   []byte
	want error
} {
	whole := framed(reply(tb, 1, func(m *dns.Msg) { m.Answer = append(m.Answer, rr(tb, "www.example. 300 IN A 192.0.2.1")) }))
	all := map[string]struct {
		in   []byte
		want error
	}{
		"whole":                    {whole, nil},
		"whole and more":           {append(slices.Clip(whole), "more"...), nil},
		"nothing":                  {nil, transport.ErrEarlyClose},
		"half a length":            {whole[:1], transport.ErrEarlyClose},
		"a length":                 {whole[:2], transport.ErrEarlyClose},
		"half a header":            {whole[:8], transport.ErrEarlyClose},
		"not quite":                {whole[:len(whole)-1], transport.ErrEarlyClose},
		"too short":                {framed(whole[2:13]), ErrShort},
		"another id":               {framed(reply(tb, 2, nil)), ErrID},
		"another protocol":         {[]byte("HTTP/1.1 400 Bad Request\r\n\r\n"), ErrID},
		"a question, cut off":      {framed(reply(tb, 1, func(m *dns.Msg) { m.Response = false }))[:14], ErrQuery},
		"length of half a message": {append([]byte{0, 20}, whole[2:]...), ErrRecords},
	}
	for name, m := range malformed(tb) {
		if len(m.msg) >= headerLen {
			all["datagram, "+name] = struct {
				in   []byte
				want error
			}{framed(m.msg), m.want}
		}
	}
	return all
}

// TestStream gives each answer whole, cut once at every place and byte by byte, with the end at once or apart.
func TestStream(t *testing.T) {
	for name, c := range streamed(t) {
		whole := feed(t, c.in, false)
		if !errors.Is(whole.err, c.want) || whole.resp.Close != (c.want != nil) {
			t.Errorf("%s: %v, want %v", name, whole, c.want)
		}
		if c.want == nil && (whole.n != 2+int(binary.BigEndian.Uint16(c.in)) || string(whole.resp.Content) != "www.example. 300 IN A 192.0.2.1\n") {
			t.Errorf("%s: %v", name, whole)
		}
		bytewise := make([]int, len(c.in))
		for i := range bytewise {
			bytewise[i] = i
			for _, cuts := range [][]int{{i}, bytewise[:i+1]} {
				if got := feed(t, c.in, i%2 == 0, cuts...); got.String() != whole.String() {
					t.Errorf("%s, cuts %v: %v, want %v", name, cuts, got, whole)
				}
			}
		}
	}
}

// Requests that were sent before their predecessors had their answers have ids of their own, over and over again.
func TestPipelined(t *testing.T) {
	codec := newCodec(t, nil)
	conn, resp := codec.NewConn(), &load.Response{}
	wire, err := codec.AppendRequest(nil, &load.Request{Body: []byte("www.example")}, overTCP)
	if err != nil {
		t.Fatal(err)
	}
	var src []byte
	for round := range 1<<16 + 10 {
		for range 2 {
			conn.(transport.Stamper).Stamp(wire, &load.Request{})
			answer := append([]byte(nil), wire...)
			answer[prefixLen+2] |= 0x80 // the question as its own answer
			src = append(src, answer...)
		}
		for range 2 {
			conn.Start(&load.Request{})
			n, done, err := conn.Parse(src, false, resp)
			if !done || err != nil {
				t.Fatalf("round %d: n %d, done %v, %v", round, n, done, err)
			}
			src = src[:copy(src, src[n:])]
		}
	}
	if _, _, err := conn.Parse([]byte("x"), false, resp); !errors.Is(err, ErrID) {
		t.Errorf("bytes that nobody asked for: %v", err)
	}
}

// FuzzStream: a declared error or a whole answer, the same whatever the cuts.
func FuzzStream(f *testing.F) {
	for _, c := range streamed(f) {
		f.Add(c.in, uint64(1))
	}
	f.Fuzz(func(t *testing.T, answer []byte, seed uint64) {
		whole := feed(t, answer, false)
		var bad *transport.Malformed
		if whole.err != nil && !errors.Is(whole.err, transport.ErrEarlyClose) && !errors.As(whole.err, &bad) {
			t.Fatalf("%x: undeclared error %v", answer, whole.err)
		}
		random := rand.New(rand.NewPCG(seed, 0))
		cuts := make([]int, random.IntN(8))
		for i := range cuts {
			cuts[i] = random.IntN(len(answer) + 1)
		}
		slices.Sort(cuts)
		if got := feed(t, answer, seed&1 == 0, cuts...); got.String() != whole.String() {
			t.Fatalf("%x, cuts %v:\ngot  %v\nwant %v", answer, cuts, got, whole)
		}
	})
}
