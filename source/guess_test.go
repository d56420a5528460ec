package source_test

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/source"
)

func TestGuess(t *testing.T) {
	const (
		common   = `192.0.2.1 - - [17/May/2015:10:05:03 +0000] "GET /a HTTP/1.1" 200 5`
		combined = common + ` "-" "Agent"`
		garbage  = `192.0.2.1 - - [17/May/2015:10:05:03 +0000] "\x16\x03" 400 226 "-" "-"`
	)
	tests := []struct{ name, content, want string }{
		{"uri", "/a\n", "uri"},
		{"uri without an end", "http://example.org/a", "uri"},
		{"uri after a mark and comments", "\xef\xbb\xbf# list\r\n\r\n/a\r\n", "uri"},
		{"uri after garbage", "nothing\nof use\n/a\n", "uri"},
		{"common", common + "\n", "common"},
		{"common, no end", common, "common"},
		{"combined", combined + "\n" + common + "\n", "combined"},
		{"combined, bad requests first", garbage + "\n" + combined + "\n", "combined"},
		{"combined, cut at the front", combined[60:] + "\n" + combined + "\n", "combined"},
		{"jsonl", " {\"a\": 1}\n", "jsonl"},
		{"jsonl after garbage", "{\n{}", "jsonl"},
		{"uri before a table", "a,b\n/a\n", "uri"},
		{"gzip", string(gzipped(t, combined)), "combined"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := mustOpen(t, source.Options{Path: write(t, []byte(tt.content))})
			if got := s.(source.Formatted).Format(); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// chunks gives one chunk a call, and fails the test when more is asked for than is there.
type chunks struct {
	t    *testing.T
	list []string
}

func (c *chunks) Read(p []byte) (int, error) {
	if len(c.list) == 0 {
		c.t.Error("more was read than is needed: this would wait for standard input")
		return 0, io.EOF
	}
	n := copy(p, c.list[0])
	c.list = c.list[1:]
	return n, nil
}

// A record may be longer than what a guess looks at.
func TestGuessALongRecord(t *testing.T) {
	line := `{"uri": "/a", "body": "` + strings.Repeat("x", 200_000) + `"}`
	s := mustOpen(t, source.Options{Path: "-", Stdin: strings.NewReader(line + "\n" + line)})
	if f := s.(source.Formatted).Format(); f != "jsonl" {
		t.Errorf("format %s", f)
	}
	var r load.Record
	if err := s.Read(&r); err != nil || string(r.URI) != "/a" || len(r.Body) != 200_000 {
		t.Errorf("%q, a body of %d bytes, %v", r.URI, len(r.Body), err)
	}
}

// A log that is piped in as it grows is not waited for beyond what is needed.
func TestOpenDoesNotWait(t *testing.T) {
	for _, format := range []string{"", "uri"} {
		in := &chunks{t: t, list: []string{"# li", "st\n/a", "\n", "/b\n"}}
		s := mustOpen(t, source.Options{Path: "-", Stdin: in, Format: format})
		if len(in.list) != 1 {
			t.Errorf("%d chunks are left after Open, want 1", len(in.list))
		}
		var r load.Record
		for _, want := range []string{"/a", "/b"} {
			if err := s.Read(&r); err != nil || string(r.URI) != want {
				t.Errorf("got %q, %v, want %s", r.URI, err, want)
			}
		}
	}
}

var registered atomic.Int32 // formats stay: with -count, each round needs a name of its own

func TestRegisterFormat(t *testing.T) {
	name := fmt.Sprintf("test-pairs-%d", registered.Add(1))
	source.RegisterFormat(source.Format{
		Name: name, Summary: "method<TAB>path",
		Parse: func(line []byte, r *load.Record) error {
			method, uri, ok := bytes.Cut(line, []byte("\t"))
			if !ok {
				return io.ErrNoProgress
			}
			r.Method, r.URI = append(r.Method, method...), append(r.URI, uri...)
			source.AddHeader(r, "X-Pair", line)
			return nil
		},
	})
	s := mustOpen(t, source.Options{Path: write(t, []byte("PUT\t/a\n")), Format: name})
	var r load.Record
	if err := s.Read(&r); err != nil || string(r.Method) != "PUT" || string(r.URI) != "/a" || string(r.Header[0].Value) != "PUT\t/a" {
		t.Errorf("got %+v, %v", r, err)
	}
	list := source.Formats()
	if last := list[len(list)-1].Name; last != name || s.(source.Formatted).Format() != last {
		t.Errorf("last format: %s", last)
	}
	for what, f := range map[string]source.Format{
		"taken":    {Name: "uri", Parse: list[0].Parse},
		"no name":  {Parse: list[0].Parse},
		"no Parse": {Name: "x"},
	} {
		func() {
			defer func() {
				if text, _ := recover().(string); !strings.HasPrefix(text, "source: ") {
					t.Errorf("%s: got %q, want a panic", what, text)
				}
			}()
			source.RegisterFormat(f)
		}()
	}
}
