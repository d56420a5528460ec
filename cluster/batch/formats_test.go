package batch

import (
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/source"
)

// The records of every format, as sources make them.
func TestEveryFormat(t *testing.T) {
	log, err := os.ReadFile("../../examples/access.log")
	if err != nil {
		t.Fatal(err)
	}
	objects := `{"method":"POST","uri":"/cart?a=\u00e9","headers":{"Accept":["a","b"],"X":1},"body":{"n":[1,2]},"time":"2026-07-01T12:00:00.25+02:00"}
  {"uri": "/x", "body": "a \"text\"", "time": 1782900000123}
{}
`
	tests := []struct{ format, content string }{
		{"combined", string(log)},
		{"common", string(log)},
		{"uri", "/a?b=c\nhttp://host/path\n"},
		{"jsonl", strings.Repeat(objects, 100)},
		{"csv", strings.Repeat("a,\"b \"\"c\"\"\",,longer text\n1\n", 100)},
		{"tsv", strings.Repeat("a\tb\t\tlonger text\n1\n", 100)},
		{"lines", "any\n\xff\x00\n"},
	}
	for _, tt := range tests {
		t.Run(tt.format, func(t *testing.T) {
			s, err := source.Open(source.Options{Path: "-", Stdin: strings.NewReader(tt.content), Format: tt.format})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			var want []load.Record
			for {
				var rec load.Record
				if err := s.Read(&rec); errors.Is(err, io.EOF) {
					break
				} else if err != nil {
					t.Fatal(err)
				}
				want = append(want, rec)
			}
			m := message(1, want...)
			r, err := Open(m, plenty)
			if err != nil {
				t.Fatal(err)
			}
			got, err := readAll(r)
			if d := same(want, got); err != nil || d != "" || len(want) == 0 {
				t.Fatalf("%d records, %v\n%s", len(want), err, d)
			}
			t.Logf("%d records, %d bytes of input, %d of message", len(want), len(tt.content), len(m))
		})
	}
}
