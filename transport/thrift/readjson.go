package thrift

import (
	"bytes"
	"math"
	"strconv"
)

// What a reader needs for the JSON protocol. Servers write it a little differently: with blanks or without, base64 with
// padding or without, doubles that are no numbers in quotes or bare (Python).

// space goes over blanks.
func (r *reader) space() {
	for r.at < len(r.b) {
		switch r.b[r.at] {
		case ' ', '\t', '\r', '\n':
			r.at++
		default:
			return
		}
	}
}

// peek is the next byte that is no blank; 0 at the end.
func (r *reader) peek() byte {
	r.space()
	if r.err != nil || r.at == len(r.b) {
		return 0
	}
	return r.b[r.at]
}

func (r *reader) expect(c byte) {
	if r.peek() != c {
		r.fail(ErrJSON)
		return
	}
	r.at++
}

// separate goes over what must stand before the next value.
func (r *reader) separate() {
	separator, _ := r.json.next()
	if separator != 0 {
		r.expect(separator)
	}
	r.space()
}

func (r *reader) open(object bool) {
	r.separate()
	r.json.push(object)
	if object {
		r.expect('{')
	} else {
		r.expect('[')
	}
}

func (r *reader) close(bracket byte) {
	r.json.pop()
	r.expect(bracket)
}

// quoted reads a string and returns its inside, with its escapes.
func (r *reader) quoted() []byte {
	r.separate()
	r.expect('"')
	if r.err != nil {
		return nil
	}
	end, _ := stringEnd(r.b, r.at)
	if end < 0 {
		r.fail(ErrJSON)
		return nil
	}
	s := r.b[r.at:end]
	r.at = end + 1
	return s
}

// number reads an integer; keys have it in quotes.
func (r *reader) number() int64 {
	r.separate()
	quoted := r.peek() == '"'
	if quoted {
		r.at++
	}
	v := r.digits()
	if quoted {
		r.expect('"')
	}
	return v
}

func (r *reader) digits() int64 {
	from := r.at
	for r.at < len(r.b) && (r.b[r.at] == '-' || '0' <= r.b[r.at] && r.b[r.at] <= '9') {
		r.at++
	}
	v, why := integer(r.b[from:r.at], 64)
	if why != inRange {
		r.fail(ErrJSON)
		return 0
	}
	return v
}

var nan, inf, minusInf = []byte("nan"), []byte("inf"), []byte("-inf")

// float reads a double.
func (r *reader) float() float64 {
	r.separate()
	var s []byte
	if r.peek() == '"' {
		r.at++
		end := bytes.IndexByte(r.b[r.at:], '"')
		if end < 0 {
			r.fail(ErrJSON)
			return 0
		}
		s = r.b[r.at : r.at+end]
		r.at += end + 1
	} else {
		from := r.at
		for r.at < len(r.b) && bytes.IndexByte(endsNumber, r.b[r.at]) < 0 {
			r.at++
		}
		s = r.b[from:r.at]
	}
	switch {
	case len(s) > 40:
		r.fail(ErrJSON)
		return 0
	case bytes.EqualFold(s, nan):
		return math.NaN()
	case bytes.EqualFold(s, inf) || string(s) == "Infinity":
		return math.Inf(1)
	case bytes.EqualFold(s, minusInf) || string(s) == "-Infinity":
		return math.Inf(-1)
	}
	v, err := strconv.ParseFloat(string(s), 64)
	if err != nil {
		r.fail(ErrJSON)
	}
	return v
}

var endsNumber = []byte(" \t\r\n,:]}")

// typeName reads the name of a type.
func (r *reader) typeName() ttype {
	t := jsonType(r.quoted())
	if t == tStop {
		r.fail(ErrType)
	}
	return t
}

// count reads how many elements a container has.
func (r *reader) count() int {
	n := r.number()
	if n < 0 || n > int64(len(r.b)) {
		r.fail(ErrLength)
		return 0
	}
	return int(n)
}

// jsonScan finds the end of a JSON array that comes in parts, by its brackets.
type jsonScan struct {
	at      int
	depth   int
	inside  bool // a string
	escaped bool // the byte before was a backslash
}

// scan goes on in b, which begins where it did before. done: the array's end is at s.at.
func (s *jsonScan) scan(b []byte) (done bool, err error) {
	for ; s.at < len(b); s.at++ {
		c := b[s.at]
		switch {
		case s.escaped:
			s.escaped = false
		case s.inside:
			s.escaped, s.inside = c == '\\', c != '"'
		case c == '"':
			s.inside = true
		case c == '[' || c == '{':
			s.depth++
		case c == ']' || c == '}':
			s.depth--
		}
		if s.depth == 0 {
			if c != ']' {
				return false, ErrVersion
			}
			s.at++
			return true, nil
		}
	}
	return false, nil
}
