package http

import "bytes"

// refusal is a request that is not served, and why. Its cause is counted in [Stats].
type refusal struct {
	status int
	cause  string
}

// What the parser refuses. It is strict where RFC 9112 lets a server be lenient, because a generator under test
// ought to hear of its mistakes.
var (
	badLineEnd  = &refusal{400, "line without CRLF"}
	badLine     = &refusal{400, "request line"}
	badMethod   = &refusal{400, "method"}
	badTarget   = &refusal{400, "request target"}
	badVersion  = &refusal{505, "version"}
	badName     = &refusal{400, "header name"}
	badValue    = &refusal{400, "header value"}
	badHost     = &refusal{400, "Host missing or given twice"}
	badLength   = &refusal{400, "Content-Length"}
	badBoth     = &refusal{400, "Content-Length beside Transfer-Encoding"}
	badCoding   = &refusal{501, "Transfer-Encoding other than chunked"}
	badExpect   = &refusal{417, "Expect other than 100-continue"}
	badConnect  = &refusal{501, "CONNECT"}
	badChunk    = &refusal{400, "chunk"}
	headTooLong = &refusal{431, "head above the limit"}
	bodyTooLong = &refusal{413, "body above the limit"}
)

// refused lists the statuses of all refusals.
var refused = [...]int{400, 413, 417, 431, 501, 505}

// request is a parsed head. Its slices point into what was parsed.
type request struct {
	method, target []byte
	minor          int   // HTTP/1.minor
	length         int64 // Content-Length; -1: not given
	chunked        bool
	close          bool // Connection: close was asked for
	keep           bool // Connection: keep-alive was asked for
	expect         bool // wants 100-continue before it sends its body
	marked         bool // has an X-Iago header
	hosts          int
}

// persists tells whether the connection may be used again (RFC 9112, section 9.3).
func (r *request) persists() bool { return !r.close && (r.minor == 1 || r.keep) }

// charset classes of RFC 9110, section 5.6.2, and of header values and request targets.
const (
	isToken = 1 << iota
	isValue
	isTarget
)

var charset = func() (t [256]uint8) {
	for c := range t {
		if c >= 0x20 && c != 0x7f || c == '\t' {
			t[c] |= isValue
		}
		if c > 0x20 && c != 0x7f {
			t[c] |= isTarget
		}
		if c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' && c < 0x80 || c < 0x80 && bytes.IndexByte([]byte("!#$%&'*+-.^_`|~"), byte(c)) >= 0 {
			t[c] |= isToken
		}
	}
	return t
}()

// all tells whether every byte of b is of the class. It looks at each without branching, which is twice as fast.
func all(b []byte, class uint8) bool {
	for _, c := range b {
		class &= charset[c]
	}
	return class != 0
}

// parseHead parses the head that src begins with into r and returns its length with the empty line; 0: it is not
// all there yet. A head longer than limit is refused.
func parseHead(src []byte, limit int, r *request) (n int, bad *refusal) {
	*r = request{length: -1}
	for n := 0; ; {
		i := bytes.IndexByte(src[n:], '\n')
		if i < 0 {
			if len(src) > limit {
				return 0, headTooLong
			}
			return 0, nil
		}
		line := src[n : n+i]
		first := n == 0
		n += i + 1
		switch {
		case n > limit:
			return 0, headTooLong
		case i == 0 || line[i-1] != '\r':
			return 0, badLineEnd
		case first:
			bad = r.requestLine(line[:i-1])
		case i == 1:
			return n, r.check()
		default:
			bad = r.headerLine(line[:i-1])
		}
		if bad != nil {
			return 0, bad
		}
	}
}

// requestLine parses "METHOD target HTTP/1.x".
func (r *request) requestLine(line []byte) *refusal {
	i := bytes.IndexByte(line, ' ')
	j := bytes.LastIndexByte(line, ' ')
	if i < 0 || i == j {
		return badLine
	}
	r.method, r.target = line[:i], line[i+1:j]
	switch version := line[j+1:]; {
	case i == 0 || !all(r.method, isToken):
		return badMethod
	case len(r.target) == 0 || !all(r.target, isTarget):
		return badTarget
	case len(version) != 8 || string(version[:5]) != "HTTP/":
		return badLine
	case string(version) == "HTTP/1.1":
		r.minor = 1
	case string(version) != "HTTP/1.0":
		return badVersion
	}
	return nil
}

// headerLine parses "Name: value".
func (r *request) headerLine(line []byte) *refusal {
	i := bytes.IndexByte(line, ':')
	if i <= 0 || !all(line[:i], isToken) {
		return badName
	}
	value := trim(line[i+1:])
	if !all(value, isValue) {
		return badValue
	}
	switch name := line[:i]; len(name) {
	case 4:
		if fold(name, "host") {
			r.hosts++
		}
	case 6:
		if fold(name, "expect") {
			if !fold(value, "100-continue") {
				return badExpect
			}
			r.expect = true
		} else if fold(name, "x-iago") {
			r.marked = true
		}
	case 10:
		if fold(name, "connection") {
			r.connection(value)
		}
	case 14:
		if fold(name, "content-length") {
			return r.contentLength(value)
		}
	case 17:
		if fold(name, "transfer-encoding") {
			if r.chunked || !fold(value, "chunked") {
				return badCoding
			}
			r.chunked = true
		}
	}
	return nil
}

// connection notes the options of a Connection header, a list.
func (r *request) connection(value []byte) {
	for len(value) > 0 {
		option := value
		if i := bytes.IndexByte(value, ','); i >= 0 {
			option, value = value[:i], value[i+1:]
		} else {
			value = nil
		}
		option = trim(option)
		r.close = r.close || fold(option, "close")
		r.keep = r.keep || fold(option, "keep-alive")
	}
}

func (r *request) contentLength(value []byte) *refusal {
	if r.length >= 0 || len(value) == 0 || len(value) > 18 {
		return badLength
	}
	n := int64(0)
	for _, c := range value {
		if c < '0' || c > '9' {
			return badLength
		}
		n = n*10 + int64(c-'0')
	}
	r.length = n
	return nil
}

// check judges what can only be judged of a whole head.
func (r *request) check() *refusal {
	switch {
	case r.hosts > 1 || r.hosts == 0 && r.minor == 1:
		return badHost
	case r.chunked && r.length >= 0:
		return badBoth
	case r.chunked && r.minor == 0:
		return badCoding
	case string(r.method) == "CONNECT":
		return badConnect
	}
	return nil
}

// trim takes spaces and tabs off both ends.
func trim(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t') {
		b = b[1:]
	}
	for len(b) > 0 && (b[len(b)-1] == ' ' || b[len(b)-1] == '\t') {
		b = b[:len(b)-1]
	}
	return b
}

// fold tells whether b is s in any mixture of cases; s is in lower case and ASCII.
func fold(b []byte, s string) bool {
	if len(b) != len(s) {
		return false
	}
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		if c != s[i] {
			return false
		}
	}
	return true
}
