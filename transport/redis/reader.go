package redis

import (
	"bytes"
	"math"

	"github.com/iagoloadgen/iago/load"
)

// The bounds of an answer's structure.
const (
	maxLine    = 64 << 10 // bytes of a line
	maxDepth   = 128      // of aggregates in one another
	maxFailure = 256      // bytes of an error that are looked at
)

// reader reads one answer after the other: RESP2 and RESP3 as their specifications have them, attributes and push messages
// skipped. It consumes all it is given, so that no byte is looked at twice, and keeps what it must of an incomplete line.
type reader struct {
	limit int64 // most bytes of an answer; 0: none

	line  []byte // an incomplete line
	stack []frame
	left  int64 // bytes of a string to come
	at    place
	kind  byte // of the string
	cr    bool // the CR after the string has come
	piece bool // the string is a streamed one, of which a piece comes now or next
	skip  int  // bytes of the string that are not its text

	size    int64  // bytes so far
	content int64  // of these, the values' own
	failed  bool   // an error has come
	alone   bool   // … which is the answer, not one of its values
	failure []byte // the beginning of the first one
	null    bool   // the answer is a null

	hidden int            // aggregates around that are not shown
	show   *load.Response // where the answer itself is wanted; else nil
	text   text
}

// place says what the next byte belongs to.
type place uint8

const (
	inLine  place = iota // a type byte and what comes with it
	inBytes              // left bytes of a string
	inEnd                // CRLF after a string
)

// frame is an aggregate that has begun.
type frame struct {
	kind byte  // its type byte
	left int64 // values to come, keys and values of a map counted apart; -1: a streamed one, which ends with "."
	n    int64 // values so far
	hide bool  // it is not shown
}

// reset makes r ready for the next answer; limit and memory stay.
func (r *reader) reset() {
	r.line, r.stack, r.failure = r.line[:0], r.stack[:0], r.failure[:0]
	r.at, r.size, r.content, r.hidden = inLine, 0, 0, 0
	r.failed, r.alone, r.null, r.piece = false, false, false, false
}

// read consumes src as far as the answer goes.
func (r *reader) read(src []byte) (n int, done bool, err error) {
	for n < len(src) && !done && err == nil {
		var k int
		switch r.at {
		case inLine:
			k, done, err = r.readLine(src[n:])
		case inBytes:
			k = int(min(r.left, int64(len(src)-n)))
			r.some(src[n : n+k])
			if r.left -= int64(k); r.left == 0 {
				r.at = inEnd
			}
		default:
			k = 1
			done, err = r.readEnd(src[n])
		}
		n += k
	}
	return n, done, err
}

// readLine consumes a line, or as much as there is of it.
func (r *reader) readLine(src []byte) (n int, done bool, err error) {
	i := bytes.IndexByte(src, '\n')
	if i < 0 {
		if len(r.line)+len(src) > maxLine {
			return 0, false, ErrLine
		}
		r.line = append(r.line, src...)
		return len(src), false, nil
	}
	n = i + 1
	line := src[:n]
	if len(r.line)+n > maxLine {
		return n, false, ErrLine
	}
	if len(r.line) > 0 {
		r.line = append(r.line, line...)
		line, r.line = r.line, r.line[:0]
	}
	r.size += int64(len(line))
	if r.limit > 0 && r.size > r.limit {
		return n, false, ErrLimit
	}
	end := len(line) - 2
	if end < 0 || bytes.IndexByte(line, '\r') != end {
		return n, false, ErrLineEnd
	}
	if end == 0 {
		return n, false, ErrType
	}
	done, err = r.begin(line[0], line[1:end])
	return n, done, err
}

// begin takes in a line: a whole value, or the beginning of one.
func (r *reader) begin(kind byte, rest []byte) (done bool, err error) {
	if r.piece {
		return r.nextPiece(kind, rest)
	}
	switch kind {
	case '+', '-', ':', ',', '(', '#', '_':
		return r.scalar(kind, rest)
	case '$', '!', '=':
		return r.beginString(kind, rest)
	case '*', '~', '%', '>', '|':
		return r.beginAggregate(kind, rest)
	case '.':
		return r.endStreamed(rest)
	case ';':
		return false, ErrStream
	}
	return false, ErrType
}

// scalar takes in a value that is a line.
func (r *reader) scalar(kind byte, rest []byte) (done bool, err error) {
	switch kind {
	case ':':
		if !isInteger(rest) {
			return false, ErrNumber
		}
	case ',', '(':
		if !isNumber(rest, kind == ',') {
			return false, ErrNumber
		}
	case '#':
		if string(rest) != "t" && string(rest) != "f" {
			return false, ErrBoolean
		}
	case '_':
		if len(rest) > 0 {
			return false, ErrNull
		}
	}
	r.open(kind)
	r.value(kind, rest)
	return r.close(kind), nil
}

// beginString takes in the length of a string.
func (r *reader) beginString(kind byte, rest []byte) (done bool, err error) {
	if kind == '$' && string(rest) == "-1" {
		return r.scalar('_', nil)
	}
	if kind == '$' && string(rest) == "?" {
		r.kind, r.piece = kind, true
		r.open(kind)
		return false, nil
	}
	if err := r.announce(rest); err != nil {
		return false, err
	}
	if kind == '=' && r.left < 4 {
		return false, ErrVerbatim
	}
	r.kind = kind
	r.open(kind)
	return false, nil
}

// announce reads the length of a string that begins now.
func (r *reader) announce(rest []byte) error {
	n, ok := digits(rest)
	switch {
	case !ok || n > math.MaxInt64/2:
		return ErrLength
	case r.limit > 0 && n > r.limit-r.size-int64(len("\r\n")):
		return ErrLimit
	}
	if r.left, r.at, r.cr = n, inBytes, false; n == 0 {
		r.at = inEnd
	}
	return nil
}

// readEnd takes in a byte of the CRLF after a string.
func (r *reader) readEnd(c byte) (done bool, err error) {
	r.size++
	if !r.cr {
		if c != '\r' {
			return false, ErrBulkEnd
		}
		r.cr = true
		return false, nil
	}
	if c != '\n' {
		return false, ErrBulkEnd
	}
	r.at = inLine
	if r.piece {
		return false, nil
	}
	return r.close(r.kind), nil
}

// some takes in some bytes of a string.
func (r *reader) some(b []byte) {
	r.size += int64(len(b))
	r.value(r.kind, b)
}

// nextPiece takes in the length of a streamed string's next piece; one of length 0 ends it.
func (r *reader) nextPiece(kind byte, rest []byte) (done bool, err error) {
	if kind != ';' {
		return false, ErrStream
	}
	if string(rest) == "0" {
		r.piece = false
		return r.close(r.kind), nil
	}
	return false, r.announce(rest)
}
