package http

import "bytes"

// session reads the requests of one connection, one after the other, from bytes that come in any pieces.
// It knows no socket and no clock.
type session struct {
	limits  limits
	req     request // the one being read, or the last one; valid until the next call of next
	body    body
	inBody  bool
	scanned int    // bytes of an unfinished head that have been parsed
	kept    []byte // method and target of a request whose body goes on in later pieces
}

type limits struct {
	head int
	body int64
}

// event is what a session found.
type event uint8

const (
	more       event = iota // nothing whole: the bytes that were not consumed must come again, with more behind them
	wantsGoing              // the client waits for 100 Continue before it sends its body
	complete                // a whole request, in req
)

// next consumes the beginning of src. A refusal ends the connection.
func (s *session) next(src []byte) (n int, what event, bad *refusal) {
	if !s.inBody {
		n, found, bad := s.head(src)
		if !found {
			return n, more, bad
		}
		if !s.body.start(&s.req) {
			return n, complete, nil
		}
		if s.req.length > s.limits.body {
			return n, more, bodyTooLong
		}
		s.inBody = true
		if s.req.expect && s.req.minor == 1 && n == len(src) {
			s.keepLine()
			return n, wantsGoing, nil
		}
		m, what, bad := s.content(src[n:])
		return n + m, what, bad
	}
	return s.content(src)
}

// head consumes a head and the empty lines before it (RFC 9112, section 2.2).
func (s *session) head(src []byte) (n int, found bool, bad *refusal) {
	for len(src) >= n+2 && src[n] == '\r' && src[n+1] == '\n' {
		n += 2
		s.scanned = 0
	}
	rest := src[n:]
	if len(rest) == 0 || len(rest) == 1 && rest[0] == '\r' {
		return n, false, nil
	}
	// Parsing finds nothing new before another line has ended.
	if len(rest) <= s.limits.head && bytes.IndexByte(rest[s.scanned:], '\n') < 0 {
		s.scanned = len(rest)
		return n, false, nil
	}
	m, bad := parseHead(rest, s.limits.head, &s.req)
	if m == 0 || bad != nil {
		s.scanned = len(rest)
		return n, false, bad
	}
	s.scanned = 0
	return n + m, true, nil
}

// content passes over the body of the request, or the rest of it.
func (s *session) content(src []byte) (n int, what event, bad *refusal) {
	n, done, bad := s.body.skip(src, s.limits.body)
	switch {
	case bad != nil:
		return n, more, bad
	case done:
		s.inBody = false
		return n, complete, nil
	}
	s.keepLine()
	return n, more, nil
}

// keepLine copies what req points to, for the bytes it points into do not come again.
func (s *session) keepLine() {
	method := len(s.req.method)
	if len(s.kept) > 0 && method > 0 && &s.kept[0] == &s.req.method[0] {
		return
	}
	s.kept = append(append(s.kept[:0], s.req.method...), s.req.target...)
	s.req.method, s.req.target = s.kept[:method:method], s.kept[method:]
}
