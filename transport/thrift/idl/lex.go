package idl

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// lexer cuts a file's bytes into tokens.
type lexer struct {
	file      string
	src       []byte
	at        int // of the next byte
	line      int
	lineStart int // where the line begins in src
}

func newLexer(file string, src []byte) *lexer {
	l := &lexer{file: file, src: src, line: 1}
	if bytes.HasPrefix(src, []byte("\xef\xbb\xbf")) { // a byte order mark
		l.at, l.lineStart = 3, 3
	}
	return l
}

func (l *lexer) pos() Pos {
	return Pos{File: l.file, Line: l.line, Column: l.at - l.lineStart + 1}
}

// next returns the next token, tokEOF at the end.
func (l *lexer) next() (token, *Error) {
	doc, err := l.skipSpace()
	t := token{pos: l.pos(), doc: doc}
	if err != nil || l.at == len(l.src) {
		return t, err
	}
	switch c := l.src[l.at]; {
	case isLetter(c):
		l.word(&t)
	case c == '"' || c == '\'':
		err = l.literal(&t)
	case isDigit(c) || c == '+' || c == '-' || c == '.':
		err = l.number(&t)
	case strings.IndexByte(":;,{}()=<>[]*&", c) >= 0:
		t.kind, t.text = tokSymbol, string(c)
		l.at++
	default:
		err = l.stray(t.pos)
	}
	return t, err
}

func (l *lexer) stray(at Pos) *Error {
	c := l.src[l.at]
	if c < ' ' || c > '~' {
		return errorAt(at, "unexpected byte 0x%02x", c)
	}
	return errorAt(at, "unexpected character %q", c)
}

// word reads a name, a keyword, or true or false.
func (l *lexer) word(t *token) {
	start := l.at
	for l.at < len(l.src) {
		c := l.src[l.at]
		dotted := c == '.' && l.at+1 < len(l.src) && (isLetter(l.src[l.at+1]) || isDigit(l.src[l.at+1]))
		if !isLetter(c) && !isDigit(c) && !dotted {
			break
		}
		l.at++
	}
	t.text = string(l.src[start:l.at])
	switch {
	case t.text == "true":
		t.kind, t.int = tokInt, 1
	case t.text == "false":
		t.kind = tokInt
	case keywords[t.text]:
		t.kind = tokKeyword
	default:
		t.kind = tokIdent
	}
}

// number reads an integer, decimal or hexadecimal, or a double.
func (l *lexer) number(t *token) *Error {
	start := l.at
	if c := l.src[l.at]; c == '+' || c == '-' {
		l.at++
	}
	if l.hex() {
		return l.integer(t, start)
	}
	whole := l.digits()
	fraction := false
	if l.at+1 < len(l.src) && l.src[l.at] == '.' && isDigit(l.src[l.at+1]) {
		l.at++
		fraction = l.digits()
	}
	if !whole && !fraction {
		l.at = start
		return l.stray(t.pos)
	}
	if !l.exponent() && !fraction {
		return l.integer(t, start)
	}
	t.kind, t.text = tokDouble, string(l.src[start:l.at])
	t.double, _ = strconv.ParseFloat(t.text, 64) // out of range is infinite, as in C
	return nil
}

// hex moves over 0x and hexadecimal digits if they are next.
func (l *lexer) hex() bool {
	rest := l.src[l.at:]
	if len(rest) < 3 || rest[0] != '0' || rest[1] != 'x' || !isHex(rest[2]) {
		return false
	}
	for l.at += 2; l.at < len(l.src) && isHex(l.src[l.at]); {
		l.at++
	}
	return true
}

// digits moves over decimal digits and tells whether there were any.
func (l *lexer) digits() bool {
	start := l.at
	for l.at < len(l.src) && isDigit(l.src[l.at]) {
		l.at++
	}
	return l.at > start
}

// exponent moves over an exponent if one is next.
func (l *lexer) exponent() bool {
	start := l.at
	if l.at == len(l.src) || l.src[l.at]|0x20 != 'e' {
		return false
	}
	l.at++
	if l.at < len(l.src) && (l.src[l.at] == '+' || l.src[l.at] == '-') {
		l.at++
	}
	if !l.digits() {
		l.at = start
		return false
	}
	return true
}

func (l *lexer) integer(t *token, start int) *Error {
	t.kind, t.text = tokInt, string(l.src[start:l.at])
	// As in C the digits of a hexadecimal number must fit without their sign.
	sign, hex, isHex := strings.Cut(t.text, "0x")
	digits, base := t.text, 10
	if isHex {
		digits, base = hex, 16
	}
	n, err := strconv.ParseInt(digits, base, 64)
	if err != nil {
		return errorAt(t.pos, "the integer %s does not fit 64 bits", shorten(t.text))
	}
	if isHex && sign == "-" {
		n = -n
	}
	t.int = n
	return nil
}

// literal reads a string in either sort of quotes.
func (l *lexer) literal(t *token) *Error {
	quote := l.src[l.at]
	l.at++
	var text []byte
	for {
		if l.at == len(l.src) || l.src[l.at] == '\n' {
			return errorAt(t.pos, "the string is not closed on its line: add %c", quote)
		}
		c := l.src[l.at]
		switch c {
		case quote:
			l.at++
			t.kind, t.text = tokString, string(text)
			return nil
		case '\\':
			at := l.pos()
			l.at++
			if l.at == len(l.src) || l.src[l.at] == '\n' {
				continue
			}
			i := strings.IndexByte(`rnt"'\`, l.src[l.at])
			if i < 0 {
				return errorAt(at, `unknown escape \%s: the escapes are \n, \r, \t, \", \' and \\`, visible(l.src[l.at]))
			}
			c = "\r\n\t\"'\\"[i]
		}
		text = append(text, c)
		l.at++
	}
}

// visible writes a byte so that it can be read in a message.
func visible(c byte) string {
	if c < ' ' || c > '~' {
		return fmt.Sprintf("<byte 0x%02x>", c)
	}
	return string(c)
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' }
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
func isHex(c byte) bool    { return isDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'f' }
