package counting

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// requests reads heads and bodies until something is wrong or the input ends.
func requests(in io.Reader) (heads []string, err error) {
	b := bufio.NewReaderSize(in, headLimit)
	for {
		raw, err := peekHead(b)
		if err != nil {
			return heads, err
		}
		h, err := parseHead(raw)
		if err != nil {
			return heads, err
		}
		heads = append(heads, string(raw))
		if _, err := b.Discard(len(raw)); err != nil {
			return heads, err
		}
		if err := skipBody(b, h); err != nil {
			return heads, err
		}
	}
}

const get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

func TestRequests(t *testing.T) {
	for _, c := range []struct {
		name, in string
		n        int
		err      string // part of it
	}{
		{"nothing", "", 0, "EOF"},
		{"one", get, 1, "EOF"},
		{"pipelined", strings.Repeat(get, 1000), 1000, "EOF"},
		{"with a body", "POST / HTTP/1.1\r\ncontent-length: 4\r\n\r\nabcd" + get, 2, "EOF"},
		{"chunked", "POST / HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n4\r\nabcd\r\n0\r\nTrailer: x\r\n\r\n" + get, 2, "EOF"},
		{"broken off in a head", get + "GET / HT", 1, "unexpected EOF"},
		{"broken off in a body", "POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\nab", 1, "EOF"},
		{"no request", "\x16\x03\x01 hello there\r\n\r\n", 0, "expected METHOD TARGET"},
		{"no field", "GET / HTTP/1.1\r\nHost\r\n\r\n", 0, "expected Name: value"},
		{"length", "GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 0, "content-length"},
		{"coding", "GET / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 0, "only chunked"},
		{"too long", "GET / HTTP/1.1\r\nA: " + strings.Repeat("a", headLimit), 0, "longer than"},
	} {
		for name, in := range map[string]io.Reader{"whole": strings.NewReader(c.in), "byte by byte": iotest.OneByteReader(strings.NewReader(c.in))} {
			heads, err := requests(in)
			if len(heads) != c.n || err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s, %s: %d requests, %v; expected %d, %s", c.name, name, len(heads), err, c.n, c.err)
			}
		}
	}
}

func TestTags(t *testing.T) {
	const head = "GET /a?x=1&worker=w-7&worker=2 HTTP/1.1\r\nHost: a\r\nx-worker:  w 3 \r\n\r\n"
	for _, c := range []struct {
		tag        func([]byte) []byte
		head, want string
	}{
		{HeaderTag("X-Worker"), head, "w 3"},
		{HeaderTag("X-Other"), head, ""},
		{QueryTag("worker"), head, "w-7"},
		{QueryTag("work"), head, ""},
		{QueryTag("worker"), get, ""},
		{WholeTag, "w1", "w1"},
	} {
		if got := string(c.tag([]byte(c.head))); got != c.want {
			t.Errorf("%q, expected %q", got, c.want)
		}
	}
}

// FuzzRequests: no panic, and the pieces in which bytes come do not matter.
func FuzzRequests(f *testing.F) {
	f.Add(get + get)
	f.Add("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\n" + get)
	f.Add("POST / HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\nab")
	f.Fuzz(func(t *testing.T, in string) {
		whole, errWhole := requests(strings.NewReader(in))
		split, errSplit := requests(iotest.OneByteReader(strings.NewReader(in)))
		if len(whole) != len(split) || errors.As(errWhole, new(malformed)) != errors.As(errSplit, new(malformed)) {
			t.Fatalf("whole: %q, %v; byte by byte: %q, %v", whole, errWhole, split, errSplit)
		}
		read := 0
		for i, h := range whole {
			if h != split[i] || !strings.HasSuffix(h, "\r\n\r\n") {
				t.Fatalf("heads %q and %q", h, split[i])
			}
			read += len(h)
			HeaderTag("A")([]byte(h))
			QueryTag("a")([]byte(h))
		}
		if read > len(in) {
			t.Fatalf("read %d of %d bytes", read, len(in))
		}
	})
}
