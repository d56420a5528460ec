package memcached

import (
	"bytes"
	"strconv"
	"strings"
	"testing"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport/internal/memtext/memtexttest"
)

// FuzzParse: no panic, no progress beyond the input, a declared error or a whole answer, the same whatever the cuts.
func FuzzParse(f *testing.F) {
	for _, a := range answers {
		in, rest, _ := strings.Cut(a.in, "|")
		f.Add(a.line, []byte(in+rest), uint16(len(in)/2), uint16(len(in)))
	}
	f.Fuzz(func(t *testing.T, line string, answer []byte, a, b uint16) {
		codec := newCodec(t, limited)
		req := body(line)
		if _, err := codec.AppendRequest(nil, req, nil); err != nil || req.OneWay {
			return
		}
		conn := codec.NewConn()
		whole := memtexttest.Feed(t, 64, conn, req, answer)
		bytewise := make([]int, len(answer))
		for i := range bytewise {
			bytewise[i] = i
		}
		two := []int{min(int(a), int(b), len(answer)), min(max(int(a), int(b)), len(answer))}
		for _, cuts := range [][]int{bytewise, two, two[:1]} {
			if got := memtexttest.Feed(t, 64, conn, req, answer, cuts...); got.String() != whole.String() {
				t.Fatalf("%q, %q, cuts %v:\ngot  %v\nwant %v", line, answer, cuts, got, whole)
			}
		}
		if whole.Done && (whole.Resp.Body+whole.Resp.HeaderLen != int64(whole.N) || codec.StatusName(whole.Resp.Status) == "" || whole.Resp.Status == sent) {
			t.Fatalf("%q, %q: %v", line, answer, whole)
		}
	})
}

// FuzzAppendRequest: what is not refused is one command by the strictest reading, with at most a no-op behind it; sent as it
// stands once more, it is the same.
func FuzzAppendRequest(f *testing.F) {
	for _, c := range requests {
		f.Add(c.req.Method, c.req.URI, c.req.Body, c.req.Key, uint8(0))
		f.Add(c.req.Method, c.req.URI, c.req.Body, []byte("k"), uint8(3))
	}
	f.Fuzz(func(t *testing.T, method, uri, text, key []byte, how uint8) {
		codec := newCodec(t, func(c *Config) {
			limited(c)
			c.NoReply, c.ValueSize = how&1 != 0, int64(how&2)
		})
		req := &load.Request{Method: method, URI: uri, Body: text, Key: key}
		wire, err := codec.AppendRequest([]byte("kept"), req, nil)
		if err != nil {
			if string(wire) != "kept" || !strings.HasPrefix(err.Error(), "transport/memcached: ") {
				t.Fatalf("dst %q with error %v", wire, err)
			}
			return
		}
		wire = wire[len("kept"):]
		size := readCommand(t, wire, req.OneWay)
		again := &load.Request{Body: wire[:size]}
		if got, err := codec.AppendRequest(nil, again, nil); bytes.HasPrefix(wire, []byte("ms ")) && bytes.HasSuffix(wire, []byte(" 0\r\n\r\n")) {
			return // no longer told from a line without data
		} else if err != nil || !bytes.Equal(got, wire) || again.OneWay != req.OneWay {
			t.Fatalf("%q again is %q, %v", wire, got, err)
		}
	})
}

// readCommand reads wire as a server does: a line of words with one space between them, and the data that it announces. It returns
// the length of both.
func readCommand(t *testing.T, wire []byte, oneWay bool) int {
	line, rest, found := bytes.Cut(wire, []byte("\r\n"))
	words := strings.Split(string(line), " ")
	for _, w := range words {
		if w == "" || len(w) > 250 && len(words) > 1 && w == words[1] || strings.ContainsFunc(w, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			t.Fatalf("%q: word %q", wire, w)
		}
	}
	size, data := len(line)+2, -1
	switch words[0] {
	case "set", "add", "replace", "append", "prepend", "cas":
		data, _ = strconv.Atoi(words[4])
	case "ms":
		data, _ = strconv.Atoi(words[2])
	}
	if data >= 0 {
		if data > 1000 || len(rest) < data+2 || string(rest[data:data+2]) != "\r\n" {
			t.Fatalf("%q: %d bytes of data are announced", wire, data)
		}
		size, rest = size+data+2, rest[data+2:]
	}
	quiet := false
	if len(words[0]) == 2 {
		for _, w := range words[1:] {
			quiet = quiet || w[0] == 'q' && w != words[1]
		}
	}
	if !found || len(rest) > 0 && (!quiet || string(rest) != "mn\r\n") {
		t.Fatalf("%q: %q is behind the command", wire, rest)
	}
	if last := words[len(words)-1] == "noreply"; oneWay && !last {
		t.Fatalf("%q: one way %v", wire, oneWay)
	}
	return size
}
