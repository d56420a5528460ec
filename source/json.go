package source

import (
	"errors"
	"unicode/utf8"
)

// jsonDepth is how deep values may lie within others; encoding/json has the same bound.
const jsonDepth = 10_000

// Faults of JSON text.
var (
	errJSON      = errors.New("expected a JSON value")
	errJSONKey   = errors.New(`expected a member's name in quotes`)
	errJSONColon = errors.New("expected : after a member's name")
	errJSONComma = errors.New("expected , or the end of the object or list")
	errJSONText  = errors.New("expected text to end with a quote, its control characters and backslashes escaped")
	errJSONDeep  = errors.New("nested too deeply")
)

// The scanner works on text that a record was read of: it checks and cuts, and copies nothing. Each function takes the text
// and a position in it and returns the position behind what it found.

func skipBlanks(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\t' || b[i] == '\n' || b[i] == '\r') {
		i++
	}
	return i
}

// skipValue finds the end of the value that begins at i, blanks before it allowed.
func skipValue(b []byte, i, depth int) (int, error) {
	i = skipBlanks(b, i)
	if i == len(b) {
		return i, errJSON
	}
	switch c := b[i]; {
	case c == '"':
		return skipText(b, i)
	case c == '{' || c == '[':
		if depth == jsonDepth {
			return i, errJSONDeep
		}
		return skipMembers(b, i, depth+1)
	case c == '-' || isDigit(c):
		return skipNumber(b, i)
	case c == 't':
		return skipWord(b, i, "true")
	case c == 'f':
		return skipWord(b, i, "false")
	case c == 'n':
		return skipWord(b, i, "null")
	}
	return i, errJSON
}

// skipMembers finds the end of an object or a list.
func skipMembers(b []byte, i, depth int) (_ int, err error) {
	object, end := b[i] == '{', b[i]+2 // in ASCII, ] and } are two behind [ and {
	i = skipBlanks(b, i+1)
	if i < len(b) && b[i] == end {
		return i + 1, nil
	}
	for {
		if object {
			if _, i, err = memberName(b, i); err != nil {
				return i, err
			}
		}
		if i, err = skipValue(b, i, depth); err != nil {
			return i, err
		}
		i = skipBlanks(b, i)
		switch {
		case i < len(b) && b[i] == end:
			return i + 1, nil
		case i == len(b) || b[i] != ',':
			return i, errJSONComma
		}
		i++
	}
}

// memberName reads a member's name, with its quotes, and the colon behind it.
func memberName(b []byte, i int) (name []byte, _ int, err error) {
	from := skipBlanks(b, i)
	if from == len(b) || b[from] != '"' {
		return nil, from, errJSONKey
	}
	end, err := skipText(b, from)
	if err != nil {
		return nil, end, err
	}
	i = skipBlanks(b, end)
	if i == len(b) || b[i] != ':' {
		return nil, i, errJSONColon
	}
	return b[from:end], i + 1, nil
}

// skipText finds the end of the text whose opening quote is at i.
func skipText(b []byte, i int) (int, error) {
	for i++; i < len(b); i++ {
		switch c := b[i]; {
		case c == '"':
			return i + 1, nil
		case c < ' ':
			return i, errJSONText
		case c != '\\':
		case i+1 < len(b) && isEscape(b[i+1]):
			i++
		case i+5 < len(b) && b[i+1] == 'u' && isHex4(b[i+2:]):
			i += 5
		default:
			return i, errJSONText
		}
	}
	return i, errJSONText
}

func isEscape(c byte) bool {
	switch c {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return true
	}
	return false
}

func isHex4(b []byte) bool {
	return hexDigit(b[0]) < 16 && hexDigit(b[1]) < 16 && hexDigit(b[2]) < 16 && hexDigit(b[3]) < 16
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// skipNumber holds numbers to RFC 8259, section 6.
func skipNumber(b []byte, i int) (int, error) {
	if b[i] == '-' {
		i++
	}
	from := i
	i = skipDigits(b, i)
	if i == from || b[from] == '0' && i > from+1 {
		return i, errJSON
	}
	if i < len(b) && b[i] == '.' {
		from = i + 1
		if i = skipDigits(b, from); i == from {
			return i, errJSON
		}
	}
	if i < len(b) && (b[i] == 'e' || b[i] == 'E') {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		from = i
		if i = skipDigits(b, from); i == from {
			return i, errJSON
		}
	}
	return i, nil
}

func skipDigits(b []byte, i int) int {
	for i < len(b) && isDigit(b[i]) {
		i++
	}
	return i
}

func skipWord(b []byte, i int, word string) (int, error) {
	if len(b)-i < len(word) || string(b[i:i+len(word)]) != word {
		return i, errJSON
	}
	return i + len(word), nil
}

// appendText appends what a checked text, with its quotes, stands for. Halves of surrogate pairs become U+FFFD.
func appendText(dst, quoted []byte) []byte {
	text := quoted[1 : len(quoted)-1]
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c != '\\' {
			dst = append(dst, c)
			continue
		}
		i++
		if text[i] != 'u' {
			dst = append(dst, unescaped(text[i]))
			continue
		}
		r, n := unescapeRune(text[i+1:])
		dst = utf8.AppendRune(dst, r)
		i += n
	}
	return dst
}

func unescaped(c byte) byte {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return c
}

// unescapeRune reads what follows \u, a second escape included where the first is half of a pair (RFC 8259, section 7).
func unescapeRune(b []byte) (r rune, n int) {
	const low, high, end = 0xdc00, 0xd800, 0xe000
	r = hex4(b)
	switch {
	case r < high || r >= end:
		return r, 4
	case r < low && len(b) >= 10 && b[4] == '\\' && b[5] == 'u':
		if second := hex4(b[6:]); second >= low && second < end {
			return 0x10000 + (r-high)<<10 + (second - low), 10
		}
	}
	return utf8.RuneError, 4
}

func hex4(b []byte) rune {
	return rune(hexDigit(b[0]))<<12 | rune(hexDigit(b[1]))<<8 | rune(hexDigit(b[2]))<<4 | rune(hexDigit(b[3]))
}
