package exec

import (
	"bytes"
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth bounds how deep arrays and objects may stand in one another.
const maxDepth = 200

// scanner reads one JSON text (RFC 8259) from front to back. The first thing that is wrong stays in err; everything after it
// yields zero values and the loops over members end.
type scanner struct {
	src   []byte
	pos   int
	fresh bool // an array or object has just begun
	text  []byte
	err   error
}

func (s *scanner) reset(src []byte) { s.src, s.pos, s.fresh, s.err = src, 0, false, nil }

func (s *scanner) fail(want string) {
	if s.err != nil {
		return
	}
	if s.pos >= len(s.src) {
		s.err = fmt.Errorf("byte %d: the line ends where %s is expected", s.pos+1, want)
		return
	}
	s.err = fmt.Errorf("byte %d: %s is expected", s.pos+1, want)
}

// peek is the next byte that is no blank; 0: none.
func (s *scanner) peek() byte {
	for ; s.pos < len(s.src); s.pos++ {
		if c := s.src[s.pos]; c != ' ' && c != '\t' && c != '\n' && c != '\r' {
			return c
		}
	}
	return 0
}

// begin enters the array or object that starts with c: for s.begin('['); s.next(']'); { … }.
func (s *scanner) begin(c byte) {
	if s.peek() != c {
		s.fail(strconv.QuoteRune(rune(c)))
		return
	}
	s.pos++
	s.fresh = true
}

// next goes to the next element or member, false behind the last.
func (s *scanner) next(end byte) bool {
	if s.err != nil {
		return false
	}
	c := s.peek()
	switch {
	case c == end:
		s.pos++
		s.fresh = false
		return false
	case s.fresh:
		s.fresh = false
		return true
	case c == ',':
		s.pos++
		return true
	}
	s.fail("',' or " + strconv.QuoteRune(rune(end)))
	return false
}

// key reads a member's name and the colon; valid until the next string.
func (s *scanner) key() []byte {
	name := s.string()
	if s.peek() != ':' {
		s.fail("':'")
		return nil
	}
	s.pos++
	return name
}

// string reads a string; its bytes are valid until the next one is read.
func (s *scanner) string() []byte {
	if s.err != nil || s.peek() != '"' {
		s.fail("a string")
		return nil
	}
	s.pos++
	from := s.pos
	for ; s.pos < len(s.src); s.pos++ {
		switch c := s.src[s.pos]; {
		case c == '"':
			s.pos++
			return s.src[from : s.pos-1]
		case c == '\\':
			return s.escaped(from)
		case c < ' ':
			s.fail("no control character in a string (write \\n, \\u0000)")
			return nil
		}
	}
	s.fail("the string's end")
	return nil
}

// escaped goes on in a string that began at from where its first backslash stands.
func (s *scanner) escaped(from int) []byte {
	s.text = append(s.text[:0], s.src[from:s.pos]...)
	for s.pos < len(s.src) {
		c := s.src[s.pos]
		switch {
		case c == '"':
			s.pos++
			return s.text
		case c == '\\':
			s.pos++
			if !s.escape() {
				s.fail("one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX")
				return nil
			}
		case c < ' ':
			s.fail("no control character in a string (write \\n, \\u0000)")
			return nil
		default:
			s.text = append(s.text, c)
			s.pos++
		}
	}
	s.fail("the string's end")
	return nil
}

// escape reads what follows a backslash.
func (s *scanner) escape() bool {
	if s.pos >= len(s.src) {
		return false
	}
	c := s.src[s.pos]
	if at := bytes.IndexByte([]byte(`"\/bfnrt`), c); at >= 0 {
		s.text = append(s.text, "\"\\/\b\f\n\r\t"[at])
		s.pos++
		return true
	}
	if c != 'u' {
		return false
	}
	r := s.hex(s.pos + 1)
	if r < 0 {
		return false
	}
	s.pos += 5
	if utf16.IsSurrogate(r) {
		second := rune(-1)
		if bytes.HasPrefix(s.src[s.pos:], []byte(`\u`)) {
			second = s.hex(s.pos + 2)
		}
		if r = utf16.DecodeRune(r, second); r != utf8.RuneError {
			s.pos += 6
		}
	}
	s.text = utf8.AppendRune(s.text, r)
	return true
}

// hex reads four hexadecimal digits; -1: there are none.
func (s *scanner) hex(at int) (r rune) {
	if at+4 > len(s.src) {
		return -1
	}
	for _, c := range s.src[at : at+4] {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return -1
		}
		r = r<<4 | rune(c)
	}
	return r
}

// number reads a number as it is written.
func (s *scanner) number() []byte {
	c := s.peek()
	from := s.pos
	if c == '-' {
		s.pos++
	}
	whole := s.digits()
	if whole == 0 || whole > 1 && s.src[s.pos-whole] == '0' {
		s.fail("a number")
		return nil
	}
	if s.at('.') {
		if s.pos++; s.digits() == 0 {
			s.fail("a digit")
			return nil
		}
	}
	if s.at('e') || s.at('E') {
		if s.pos++; s.at('+') || s.at('-') {
			s.pos++
		}
		if s.digits() == 0 {
			s.fail("a digit")
			return nil
		}
	}
	return s.src[from:s.pos]
}

func (s *scanner) at(c byte) bool { return s.pos < len(s.src) && s.src[s.pos] == c }

func (s *scanner) digits() (n int) {
	for ; s.pos < len(s.src) && '0' <= s.src[s.pos] && s.src[s.pos] <= '9'; s.pos++ {
		n++
	}
	return n
}

// word reads one of the literal names.
func (s *scanner) word(w string) bool {
	if !bytes.HasPrefix(s.src[s.pos:], []byte(w)) {
		s.fail("a value")
		return false
	}
	s.pos += len(w)
	return true
}

// value reads any value and returns it as it is written.
func (s *scanner) value() []byte {
	s.peek()
	from := s.pos
	s.skip(0)
	if s.err != nil {
		return nil
	}
	return s.src[from:s.pos]
}

func (s *scanner) skip(depth int) {
	if depth > maxDepth {
		s.fail("less nesting (200 arrays and objects at most)")
		return
	}
	switch c := s.peek(); c {
	case '{':
		for s.begin('{'); s.next('}'); {
			s.key()
			s.skip(depth + 1)
		}
	case '[':
		for s.begin('['); s.next(']'); {
			s.skip(depth + 1)
		}
	case '"':
		s.string()
	case 't':
		s.word("true")
	case 'f':
		s.word("false")
	case 'n':
		s.word("null")
	default:
		if c != '-' && (c < '0' || c > '9') {
			s.fail("a value")
			return
		}
		s.number()
	}
}

// end holds that nothing follows.
func (s *scanner) end() {
	if s.err == nil && s.peek() != 0 || s.err == nil && s.pos < len(s.src) {
		s.fail("the line's end")
	}
}
