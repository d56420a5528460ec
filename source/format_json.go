package source

import (
	"bytes"
	"errors"
	"math"
	"strconv"
	"time"

	"github.com/iagoloadgen/iago/load"
)

// jsonFormat has one JSON object on each line (JSON Lines). The object as a whole is Record.Object, for expressions and for
// protocols that take JSON. Members with the names below fill the record's other parts, as far as they are of a fitting type;
// one of any other type is left alone, for logs use the same names for other things:
//
//	method           text
//	uri, url, path   text: the first of them that there is. http and https URLs stand for their path, as in the format uri
//	headers          an object: text, numbers and true or false, and lists of them for names that come several times
//	body             text as it is; an object, a list or a number as JSON
//	args             the arguments of a call: taken for the body where there is none
//	time             RFC 3339, or a number of seconds, milliseconds, microseconds or nanoseconds since 1970
var jsonFormat = Format{
	Name:    "jsonl",
	Summary: `a JSON object on each line: {"method": "POST", "uri": "/path", "headers": {…}, "body": …}; any other members are for expressions`,
	Parse:   parseJSON,
	Ignore:  func(line []byte) bool { return skipBlanks(line, 0) == len(line) },
}

// Faults of a record in JSON.
var (
	errObject   = errors.New("expected a JSON object, { to }, alone on its line")
	errTrailing = errors.New("expected nothing after the object's closing }")
)

func parseJSON(line []byte, r *load.Record) error {
	from := skipBlanks(line, 0)
	if from == len(line) || line[from] != '{' {
		return errObject
	}
	p := jsonRecord{r: r}
	end, err := p.members(line, from)
	switch {
	case err != nil:
		return err
	case skipBlanks(line, end) != len(line):
		return errTrailing
	}
	r.Object = append(r.Object[:0], line[from:end]...)
	if len(p.body) == 0 {
		p.body = p.args
	}
	if len(p.body) > 0 {
		r.Body = appendScalar(r.Body[:0], p.body)
	}
	return p.fault
}

// jsonRecord fills r of an object's members.
type jsonRecord struct {
	r          *load.Record
	body, args []byte // as they stand in the line
	fault      error  // of a member; shown only if the line is JSON at all
}

// members goes through the object that begins at i.
func (p *jsonRecord) members(b []byte, i int) (_ int, err error) {
	i = skipBlanks(b, i+1)
	if i < len(b) && b[i] == '}' {
		return i + 1, nil
	}
	for {
		var name []byte
		if name, i, err = memberName(b, i); err != nil {
			return i, err
		}
		from := skipBlanks(b, i)
		if i, err = skipValue(b, from, 1); err != nil {
			return i, err
		}
		p.member(name, b[from:i])
		i = skipBlanks(b, i)
		switch {
		case i < len(b) && b[i] == '}':
			return i + 1, nil
		case i == len(b) || b[i] != ',':
			return i, errJSONComma
		}
		i++
	}
}

// member takes up a member whose name, in quotes, has a meaning. Of members with the same meaning the first counts.
func (p *jsonRecord) member(name, value []byte) {
	text := value[0] == '"'
	switch string(name) {
	case `"method"`:
		if text && len(p.r.Method) == 0 {
			p.r.Method = appendText(p.r.Method, value)
		}
	case `"uri"`, `"url"`, `"path"`:
		if text && len(p.r.URI) == 0 {
			p.uri(value)
		}
	case `"headers"`:
		if value[0] == '{' {
			p.headers(value)
		}
	case `"body"`:
		if p.body == nil && value[0] != 'n' {
			p.body = value
		}
	case `"args"`:
		if p.args == nil && (value[0] == '{' || value[0] == '[') {
			p.args = value
		}
	case `"time"`:
		if p.r.Time.IsZero() {
			p.time(value)
		}
	}
}

// uri takes paths and URLs as the format uri does. Any other text addresses something other than a path, and stays as it is.
func (p *jsonRecord) uri(value []byte) {
	p.r.Body = appendText(p.r.Body[:0], value) // borrowed: the body is set last
	target := p.r.Body
	p.r.Body = p.r.Body[:0]
	if len(target) == 0 {
		return
	}
	if target[0] != '/' && string(target) != "*" && !bytes.Contains(target, []byte("://")) {
		p.r.URI = append(p.r.URI, target...)
		return
	}
	target, _, _ = bytes.Cut(target, []byte("#"))
	method := []byte(nil)
	if string(target) == "*" {
		method = []byte("OPTIONS") // the only one with it; which one this is may stand later in the line
	}
	p.r.URI, p.fault = appendTarget(p.r.URI, method, target)
}

// headers adds the members of an object that has been checked.
func (p *jsonRecord) headers(b []byte) {
	for i := skipBlanks(b, 1); b[i] != '}'; {
		var name []byte
		name, i, _ = memberName(b, i)
		from := skipBlanks(b, i)
		i, _ = skipValue(b, from, 1)
		p.header(name, b[from:i])
		i = skipBlanks(b, i)
		if b[i] == ',' {
			i = skipBlanks(b, i+1)
		}
	}
}

func (p *jsonRecord) header(name, value []byte) {
	switch value[0] {
	case '[':
		for i := skipBlanks(value, 1); value[i] != ']'; {
			from := i
			i, _ = skipValue(value, from, 1)
			if value[from] != '[' {
				p.header(name, value[from:i])
			}
			i = skipBlanks(value, i)
			if value[i] == ',' {
				i = skipBlanks(value, i+1)
			}
		}
	case '{', 'n':
	default:
		f := nextField(p.r, "")
		f.Name = appendText(f.Name, name)
		f.Value = appendScalar(f.Value, value)
	}
}

// appendScalar appends text as it is meant, anything else as it stands.
func appendScalar(dst, value []byte) []byte {
	if value[0] == '"' {
		return appendText(dst, value)
	}
	return append(dst, value...)
}

func (p *jsonRecord) time(value []byte) {
	if value[0] == '"' {
		var t time.Time
		if t.UnmarshalText(value[1:len(value)-1]) == nil {
			p.r.Time = t
		}
		return
	}
	if n, err := strconv.ParseFloat(string(value), 64); err == nil {
		p.r.Time = sinceEpoch(n)
	}
}

// sinceEpoch tells the unit by the size: 1e11 s are the year 5138, 1e11 ms the year 1973. What is not positive or lies beyond
// 1e20 is no time.
func sinceEpoch(n float64) time.Time {
	if !(n > 0) || n >= 1e20 {
		return time.Time{}
	}
	unit := 1.0
	for n/unit >= 1e11 && unit < 1e9 {
		unit *= 1000
	}
	seconds, part := math.Modf(n / unit)
	return time.Unix(int64(seconds), int64(part*1e9)).UTC()
}
