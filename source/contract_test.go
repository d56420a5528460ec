package source_test

import (
	"strings"
	"testing"

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
	for name, form := range map[string]func(testing.TB, string) []byte{
		"plain":    func(_ testing.TB, content string) []byte { return []byte(content) },
		"gzip":     func(t testing.TB, content string) []byte { return gzipped(t, content) },
		"zstd":     func(t testing.TB, content string) []byte { return zstded(t, content) },
		"combined": combined,
	} {
		t.Run(name, func(t *testing.T) {
			sourcetest.Run(t, func(t testing.TB, content string, loop bool) (source.Source, error) {
				return source.Open(source.Options{Path: write(t, form(t, content)), Loop: loop})
			})
		})
	}
}
