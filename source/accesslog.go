package source

import (
	"bytes"
	"errors"

	"github.com/iagoloadgen/iago/load"
)

// The formats that Apache calls common and combined, and that nginx writes by default (combined):
//
//	host ident user [time] "method target version" status size
//	host ident user [time] "method target version" status size "referer" "user agent"
//
// What stands before the time may be anything (vhost_combined begins with the virtual host), and so may what follows the
// user agent. Quoted text is unescaped. The request must be whole, and what is cut off behind it is merely not known: it
// is the request that is replayed. Bodies are not in such a log, so no record has one.
var (
	commonFormat = Format{
		Name:    "common",
		Summary: `access log of Apache or nginx: … [time] "GET /path HTTP/1.1" status size`,
		Parse: func(line []byte, r *load.Record) error {
			_, err := parseEntry(line, r)
			return err
		},
		Fits: func(line []byte) bool {
			_, _, _, err := splitEntry(line)
			return err == nil
		},
	}
	combinedFormat = Format{
		Name:    "combined",
		Summary: `access log of Apache or nginx: common, then "referer" "user agent", which become headers`,
		Parse:   parseCombined,
		Fits: func(line []byte) bool {
			_, _, rest, err := splitEntry(line)
			_, ok := afterSize(rest)
			return err == nil && ok
		},
	}
)

// Faults of an access log's line.
var (
	errEntry    = errors.New("expected [17/May/2015:10:05:03 +0000], a blank and a quoted request")
	errStamp    = errors.New("expected a time such as [17/May/2015:10:05:03 +0000]")
	errUnclosed = errors.New("no closing quote after the request")
	errNone     = errors.New("no request was recorded")
	errRequest  = errors.New("expected a request such as GET /path HTTP/1.1")
	errMethod   = errors.New("expected a method such as GET, of letters, digits and hyphens")
	errVersion  = errors.New("expected HTTP/ and a version at the end of the request; without one (HTTP/0.9) it may have been cut off")
)

func parseCombined(line []byte, r *load.Record) error {
	rest, err := parseEntry(line, r)
	if err != nil {
		return err
	}
	rest, ok := afterSize(rest)
	if !ok {
		return nil
	}
	referer, rest := cutQuoted(rest)
	addLogged(r, "Referer", referer)
	if len(rest) >= 2 && rest[0] == ' ' && rest[1] == '"' {
		agent, _ := cutQuoted(rest[2:])
		addLogged(r, "User-Agent", agent)
	}
	return nil
}

// parseEntry reads time and request of a line and returns what follows.
func parseEntry(line []byte, r *load.Record) (rest []byte, err error) {
	stamp, request, rest, err := splitEntry(line)
	if err != nil {
		return nil, err
	}
	var ok bool
	if r.Time, ok = parseStamp(stamp); !ok {
		return nil, errStamp
	}
	return rest, parseRequest(request, r)
}

// splitEntry finds the time and the request, still escaped, and what follows its closing quote.
func splitEntry(line []byte) (stamp, request, rest []byte, err error) {
	const form = "[" + stampForm + `] "`
	for {
		i := bytes.IndexByte(line, '[')
		if i < 0 || len(line)-i < len(form) {
			return nil, nil, nil, errEntry
		}
		line = line[i:]
		if string(line[len(form)-3:len(form)]) == `] "` {
			break
		}
		line = line[1:]
	}
	stamp, rest = line[1:1+len(stampForm)], line[len(form):]
	end := closingQuote(rest)
	if end < 0 {
		return nil, nil, nil, errUnclosed
	}
	return stamp, rest[:end], rest[end+1:], nil
}

// parseRequest reads a request line as it was logged.
func parseRequest(logged []byte, r *load.Record) error {
	line := logged
	if bytes.IndexByte(logged, '\\') >= 0 {
		r.Body = unescape(r.Body[:0], logged) // borrowed: entries have no body
		line = r.Body
		r.Body = r.Body[:0]
	}
	if len(line) == 0 || string(line) == "-" {
		return errNone
	}
	i, j := bytes.IndexByte(line, ' '), bytes.LastIndexByte(line, ' ')
	switch {
	case i < 0:
		return errRequest
	case !isToken(line[:i]):
		return errMethod
	case !isVersion(line[j+1:]):
		return errVersion
	case i == j:
		return errRequest
	}
	method := line[:i]
	uri, err := appendTarget(r.URI[:0], method, line[i+1:j])
	r.URI = uri
	r.Method = append(r.Method[:0], method...)
	return err
}

// isVersion tells HTTP/1.1 and the like (RFC 9112, section 2.3), HTTP/2.0, as nginx writes it, and HTTP/2.
func isVersion(b []byte) bool {
	const name = "HTTP/"
	digit := func(c byte) bool { return c >= '0' && c <= '9' }
	if len(b) <= len(name) || string(b[:len(name)]) != name || !digit(b[len(name)]) {
		return false
	}
	minor := b[len(name)+1:]
	return len(minor) == 0 || len(minor) == 2 && minor[0] == '.' && digit(minor[1])
}

// afterSize returns what follows the quote that opens the referer, behind ` status size "`.
func afterSize(rest []byte) ([]byte, bool) {
	numbers, referer, ok := bytes.Cut(rest, []byte{'"'})
	if !ok {
		return nil, false
	}
	for range 2 {
		if len(numbers) < 2 || numbers[0] != ' ' || numbers[1] == ' ' {
			return nil, false
		}
		numbers = numbers[1:]
		for len(numbers) > 0 && (numbers[0] >= '0' && numbers[0] <= '9' || numbers[0] == '-') {
			numbers = numbers[1:]
		}
	}
	return referer, string(numbers) == " "
}

// cutQuoted returns what stands before the closing quote, or all there is if the line lacks it, and what follows.
func cutQuoted(b []byte) (quoted, rest []byte) {
	if end := closingQuote(b); end >= 0 {
		return b[:end], b[end+1:]
	}
	return b, nil
}

// addLogged adds a header as it was logged. "-" means that there was none. A value with a control character in it cannot have
// been sent and must not be (RFC 9110, section 5.5), so the request goes without.
func addLogged(r *load.Record, name string, logged []byte) {
	if len(logged) == 0 || string(logged) == "-" {
		return
	}
	n := len(r.Header)
	f := nextField(r, name)
	f.Value = unescape(f.Value, logged)
	if printable(f.Value, ' ') {
		return
	}
	for _, c := range f.Value {
		if c < ' ' && c != '\t' || c == 0x7f {
			r.Header = r.Header[:n]
			return
		}
	}
}
