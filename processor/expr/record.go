package expr

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/iagoloadgen/iago/load"
)

// recordTypes are the variables of expressions over records.
type recordTypes struct {
	Raw     string         `expr:"raw"`     // the record as it stands in its source
	File    string         `expr:"file"`    // where it was read
	Line    int            `expr:"line"`    // its line there
	Seq     int            `expr:"seq"`     // its number among those that were processed, from 1
	Method  string         `expr:"method"`  // "" where the record has none
	URI     string         `expr:"uri"`     // path and query
	Path    string         `expr:"path"`    // what is before the ?
	Query   map[string]any `expr:"query"`   // parameters, unescaped; the first of each name
	Headers map[string]any `expr:"headers"` // by names in lower case
	Body    string         `expr:"body"`
	Time    time.Time      `expr:"time"`   // when it happened; year 1 where that is not known
	Fields  map[string]any `expr:"fields"` // columns and the like, by their names
	JSON    any            `expr:"json"`   // the record as a JSON object; nil where it is none
}

// recordValues has recordTypes' fields, for machine.
type recordValues struct {
	Raw, File, Line, Seq, Method, URI, Path, Query, Headers, Body, Time, Fields, JSON any
}

// internalMark ends the names of functions that expressions do not call by themselves; see lookup.
const internalMark = "__"

// recordSide evaluates expressions over records.
type recordSide struct {
	machine
	rec    *load.Record
	seq    int
	values recordValues
}

func newRecordSide(seed uint64) *recordSide {
	const stream = 0x65_78_70_72 // its own among the uses of one seed
	s := &recordSide{}
	v := &s.values
	s.machine = machine{
		values: v, types: recordTypes{}, random: rand.New(rand.NewPCG(seed, stream)),
		lookups: map[string]string{"query": "query" + internalMark, "headers": "header", "fields": "field" + internalMark},
		load: map[string]func() error{
			"raw":     func() error { v.Raw = string(s.rec.Raw); return nil },
			"file":    func() error { v.File = s.rec.File; return nil },
			"line":    func() error { v.Line = int(s.rec.Line); return nil },
			"seq":     func() error { v.Seq = s.seq; return nil },
			"method":  func() error { v.Method = string(s.rec.Method); return nil },
			"uri":     func() error { v.URI = string(s.rec.URI); return nil },
			"path":    func() error { p, _, _ := bytes.Cut(s.rec.URI, []byte("?")); v.Path = string(p); return nil },
			"query":   func() error { v.Query = queryMap(s.rec.URI); return nil },
			"headers": func() error { v.Headers = fieldMap(s.rec.Header, strings.ToLower); return nil },
			"body":    func() error { v.Body = string(s.rec.Body); return nil },
			"time":    func() error { v.Time = s.rec.Time; return nil },
			"fields":  func() error { v.Fields = fieldMap(s.rec.Fields, strings.Clone); return nil },
			"json":    s.loadJSON,
		},
	}
	s.functions = append(functionsFor(s.random),
		named("query"+internalMark, func(name string) any { return parameter(s.rec.URI, name) }),
		named("header", func(name string) any { return header(s.rec.Header, name) }),
		named("field"+internalMark, func(name string) any { return field(s.rec.Fields, name) }),
	)
	s.index()
	return s
}

// begin goes on to the next record.
func (s *recordSide) begin(rec *load.Record) {
	s.rec = rec
	s.seq++
	s.machine.begin()
}

func (s *recordSide) loadJSON() (err error) {
	if s.values.JSON = nil; len(s.rec.Object) > 0 {
		s.values.JSON, err = decodeJSON(s.rec.Object)
	}
	return err
}

// named makes a function that looks something up by a name.
func named(name string, find func(string) any) function {
	return function{name, []any{new(func(string) any)}, func(args ...any) (any, error) {
		what, err := textOf(args[0])
		if err != nil {
			return nil, err
		}
		return find(what), nil
	}}
}

// parameter returns the first value of a name in a URI's query, or nil.
func parameter(uri []byte, name string) any {
	var found any
	eachParameter(uri, func(n, value []byte) bool {
		if string(n) == name || escaped(n) && unescapeQuery(n) == name {
			found = unescapeQuery(value)
			return false
		}
		return true
	})
	return found
}

func queryMap(uri []byte) map[string]any {
	m := map[string]any{}
	eachParameter(uri, func(name, value []byte) bool {
		n := unescapeQuery(name)
		if _, known := m[n]; !known {
			m[n] = unescapeQuery(value)
		}
		return true
	})
	return m
}

// eachParameter calls yield for the parameters of a URI's query, as they stand there, until it returns false.
func eachParameter(uri []byte, yield func(name, value []byte) bool) {
	_, query, more := bytes.Cut(uri, []byte("?"))
	for more {
		var p []byte
		if p, query, more = bytes.Cut(query, []byte("&")); len(p) == 0 {
			continue
		}
		if name, value, _ := bytes.Cut(p, []byte("=")); !yield(name, value) {
			return
		}
	}
}

// header returns the first value of a header, whose name's case does not count, or nil.
func header(list []load.Field, name string) any {
	for i := range list {
		if sameName(list[i].Name, name) {
			return string(list[i].Value)
		}
	}
	return nil
}

func sameName(a []byte, b string) bool { return len(a) == len(b) && strings.EqualFold(string(a), b) }

func field(list []load.Field, name string) any {
	for i := range list {
		if string(list[i].Name) == name {
			return string(list[i].Value)
		}
	}
	return nil
}

// fieldMap has the first value of each name.
func fieldMap(list []load.Field, change func(string) string) map[string]any {
	m := make(map[string]any, len(list))
	for _, f := range list {
		name := change(string(f.Name))
		if _, known := m[name]; !known {
			m[name] = string(f.Value)
		}
	}
	return m
}
