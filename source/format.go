package source

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/iagoloadgen/iago/load"
)

// Format makes records of lines. Its functions are called by several goroutines, each for a source of its own, so they keep
// no state.
type Format struct {
	Name    string // "combined"
	Summary string // one line for `iago list`

	// Parse fills r with what line says. r comes reset, with File, Line and Raw set; the rest is filled by append to its own
	// memory (r.URI = append(r.URI[:0], …), [AddHeader]): line is gone after the call. An error says what was expected, in
	// words that follow "access.log:17: combined: " and precede the line; it is made for every bad line, so it should be a
	// variable. What is in r is then void.
	Parse func(line []byte, r *load.Record) error

	// Ignore tells lines that are no entries at all, such as comments; they are not counted. nil: none but empty lines,
	// which no format gets to see.
	Ignore func(line []byte) bool

	// Fits tells whether a line speaks for this format when a source's format is guessed. nil: if Parse finds no fault.
	Fits func(line []byte) bool
}

var formats = struct {
	sync.RWMutex
	list []Format // in the order of registration, which is that of guessing
}{list: []Format{combinedFormat, commonFormat, uriFormat, jsonFormat, csvFormat, tsvFormat, linesFormat}}

// RegisterFormat makes a format known. When a source's format is guessed, formats are tried in the order in which they were
// registered. It panics on a name that is taken, and without a name or Parse.
func RegisterFormat(f Format) {
	formats.Lock()
	defer formats.Unlock()
	if f.Name == "" || f.Parse == nil {
		panic("source: a format needs a name and Parse")
	}
	if slices.ContainsFunc(formats.list, func(g Format) bool { return g.Name == f.Name }) {
		panic("source: format registered twice: " + f.Name)
	}
	formats.list = append(formats.list, f)
}

// Formats returns all known formats, in the order in which they are tried when one is guessed.
func Formats() []Format {
	formats.RLock()
	defer formats.RUnlock()
	return slices.Clone(formats.list)
}

// formatNamed finds a format by its name.
func formatNamed(name string) (Format, error) {
	for _, f := range Formats() {
		if f.Name == name {
			return f, nil
		}
	}
	return Format{}, fmt.Errorf("source: format: there is none named %q; there are %s", name, formatNames())
}

func formatNames() string {
	var names []string
	for _, f := range Formats() {
		names = append(names, f.Name)
	}
	return strings.Join(names, ", ")
}

func (f *Format) ignores(line []byte) bool {
	return len(line) == 0 || f.Ignore != nil && f.Ignore(line)
}

// fits tells whether line speaks for f; scratch is any record.
func (f *Format) fits(line []byte, scratch *load.Record) bool {
	if f.ignores(line) {
		return false
	}
	if f.Fits != nil {
		return f.Fits(line)
	}
	scratch.Reset()
	scratch.Raw = append(scratch.Raw, line...)
	return f.Parse(line, scratch) == nil
}

// AddHeader appends a header field to r, copied to memory that r keeps for its next content.
func AddHeader(r *load.Record, name string, value []byte) {
	f := nextField(r, name)
	f.Value = append(f.Value, value...)
}

// nextField appends a field without a value.
func nextField(r *load.Record, name string) *load.Field {
	n := len(r.Header)
	if n < cap(r.Header) {
		r.Header = r.Header[:n+1]
	} else {
		r.Header = append(r.Header, load.Field{})
	}
	f := &r.Header[n]
	f.Name, f.Value = append(f.Name[:0], name...), f.Value[:0]
	return f
}
