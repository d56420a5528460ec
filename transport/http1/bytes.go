package http1

import (
	"encoding/binary"
	"math/bits"
)

// tokenByte marks the bytes that a method or a header name is made of (RFC 9110, section 5.6.2).
var tokenByte = func() (t [256]bool) {
	for c := byte('0'); c <= '9'; c++ {
		t[c] = true
	}
	for c := byte('a'); c <= 'z'; c++ {
		t[c], t[c-'a'+'A'] = true, true
	}
	for _, c := range []byte("!#$%&'*+-.^_`|~") {
		t[c] = true
	}
	return t
}()

// tokenLen returns how many bytes at the beginning of b are token bytes.
func tokenLen(b []byte) int {
	i := 0
	for i < len(b) && tokenByte[b[i]] {
		i++
	}
	return i
}

// control returns the index of the first control byte in b, at from or later, that is not a tab; len(b) if there is none.
// It looks at eight bytes as one word: with their high bits put aside, adding 0x80-c sets the high bit of exactly
// the bytes from c on, and nothing carries over.
func control(b []byte, from int) int {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	for from <= len(b)-8 {
		w := binary.LittleEndian.Uint64(b[from:])
		low := w &^ highs
		hits := ^((low+ones*(0x80-' '))&^(low+ones*(0x80-0x7f)) | w) & highs
		if hits == 0 {
			from += 8
			continue
		}
		from += bits.TrailingZeros64(hits) / 8
		if b[from] != '\t' {
			return from
		}
		from++
	}
	for from < len(b) && (b[from] >= ' ' && b[from] != 0x7f || b[from] == '\t') {
		from++
	}
	return from
}

// clean tells whether b may stand in a header's value: no control bytes but tabs (RFC 9110, section 5.5).
func clean(b []byte) bool { return control(b, 0) == len(b) }

// visible tells whether b has no blanks and no control bytes at all, as a request target must.
func visible(b []byte) bool {
	for _, c := range b {
		if c <= ' ' || c == 0x7f {
			return false
		}
	}
	return true
}

func blank(c byte) bool { return c == ' ' || c == '\t' }

// trim takes the blanks off both ends.
func trim(b []byte) []byte {
	for len(b) > 0 && blank(b[0]) {
		b = b[1:]
	}
	for len(b) > 0 && blank(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return b
}

// equalFold compares b, which has no control bytes, with a lower-case name, letter case aside.
func equalFold(b []byte, name string) bool {
	if len(b) != len(name) {
		return false
	}
	for len(b) >= 8 {
		if binary.LittleEndian.Uint64(b)|0x2020202020202020 != word(name) {
			return false
		}
		b, name = b[8:], name[8:]
	}
	for i, c := range b {
		if c|0x20 != name[i] {
			return false
		}
	}
	return true
}

// word is the first eight bytes of s as binary.LittleEndian.Uint64 reads them.
func word(s string) uint64 {
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// element cuts the first element off a comma-separated list; more says whether another follows.
func element(list []byte) (elem, rest []byte, more bool) {
	for i, c := range list {
		if c == ',' {
			return trim(list[:i]), list[i+1:], true
		}
	}
	return trim(list), nil, false
}

// hasElement tells whether the list has an element name, letter case aside.
func hasElement(list []byte, name string) bool {
	for more := true; more; {
		var elem []byte
		if elem, list, more = element(list); equalFold(elem, name) {
			return true
		}
	}
	return false
}

// decimal reads a number of digits only; !ok if it is none or exceeds 63 bits.
func decimal(b []byte) (n int64, ok bool) {
	const most = 1<<63 - 1
	for _, c := range b {
		d := int64(c - '0')
		if c < '0' || c > '9' || n > (most-d)/10 {
			return 0, false
		}
		n = n*10 + d
	}
	return n, len(b) > 0
}
