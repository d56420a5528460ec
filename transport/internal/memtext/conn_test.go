package memtext_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
	"github.com/iagoloadgen/iago/transport/internal/memtext"
	"github.com/iagoloadgen/iago/transport/internal/memtext/memtexttest"
)

// echo takes "V n" for a line that a value of n bytes follows, "L n" for one whose value ends the answer, "E" for the end, "T …" for text
// and anything else for nothing.
type echo struct{}

func (echo) Start(*load.Request) {}

func (echo) Line(line []byte, c *memtext.Conn) error {
	word, rest := memtext.Word(line)
	c.Field(word, rest)
	size, _ := memtext.Word(rest)
	switch string(word) {
	case "V":
		return c.Value(size)
	case "L":
		err := c.Value(size)
		if err == nil {
			c.End(3, true)
		}
		return err
	case "E":
		c.End(2, false)
	case "T":
		c.Text(rest)
	}
	return nil
}

const limit = 20

// read is what a whole answer means, told simply: with everything at hand and no thought of speed.
func read(all []byte, blanks bool) (n int, content []byte, status int, err error) {
	for first := true; ; first = false {
		i := bytes.IndexByte(all[n:], '\n')
		switch {
		case i < 0 && len(all)-n >= memtext.LineLimit, i+1 > memtext.LineLimit:
			return n, content, 0, memtext.ErrLineLimit
		case i < 0:
			return n, content, 0, transport.ErrEarlyClose
		case i == 0 || all[n+i-1] != '\r':
			return n, content, 0, memtext.ErrLineEnd
		}
		line := string(all[n : n+i-1])
		if strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return n, content, 0, memtext.ErrControl
		}
		if n += i + 1; line == "" && blanks && first {
			return again(all, n)
		}
		words := strings.FieldsFunc(line, func(r rune) bool { return r == ' ' })
		if len(words) == 0 {
			continue
		}
		switch words[0] {
		case "E":
			return n, content, 2, nil
		case "T":
			if len(content) > 0 {
				content = append(content, '\n')
			}
			content = append(content, strings.TrimLeft(line, " ")[1:]...)
		case "V", "L":
			if len(words) < 2 {
				return n, content, 0, memtext.ErrValueLine
			}
			size, ok := memtext.Number([]byte(words[1]), 1<<63-1)
			if !ok {
				return n, content, 0, memtext.ErrValueLine
			}
			if size > limit {
				return n, content, 0, memtext.ErrValueLimit
			}
			k := min(int(size), len(all)-n)
			content = append(content, all[n:n+k]...)
			switch n += k; {
			case bytes.HasPrefix(all[n:], []byte("\r\n")):
				n += 2
			case k < int(size), len(all) == n, string(all[n:]) == "\r":
				return n, content, 0, transport.ErrEarlyClose
			default:
				return n, content, 0, memtext.ErrValueEnd
			}
			if words[0] == "L" {
				return n, content, 3, nil
			}
		}
	}
}

// again goes on after an empty line that does not count.
func again(all []byte, n int) (int, []byte, int, error) {
	m, content, status, err := read(all[n:], true)
	return n + m, content, status, err
}

func compare(t *testing.T, all []byte, blanks bool) memtexttest.Outcome {
	t.Helper()
	got := memtexttest.Feed(t, 1<<30, memtext.NewConn(echo{}, limit, blanks), &load.Request{}, all)
	n, content, status, err := read(all, blanks)
	if got.N != n || string(got.Resp.Content) != string(content) || got.Resp.Body != int64(len(content)) || got.Resp.Status != status || !errors.Is(got.Err, err) || (err == nil) != got.Done {
		t.Fatalf("%q: %v; want n %d, content %q, status %d, %v", all, got, n, content, status, err)
	}
	if got.Resp.Close != (err != nil || status == 3) {
		t.Fatalf("%q: close %v", all, got.Resp.Close)
	}
	return got
}

var seeds = []string{
	"E\r\n", "V 3\r\nabc\r\nE\r\n", "L 0\r\n\r\nrest", "T a b\r\nT c\r\nE\r\n", "x\r\nV 20\r\n" + strings.Repeat("y", 20) + "\r\nL 1\r\nz\r\n",
	"V 21\r\n", "V\r\n", "V -1\r\n", "V 2\r\nabc\r\n", "V 2\r\nab\rc", "V 2\r\nab\r", "V 2\r\na", "\n", "E\n", "E\r\r\n", "\x00\r\n", "\x7f\r\n", "\xff\r\nE\r\n",
	"\r\n\r\nE\r\n", "T \r\n\r\nE\r\n", "T\r\nT x\r\nE\r\n", "", "\r", strings.Repeat("x", 8190) + "\r\nE\r\n", strings.Repeat("x", 8191) + "\r\n", strings.Repeat("x", 8192),
}

func TestConn(t *testing.T) {
	for _, s := range seeds {
		for _, blanks := range []bool{false, true} {
			whole := compare(t, []byte(s), blanks)
			got := memtexttest.Whole(t, 1<<30, memtext.NewConn(echo{}, limit, blanks), &load.Request{}, []byte(s))
			if got.String() != whole.String() {
				t.Errorf("%q: %v, cut %v", s, whole, got)
			}
		}
	}
}

// FuzzConn: as a simple reader has it, whatever the cuts.
func FuzzConn(f *testing.F) {
	for i, s := range seeds {
		f.Add([]byte(s), uint16(i), i%2 == 0)
	}
	f.Fuzz(func(t *testing.T, all []byte, cut uint16, blanks bool) {
		whole := compare(t, all, blanks)
		conn := memtext.NewConn(echo{}, limit, blanks)
		bytewise := make([]int, len(all))
		for i := range bytewise {
			bytewise[i] = i
		}
		for _, cuts := range [][]int{bytewise, {min(int(cut), len(all))}} {
			if got := memtexttest.Feed(t, 1<<30, conn, &load.Request{}, all, cuts...); got.String() != whole.String() {
				t.Fatalf("%q, cuts %v:\ngot  %v\nwant %v", all, cuts, got, whole)
			}
		}
	})
}

func TestNumber(t *testing.T) {
	for _, c := range []struct {
		in   string
		most uint64
		want uint64
		ok   bool
	}{
		{"0", 9, 0, true},
		{"9", 9, 9, true},
		{"10", 9, 0, false},
		{"007", 9, 7, true},
		{"", 9, 0, false},
		{"-1", 9, 0, false},
		{"+1", 9, 0, false},
		{"1x", 99, 0, false},
		{"18446744073709551615", 1<<64 - 1, 1<<64 - 1, true},
		{"18446744073709551616", 1<<64 - 1, 0, false},
		{"99999999999999999999", 1<<64 - 1, 0, false},
		{"9223372036854775807", 1<<63 - 1, 1<<63 - 1, true},
		{"9223372036854775808", 1<<63 - 1, 0, false},
		{"4294967295", 1<<32 - 1, 1<<32 - 1, true},
		{"4294967296", 1<<32 - 1, 0, false},
	} {
		if got, ok := memtext.Number([]byte(c.in), c.most); got != c.want || ok != c.ok {
			t.Errorf("%q up to %d: %d, %v", c.in, c.most, got, ok)
		}
	}
}

func TestSplit(t *testing.T) {
	for _, c := range []struct {
		req  load.Request
		want string
	}{
		{load.Request{Body: []byte("get a b")}, `0 "get" "a b" ""`},
		{load.Request{Body: []byte(" get   a b \r\n")}, `0 "get" "a b " ""`},
		{load.Request{Body: []byte("get a\r")}, `0 "get" "a\r" ""`},
		{load.Request{Body: []byte("\n")}, `0 "" "" ""`},
		{load.Request{}, `0 "" "" ""`},
		{load.Request{Body: []byte("set a 0 0 1\r\nx\r\n")}, `1 "set" "a 0 0 1" "x\r\n"`},
		{load.Request{Body: []byte("set a 0 0 1\n\n")}, `1 "set" "a 0 0 1" "\n"`},
		{load.Request{Method: []byte("set"), URI: []byte(" a"), Key: []byte("b"), Body: []byte("x\ny")}, `2 "set" "a" "x\ny"`},
		{load.Request{Method: []byte("set"), Key: []byte("b")}, `2 "set" "b" ""`},
	} {
		s := memtext.Split(&c.req)
		if got := fmt.Sprintf("%d %q %q %q", s.Form, s.Name, s.Args, s.Data); got != c.want {
			t.Errorf("%q: %s, want %s", c.req.Body, got, c.want)
		}
	}
}

func TestLookup(t *testing.T) {
	names := map[string]int{"get": 1, strings.Repeat("n", 33): 2}
	for name, want := range map[string]int{
		"get": 1, "GET": 1, "Get": 1, "ge": 0, "": 0, "G@T": 0, strings.Repeat("n", 33): 2, strings.Repeat("N", 33): 0, strings.Repeat("n", 32): 0,
	} {
		if got := memtext.Lookup(names, []byte(name)); got != want {
			t.Errorf("%q: %d, want %d", name, got, want)
		}
	}
}

func TestWords(t *testing.T) {
	for line, want := range map[string]int{"": 0, " ": 0, "a": 1, "  a  b ": 2} {
		if got := memtext.Words([]byte(line)); got != want {
			t.Errorf("%q: %d words, want %d", line, got, want)
		}
	}
}
