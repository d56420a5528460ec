package expr

import (
	"encoding/json"
	"fmt"
	"strconv"
)

// decodeJSON reads a JSON value as expressions want it: whole numbers are ints, as far as they fit, so that ids stay what they
// are; other numbers are float64s, and those beyond them text.
func decodeJSON(b []byte) (any, error) {
	if !json.Valid(b) {
		var v any
		return nil, fmt.Errorf("not JSON: %w", json.Unmarshal(b, &v))
	}
	r := jsonReader{b: b}
	return r.value(), nil
}

// jsonReader goes through JSON that is known to be valid.
type jsonReader struct {
	b []byte
	i int
}

func (r *jsonReader) value() any {
	switch r.next() {
	case '{':
		return r.object()
	case '[':
		return r.list()
	case '"':
		return r.text()
	case 't':
		r.i += len("true")
		return true
	case 'f':
		r.i += len("false")
		return false
	case 'n':
		r.i += len("null")
		return nil
	}
	return r.number()
}

// next skips blanks and returns the byte behind them.
func (r *jsonReader) next() byte {
	for {
		switch c := r.b[r.i]; c {
		case ' ', '\t', '\r', '\n':
			r.i++
		default:
			return c
		}
	}
}

func (r *jsonReader) object() any {
	m := map[string]any{}
	r.i++
	for r.next() != '}' {
		name := r.text()
		r.next()
		r.i++ // the colon
		m[name] = r.value()
		if r.next() == ',' {
			r.i++
		}
	}
	r.i++
	return m
}

func (r *jsonReader) list() any {
	list := []any{}
	r.i++
	for r.next() != ']' {
		list = append(list, r.value())
		if r.next() == ',' {
			r.i++
		}
	}
	r.i++
	return list
}

// text reads a text; the library sees to the few with escapes.
func (r *jsonReader) text() string {
	r.next()
	from, escaped := r.i, false
	for r.i++; r.b[r.i] != '"'; r.i++ {
		if r.b[r.i] == '\\' {
			escaped = true
			r.i++
		}
	}
	r.i++
	if !escaped {
		return string(r.b[from+1 : r.i-1])
	}
	var s string
	_ = json.Unmarshal(r.b[from:r.i], &s) // it is valid
	return s
}

func (r *jsonReader) number() any {
	from := r.i
	for r.i < len(r.b) && numeric(r.b[r.i]) {
		r.i++
	}
	text := string(r.b[from:r.i])
	if n, err := strconv.Atoi(text); err == nil {
		return n
	}
	if f, err := strconv.ParseFloat(text, 64); err == nil {
		return f
	}
	return text
}

func numeric(c byte) bool {
	return c >= '0' && c <= '9' || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E'
}
