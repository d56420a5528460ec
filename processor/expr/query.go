package expr

import (
	"bytes"
	"errors"
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/iagoloadgen/iago/load"
)

// Query is what is done to the query of each record's URI.
type Query struct {
	// Drop are names of parameters to leave out; * stands for any text, as in oauth_*.
	Drop []string `yaml:"drop,omitempty"`
	// Shift are parameters whose values are times, or ids made of times, to be moved toward the present, so that old logs stay
	// fresh.
	Shift []Shift `yaml:"shift,omitempty"`
}

// Shift moves the time in a parameter's value.
type Shift struct {
	// Name is the parameter's; * stands for any text.
	Name string `yaml:"name" jsonschema:"required,minLength=1"`
	// Kind is what the value is: snowflake (an id whose bits from the 23rd on are milliseconds; the default), seconds or
	// millis (since 1970).
	Kind string `yaml:"kind,omitempty" jsonschema:"enum=snowflake,enum=seconds,enum=millis"`
	// By is how far it is moved. 0: as far as the record lies back, so that it is as old when sent as it was when recorded.
	By time.Duration `yaml:"by,omitempty"`
}

// Kinds of values that are shifted.
const (
	snowflake = "snowflake" // milliseconds << 22: Twitter's ids, and those that were modeled on them
	seconds   = "seconds"
	millis    = "millis"
)

const snowflakeBits = 22 // of the machine and the sequence, below the milliseconds

func (q *Query) isZero() bool { return len(q.Drop) == 0 && len(q.Shift) == 0 }

func (q *Query) check(p *problems) {
	const path = "request.query"
	for i, name := range q.Drop {
		if name == "" {
			p.add(path+index("drop", i), "it is empty; give a parameter's name, such as oauth_*")
		}
	}
	for i := range q.Shift {
		s := &q.Shift[i]
		if s.Name == "" {
			p.add(path+index("shift", i)+".name", "it is empty; give a parameter's name, such as since_id")
		}
		switch s.Kind {
		case "", snowflake, seconds, millis:
		default:
			p.add(path+index("shift", i)+".kind", "%q: expected %s, %s or %s", s.Kind, snowflake, seconds, millis)
		}
	}
}

// index is the path of a list's item.
func index(list string, i int) string { return "." + list + "[" + strconv.Itoa(i) + "]" }

// rewriter applies a Query.
type rewriter struct {
	Query
	out []byte
	now func() time.Time
}

// rewrite returns rec's URI with its query changed; it is valid until the next call.
func (w *rewriter) rewrite(rec *load.Record) ([]byte, error) {
	path, query, ok := bytes.Cut(rec.URI, []byte("?"))
	if !ok {
		return rec.URI, nil
	}
	w.out = append(w.out[:0], path...)
	mark := byte('?')
	for more := true; more; {
		var parameter []byte
		parameter, query, more = bytes.Cut(query, []byte("&"))
		name, value, _ := bytes.Cut(parameter, []byte("="))
		if w.drops(name) {
			continue
		}
		w.out = append(w.out, mark)
		mark = '&'
		rule := w.rule(name)
		if rule == nil || len(value) == 0 {
			w.out = append(w.out, parameter...)
			continue
		}
		by, err := w.distance(rule, rec.Time)
		if err != nil {
			return nil, err
		}
		w.out = append(append(w.out, name...), '=')
		w.out = appendShifted(w.out, value, rule.Kind, by)
	}
	return w.out, nil
}

func (w *rewriter) drops(name []byte) bool {
	for _, pattern := range w.Drop {
		if fitsName(pattern, name) {
			return true
		}
	}
	return false
}

// rule returns the first rule for a parameter, or nil.
func (w *rewriter) rule(name []byte) *Shift {
	for i := range w.Shift {
		if fitsName(w.Shift[i].Name, name) {
			return &w.Shift[i]
		}
	}
	return nil
}

var errNoTime = errors.New("request.query.shift: the record has no time that says how old it is; give by")

func (w *rewriter) distance(s *Shift, recorded time.Time) (time.Duration, error) {
	switch {
	case s.By != 0:
		return s.By, nil
	case recorded.IsZero():
		return 0, errNoTime
	}
	return w.now().Sub(recorded), nil
}

// appendShifted appends a value moved by a distance. What is no number stays as it is, and so does a value that would leave
// the range of ids (63 bits).
func appendShifted(dst, value []byte, kind string, by time.Duration) []byte {
	step, factor := int64(by/time.Millisecond), int64(1)
	switch kind {
	case seconds:
		step = int64(by / time.Second)
	case millis:
	default:
		factor = 1 << snowflakeBits
	}
	n, ok := parseID(value)
	if !ok || step > 0 && (math.MaxInt64-n)/factor < step || step < 0 && n/factor < -step {
		return append(dst, value...)
	}
	return strconv.AppendInt(dst, n+step*factor, 10)
}

// parseID reads a number of at most 63 bits.
func parseID(b []byte) (n int64, ok bool) {
	if len(b) == 0 || len(b) > 19 {
		return 0, false
	}
	var u uint64
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		u = u*10 + uint64(c-'0')
	}
	return int64(u), u <= math.MaxInt64
}

// fitsName tells whether a parameter's name, as it stands in the query, fits a pattern.
func fitsName(pattern string, name []byte) bool {
	if escaped(name) {
		if plain, err := url.QueryUnescape(string(name)); err == nil {
			return fits(pattern, []byte(plain))
		}
	}
	return fits(pattern, name)
}

func escaped(b []byte) bool { return bytes.IndexByte(b, '%') >= 0 || bytes.IndexByte(b, '+') >= 0 }

// fits tells whether text fits a pattern in which * stands for any text. A star takes the earliest fit of what follows it;
// only the last piece is tied to the end.
func fits(pattern string, text []byte) bool {
	piece, rest, star := strings.Cut(pattern, "*")
	if !star {
		return pattern == string(text)
	}
	if len(text) < len(piece) || string(text[:len(piece)]) != piece {
		return false
	}
	for text = text[len(piece):]; ; {
		piece, rest, star = strings.Cut(rest, "*")
		if !star {
			return len(text) >= len(piece) && string(text[len(text)-len(piece):]) == piece
		}
		i := bytes.Index(text, []byte(piece))
		if i < 0 {
			return false
		}
		text = text[i+len(piece):]
	}
}

// unescapeQuery returns what text in a query stands for. Text that is escaped wrongly stays as it is.
func unescapeQuery(b []byte) string {
	if !escaped(b) {
		return string(b)
	}
	s, err := url.QueryUnescape(string(b))
	if err != nil {
		return string(b)
	}
	return s
}
