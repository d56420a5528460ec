package redis

import (
	"unicode/utf8"

	"github.com/iagoloadgen/iago/load"
)

// text writes the inside of a JSON string, whatever the pieces it comes in. What is no UTF-8 is replaced by U+FFFD, byte by
// byte, as package encoding/json does.
type text struct {
	carry [utf8.UTFMax]byte // the beginning of a character that is not whole yet
	n     int
}

// write adds b.
func (t *text) write(resp *load.Response, b []byte) {
	for len(b) > 0 && t.n > 0 {
		t.carry[t.n] = b[0]
		t.n, b = t.n+1, b[1:]
		for t.n > 0 && utf8.FullRune(t.carry[:t.n]) {
			used := writeRune(resp, t.carry[:t.n])
			t.n = copy(t.carry[:], t.carry[used:t.n])
		}
	}
	for len(b) > 0 {
		if plain := plainLen(b); plain > 0 {
			resp.AppendContent(b[:plain])
			b = b[plain:]
			continue
		}
		if !utf8.FullRune(b) {
			t.n = copy(t.carry[:], b)
			return
		}
		b = b[writeRune(resp, b):]
	}
}

// end ends the string.
func (t *text) end(resp *load.Response) {
	for ; t.n > 0; t.n-- {
		resp.AppendContent(replacement)
	}
}

// plainLen is how many bytes b begins with that stand for themselves.
func plainLen(b []byte) int {
	for i, c := range b {
		if c < ' ' || c >= utf8.RuneSelf || c == '"' || c == '\\' {
			return i
		}
	}
	return len(b)
}

var (
	replacement = []byte("\uFFFD")
	escapes     = func() (all [utf8.RuneSelf][]byte) {
		const digits = "0123456789abcdef"
		for c := range byte(' ') {
			all[c] = []byte{'\\', 'u', '0', '0', digits[c>>4], digits[c&15]}
		}
		all['\n'], all['\r'], all['\t'] = []byte(`\n`), []byte(`\r`), []byte(`\t`)
		all['"'], all['\\'] = []byte(`\"`), []byte(`\\`)
		return all
	}()
)

// writeRune writes the character that b begins with, which does not stand for itself or is longer than a byte; n is how many
// bytes it took.
func writeRune(resp *load.Response, b []byte) (n int) {
	if b[0] < utf8.RuneSelf {
		if e := escapes[b[0]]; e != nil {
			resp.AppendContent(e)
		} else {
			resp.AppendContent(b[:1])
		}
		return 1
	}
	r, n := utf8.DecodeRune(b)
	if r == utf8.RuneError && n == 1 {
		resp.AppendContent(replacement)
	} else {
		resp.AppendContent(b[:n])
	}
	return n
}
