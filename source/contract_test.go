package source_test

import (
	"strings"
	"testing"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/source"
	"github.com/iagoloadgen/iago/source/sourcetest"
)

func TestContract(t *testing.T) {
	combined := func(t testing.TB, content string) []byte {
		var b strings.Builder
		for uri := range strings.Lines(content) {
			b.WriteString(`192.0.2.1 - - [17/May/2015:10:05:03 +0000] "GET ` + strings.TrimSpace(uri) + ` HTTP/1.1" 200 5 "http://r/" "a\"b"` + "\n")
		}
		return []byte(b.String())
	}
	objects := func(_ testing.TB, content string) []byte {
		var b strings.Builder
		for uri := range strings.Lines(content) {
			b.WriteString(`{"method": "PUT", "headers": {"A": "b"}, "body": {"n": 1}, "time": 1431857103, "uri": "` + strings.TrimSpace(uri) + "\"}\n")
		}
		return []byte(b.String())
	}
	for name, form := range map[string]func(testing.TB, string) []byte{
		"plain":    func(_ testing.TB, content string) []byte { return []byte(content) },
		"gzip":     func(t testing.TB, content string) []byte { return gzipped(t, content) },
		"zstd":     func(t testing.TB, content string) []byte { return zstded(t, content) },
		"combined": combined,
		"jsonl":    objects,
	} {
		t.Run(name, func(t *testing.T) {
			sourcetest.Run(t, func(t testing.TB, content string, loop bool) (source.Source, error) {
				return source.Open(source.Options{Path: write(t, form(t, content)), Loop: loop})
			})
		})
	}
}

// inFields gives records of formats that know no URI one: their first column, or the line itself.
type inFields struct{ source.Source }

func (s inFields) Read(r *load.Record) error {
	err := s.Source.Read(r)
	switch {
	case err != nil:
	case len(r.Fields) > 0:
		r.URI = append(r.URI[:0], r.Fields[0].Value...)
	default:
		r.URI = append(r.URI[:0], r.Raw...)
	}
	return err
}

func TestContractOfTables(t *testing.T) {
	for _, format := range []string{"csv", "tsv", "lines"} {
		t.Run(format, func(t *testing.T) {
			sourcetest.Run(t, func(t testing.TB, content string, loop bool) (source.Source, error) {
				s, err := source.Open(source.Options{Path: write(t, []byte(content)), Loop: loop, Format: format})
				return inFields{s}, err
			})
		})
	}
}
