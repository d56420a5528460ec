package payload

import "fmt"

// escapes are the bytes that a backslash and a letter stand for, as in Go and C.
var escapes = [256]byte{'a': '\a', 'b': '\b', 'e': 0x1b, 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', 'v': '\v', '\\': '\\', '"': '"', '\'': '\''}

// Unescape reads text with escapes: \a \b \e \f \n \r \t \v, \0 for NUL, \\ \" \' for themselves, and \xHH for any byte. Everything
// else stands for itself, control characters and what is not UTF-8 included.
func Unescape(text string) ([]byte, error) { return appendUnescaped(nil, []byte(text)) }

func appendUnescaped(dst, text []byte) ([]byte, error) {
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			dst = append(dst, text[i])
			continue
		}
		b, size := escape(text[i:])
		if size == 0 {
			return dst, fmt.Errorf(`escaped: %q at byte %d: expected \n, \r, \t, \0, \\, \xHH or the like`, text[i:min(i+4, len(text))], i+1)
		}
		dst = append(dst, b)
		i += size - 1
	}
	return dst, nil
}

// escape reads the escape that text begins with; size 0: it is none. \0 before a digit could be meant as octal and is none.
func escape(text []byte) (b byte, size int) {
	if len(text) < 2 {
		return 0, 0
	}
	switch c := text[1]; c {
	case '0':
		if len(text) > 2 && '0' <= text[2] && text[2] <= '9' {
			return 0, 0
		}
		return 0, 2
	case 'x':
		high, ok := nibble(text, 2)
		low, ok2 := nibble(text, 3)
		if !ok || !ok2 {
			return 0, 0
		}
		return high<<4 | low, 4
	default:
		if b = escapes[c]; b == 0 {
			return 0, 0
		}
		return b, 2
	}
}
