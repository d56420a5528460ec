package redis

import (
	"bytes"
	"errors"
	"math"
	"strconv"
	"strings"
)

// What can be wrong with a command line.
var (
	errEmpty    = errors.New("there is none; want a command with its arguments, such as SET key value")
	errQuote    = errors.New("a quote is not closed")
	errAfter    = errors.New(`a closing quote must be followed by a space or the end; write a quote within quotes as \"`)
	errLines    = errors.New("there is more than one line; want one command (a line break within an argument is \\n in double quotes)")
	errNUL      = errors.New(`there is a NUL byte; write it as "\x00"`)
	errWire     = errors.New("it begins with * and so must be one whole array of strings as on the wire, such as *1\\r\\n$4\\r\\nPING\\r\\n")
	errManyWire = errors.New("there is something behind the first array; want one command")
)

// word is one word of a command. Where it has no quotes, its bytes are raw; else they come out of raw by append.
type word struct {
	raw    []byte // quotes included
	quotes bool
	size   int // of what it means, in bytes
}

// walker goes through the words of a command: a line as sdssplitargs of redis-cli takes it apart, or an array as on the wire.
type walker struct {
	rest []byte
	word word
	wire bool
	left int64 // of an array: words to come; -1: its header has not been read
	err  error
}

func walk(body []byte) walker { return walker{rest: body, wire: isWire(body), left: -1} }

// isWire tells whether body is meant as bytes to be sent as they stand.
func isWire(body []byte) bool { return len(body) > 0 && body[0] == '*' }

// next finds the next word; false: the end, or an error.
func (w *walker) next() bool {
	if w.wire {
		return w.nextWire()
	}
	broken := false
	i := 0
	for i < len(w.rest) && isSpace(w.rest[i]) {
		broken = broken || w.rest[i] == '\n'
		i++
	}
	w.rest = w.rest[i:]
	switch {
	case len(w.rest) == 0:
		return false
	case broken && w.word.raw != nil:
		return w.fail(errLines)
	}
	return w.scan()
}

// scan takes the word that rest begins with.
func (w *walker) scan() bool {
	b, i := w.rest, 0
	for i < len(b) && !ending[b[i]] {
		i++
	}
	switch {
	case i < len(b) && b[i] == 0:
		return w.fail(errNUL)
	case i < len(b) && (b[i] == '"' || b[i] == '\''):
		return w.quoted(i)
	}
	w.take(i, false, i)
	return true
}

// ending are the bytes that end a word, or begin its end.
var ending = [256]bool{' ': true, '\n': true, '\r': true, '\t': true, 0: true, '"': true, '\'': true}

// quoted goes on at the quote that stands at i, with which the word ends.
func (w *walker) quoted(i int) bool {
	b, quote, size := w.rest, w.rest[i], i
	for i++; i < len(b) && b[i] != quote; size++ {
		if b[i] == 0 {
			return w.fail(errNUL)
		}
		_, n := unescape(b[i:], quote)
		i += n
	}
	switch {
	case i >= len(b):
		w.err = errQuote
	case i+1 < len(b) && !isSpace(b[i+1]):
		w.err = errAfter
	default:
		w.take(i+1, true, size)
	}
	return w.err == nil
}

func (w *walker) take(n int, quotes bool, size int) {
	w.word = word{w.rest[:n:n], quotes, size}
	w.rest = w.rest[n:]
}

// unescape reads one byte within quotes of the given kind; n is how many bytes it is written in.
func unescape(b []byte, quote byte) (c byte, n int) {
	switch {
	case b[0] != '\\' || len(b) < 2:
		return b[0], 1
	case quote == '\'' && b[1] == '\'':
		return '\'', 2
	case quote == '\'':
		return '\\', 1
	case b[1] == 'x' && len(b) >= 4 && hex(b[2]) >= 0 && hex(b[3]) >= 0:
		return byte(hex(b[2])<<4 | hex(b[3])), 4
	}
	if i := strings.IndexByte("nrtba", b[1]); i >= 0 {
		return "\n\r\t\b\a"[i], 2
	}
	return b[1], 2
}

// append appends what the word means.
func (w *word) append(dst []byte) []byte {
	if !w.quotes {
		return append(dst, w.raw...)
	}
	i := bytes.IndexAny(w.raw, `"'`)
	dst = append(dst, w.raw[:i]...)
	inner := w.raw[i+1 : len(w.raw)-1]
	for len(inner) > 0 {
		c, n := unescape(inner, w.raw[i])
		dst, inner = append(dst, c), inner[n:]
	}
	return dst
}

// nextWire finds the next string of an array.
func (w *walker) nextWire() bool {
	if w.left < 0 {
		if w.left = w.length('*'); w.err != nil || w.left == 0 {
			return w.fail(errWire)
		}
	}
	if w.left == 0 {
		if len(w.rest) > 0 {
			w.err = errManyWire
		}
		return false
	}
	n := w.length('$')
	if w.err != nil || n > int64(len(w.rest))-2 || string(w.rest[n:n+2]) != "\r\n" {
		return w.fail(errWire)
	}
	w.take(int(n), false, int(n))
	w.rest = w.rest[2:]
	w.left--
	return true
}

// length reads a line of a type byte and a number.
func (w *walker) length(kind byte) int64 {
	line, rest, ok := bytes.Cut(w.rest, []byte("\r\n"))
	if !ok || len(line) < 2 || line[0] != kind {
		w.err = errWire
		return 0
	}
	n, ok := digits(line[1:])
	if !ok {
		w.err = errWire
	}
	w.rest = rest
	return n
}

func (w *walker) fail(err error) bool {
	w.err = err
	return false
}

func appendLength(dst []byte, kind byte, n int) []byte {
	return append(strconv.AppendInt(append(dst, kind), int64(n), 10), "\r\n"...)
}

// isSpace is C's isspace.
func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

// hex is the value of a hexadecimal digit; -1: it is none.
func hex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

// digits reads a number of digits only; !ok if it is none or exceeds 63 bits.
func digits(b []byte) (n int64, ok bool) {
	for _, c := range b {
		d := int64(c - '0')
		if c < '0' || c > '9' || n > (math.MaxInt64-d)/10 {
			return 0, false
		}
		n = n*10 + d
	}
	return n, len(b) > 0
}
