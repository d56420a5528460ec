// Package payload reads how a line of text stands for the bytes that go over the wire, for protocols whose requests are bytes
// that the user writes down: as they stand, with escapes, in hexadecimal or in base64 (RFC 4648).
package payload

import (
	"encoding/base64"
	"fmt"
	"strings"
)

// Encoding is a way to write bytes as text.
type Encoding uint8

// The encodings.
const (
	Text    Encoding = iota // the bytes as they stand
	Escaped                 // \n, \x00 and the like stand for one byte each; see [Unescape]
	Hex                     // two hexadecimal digits a byte, blanks between bytes allowed
	Base64                  // the standard alphabet, with padding or without
)

var names = [...]string{"text", "escaped", "hex", "base64"}

// Named returns the encoding of that name.
func Named(name string) (Encoding, error) {
	for i, n := range names {
		if n == name {
			return Encoding(i), nil
		}
	}
	return Text, fmt.Errorf("%q: expected %s or %s", name, strings.Join(names[:len(names)-1], ", "), names[len(names)-1])
}

// Append appends the bytes that line stands for to dst. It allocates nothing once dst is large enough. On an error, which says
// what is wrong where in the line, dst comes back as it was.
func (e Encoding) Append(dst, line []byte) ([]byte, error) {
	decode := appendText
	switch e {
	case Escaped:
		decode = appendUnescaped
	case Hex:
		decode = appendHex
	case Base64:
		decode = appendBase64
	}
	out, err := decode(dst, line)
	if err != nil {
		return dst, err
	}
	return out, nil
}

func appendText(dst, line []byte) ([]byte, error) { return append(dst, line...), nil }

func appendHex(dst, line []byte) ([]byte, error) {
	for i := 0; i < len(line); {
		if line[i] == ' ' || line[i] == '\t' {
			i++
			continue
		}
		high, ok := nibble(line, i)
		low, ok2 := nibble(line, i+1)
		if !ok || !ok2 {
			return dst, fmt.Errorf("hex: %q at byte %d: expected two hexadecimal digits", line[i:min(i+2, len(line))], i+1)
		}
		dst = append(dst, high<<4|low)
		i += 2
	}
	return dst, nil
}

// nibble is the value of the hexadecimal digit at i.
func nibble(text []byte, i int) (byte, bool) {
	if i >= len(text) {
		return 0, false
	}
	switch c := text[i]; {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10, true
	}
	return 0, false
}

func appendBase64(dst, line []byte) ([]byte, error) {
	encoding := base64.StdEncoding
	if len(line)%4 != 0 {
		encoding = base64.RawStdEncoding
	}
	out, err := encoding.AppendDecode(dst, line)
	if err != nil {
		return dst, fmt.Errorf("base64: %w", err)
	}
	return out, nil
}
