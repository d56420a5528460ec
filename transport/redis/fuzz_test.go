package redis

import (
	"bytes"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/iagoloadgen/iago/transport"
)

// FuzzParse: no panic, no progress beyond the input, a declared error or a whole answer, the same whatever the cuts, kept or not,
// behind an ASKING or not, and JSON for aggregates.
func FuzzParse(f *testing.F) {
	for i, a := range answers {
		f.Add([]byte(a.in), uint64(i), uint8(i))
	}
	for i, s := range steady {
		f.Add([]byte(s.answer), uint64(i), uint8(i))
	}
	f.Fuzz(func(t *testing.T, answer []byte, seed uint64, how uint8) {
		req := request("GET k")
		conn := newCodec(t, func(c *Config) {
			if how&1 != 0 {
				c.AnswerLimit = 1000
			}
		}).NewConn()
		keep := int64(0)
		if how&2 != 0 {
			keep = 1 << 24
		}
		whole := feed(t, keep, conn, req, answer, false)
		var malformed *transport.Malformed
		if whole.err != nil && !errors.Is(whole.err, transport.ErrEarlyClose) && !errors.As(whole.err, &malformed) {
			t.Fatalf("%q: undeclared error %v", answer, whole.err)
		}
		cuts := randomCuts(rand.New(rand.NewPCG(seed, 0)), len(answer))
		if got := feed(t, keep, conn, req, answer, how&4 != 0, cuts...); !got.is(whole) {
			t.Fatalf("%q, cuts %v:\ngot  %v\nwant %v", answer, cuts, got, whole)
		}
		if got := feed(t, keep, conn, req, answer, how&4 != 0, everyByte(len(answer))...); !got.is(whole) {
			t.Fatalf("%q, bytewise:\ngot  %v\nwant %v", answer, got, whole)
		}
		conn.(transport.Prefixer).Prefixed(asking)
		behind := append([]byte("+OK\r\n"), answer...)
		got := feed(t, keep, conn, req, behind, false, cuts...)
		if got.n -= len("+OK\r\n"); !got.is(whole) {
			t.Fatalf("%q, behind an ASKING: got  %v\nwant %v", answer, got, whole)
		}
		// The first byte tells an aggregate where no attributes and pushes are before it.
		if whole.done && keep > 0 && bytes.IndexByte([]byte("*~%"), answer[0]) >= 0 && !strings.HasPrefix(string(answer), "*-1") && !json.Valid(whole.resp.Content) {
			t.Fatalf("%q: not JSON: %s", answer, whole.resp.Content)
		}
	})
}

// FuzzAppendRequest: what is not refused is a whole array on the wire, which comes out as it is when it is given as a request,
// and has the same label, key and end.
func FuzzAppendRequest(f *testing.F) {
	for _, l := range lines {
		f.Add([]byte(l.in))
	}
	f.Add([]byte("EVAL s 1 'k'"))
	f.Add([]byte("XREAD STREAMS a 0"))
	f.Fuzz(func(t *testing.T, line []byte) {
		codec := newCodec(t, nil)
		given := bytes.Clone(line)
		req := request(string(line))
		got, err := codec.AppendRequest([]byte("kept"), req, plainTarget)
		if !bytes.Equal(line, given) || !bytes.HasPrefix(got, []byte("kept")) {
			t.Fatalf("%q has become %q, dst %q", given, line, got)
		}
		codec.(transport.Labeler).Label(req)
		key, ok := firstKey(nil, line)
		if err != nil {
			if len(got) != len("kept") {
				t.Fatalf("%q: dst %q with %v", line, got, err)
			}
			return
		}
		got = got[len("kept"):]
		again, err := codec.AppendRequest(nil, request(string(got)), plainTarget)
		if err != nil || !bytes.Equal(again, got) {
			t.Fatalf("%q: %q and then %q, %v", line, got, again, err)
		}
		key2, ok2 := firstKey(nil, got)
		label := codec.(transport.Labeler)
		if ok != ok2 || !bytes.Equal(key, key2) || isQuit(line) != isQuit(got) || label.Label(request(string(got))) != label.Label(req) {
			t.Fatalf("%q: key %q %v; on the wire %q %v", line, key, ok, key2, ok2)
		}
	})
}
