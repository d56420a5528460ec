package source

import (
	"bytes"
	"errors"
	"strconv"

	"github.com/iagoloadgen/iago/load"
)

// Tables: each line is a record of columns, which are in Record.Fields by the names c1, c2 and so on. A format sees one line at
// a time, so that a first line of names is a record as any other: leave it out with `skip: 1`. What the columns mean is for
// expressions to say. No table is ever guessed, since nearly any line could be one.
var (
	// csvFormat is that of RFC 4180, but for its quoted line ends: a record is one line.
	csvFormat = Format{
		Name:    "csv",
		Summary: "columns with commas between them, in quotes where need be; expressions know them as fields.c1, fields.c2, …",
		Parse:   parseCSV,
		Fits:    func([]byte) bool { return false },
	}
	// tsvFormat is IANA's text/tab-separated-values: no quotes and no escapes.
	tsvFormat = Format{
		Name:    "tsv",
		Summary: "columns with tabs between them; expressions know them as fields.c1, fields.c2, …",
		Parse:   parseTSV,
		Fits:    func([]byte) bool { return false },
	}
	// linesFormat takes any line. It is in Record.Raw and nowhere else.
	linesFormat = Format{
		Name:    "lines",
		Summary: "any text; expressions know each line as raw",
		Parse:   func([]byte, *load.Record) error { return nil },
		Fits:    func([]byte) bool { return false },
	}
)

// Faults of a line of a table.
var (
	errCSVOpen  = errors.New("no closing quote; a column cannot span lines here")
	errCSVQuote = errors.New(`a quote within a column: put the column in quotes and write ""`)
	errCSVAfter = errors.New("expected a comma after a column's closing quote")
)

func parseTSV(line []byte, r *load.Record) error {
	for {
		column, rest, more := bytes.Cut(line, []byte("\t"))
		f := nextColumn(r)
		f.Value = append(f.Value, column...)
		if !more {
			return nil
		}
		line = rest
	}
}

func parseCSV(line []byte, r *load.Record) error {
	for {
		f := nextColumn(r)
		end := bytes.IndexByte(line, ',')
		switch {
		case len(line) > 0 && line[0] == '"':
			var err error
			if f.Value, end, err = appendQuoted(f.Value, line); err != nil {
				return err
			}
		case end < 0:
			end = len(line)
			fallthrough
		default:
			if bytes.IndexByte(line[:end], '"') >= 0 {
				return errCSVQuote
			}
			f.Value = append(f.Value, line[:end]...)
		}
		if end == len(line) {
			return nil
		}
		line = line[end+1:]
	}
}

// appendQuoted appends the column in quotes that line begins with and returns where the comma behind it stands, or the end.
func appendQuoted(dst, line []byte) ([]byte, int, error) {
	for i := 1; ; {
		n := bytes.IndexByte(line[i:], '"')
		if n < 0 {
			return dst, 0, errCSVOpen
		}
		dst = append(dst, line[i:i+n]...)
		i += n + 1
		switch {
		case i == len(line) || line[i] == ',':
			return dst, i, nil
		case line[i] != '"':
			return dst, 0, errCSVAfter
		}
		dst = append(dst, '"')
		i++
	}
}

// nextColumn appends a column without a value, named after its number, to r's fields.
func nextColumn(r *load.Record) *load.Field {
	n := len(r.Fields)
	if n < cap(r.Fields) {
		r.Fields = r.Fields[:n+1]
	} else {
		r.Fields = append(r.Fields, load.Field{})
	}
	f := &r.Fields[n]
	f.Name = strconv.AppendInt(append(f.Name[:0], 'c'), int64(n+1), 10)
	f.Value = f.Value[:0]
	return f
}
