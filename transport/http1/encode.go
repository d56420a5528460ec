package http1

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/iagoloadgen/iago/load"
)

var defaultMethod = []byte("GET")

// AppendRequest implements [transport.Codec]. On an error dst comes back as it was.
func (c *codec) AppendRequest(dst []byte, req *load.Request, target *load.Target) ([]byte, error) {
	start := len(dst)
	req.Hold = 0
	h, err := c.surveyHeader(req)
	if err != nil {
		return dst, err
	}
	out, err := appendRequestLine(dst, req, target)
	if err != nil {
		return dst[:start], err
	}
	out = appendHost(out, req, target, h.host)
	out = c.appendHeader(out, req, h)
	if h.expects && len(req.Body) > 0 {
		req.Hold = len(out) - start
	}
	return append(out, req.Body...), nil
}

// appendRequestLine writes the first line, with the target's path before the request's (RFC 9112, section 3).
func appendRequestLine(dst []byte, req *load.Request, target *load.Target) ([]byte, error) {
	method := req.Method
	if len(method) == 0 {
		method = defaultMethod
	}
	if tokenLen(method) != len(method) {
		return dst, bad("method", method, "want letters, digits and the like, such as GET")
	}
	dst = append(append(dst, method...), ' ')
	start := len(dst)
	switch formOf(method, req.URI) {
	case otherForm:
		return dst, bad("URI", req.URI, wantPath(method))
	case originForm:
		dst = append(dst, target.Path...)
		if len(req.URI) > 0 && req.URI[0] == '?' && len(target.Path) == 0 {
			dst = append(dst, '/')
		}
	}
	dst = append(dst, req.URI...)
	if len(dst) == start {
		dst = append(dst, '/')
	}
	if !visible(dst[start:]) {
		return dst, bad("URI", dst[start:], "it holds a space or a control byte; write it as %20 or the like")
	}
	return append(dst, " HTTP/1.1\r\n"...), nil
}

func wantPath(method []byte) string {
	if string(method) == "CONNECT" {
		return "CONNECT wants host:port"
	}
	return `want a path that begins with "/"`
}

// form is the form of a request target (RFC 9112, section 3.2).
type form uint8

const (
	otherForm  form = iota // none of those below
	originForm             // a path, a query, or nothing
	wholeForm              // absolute-form, authority-form or "*": sent as it stands
)

func formOf(method, uri []byte) form {
	switch {
	case string(method) == "CONNECT":
		if len(uri) == 0 || uri[0] == '/' {
			return otherForm
		}
		return wholeForm
	case len(uri) == 0 || uri[0] == '/' || uri[0] == '?':
		return originForm
	case string(method) == "OPTIONS" && string(uri) == "*":
		return wholeForm
	}
	if scheme, _, ok := bytes.Cut(uri, []byte("://")); ok && len(scheme) > 0 && tokenLen(scheme) == len(scheme) {
		return wholeForm
	}
	return otherForm
}

// survey is what surveyHeader finds out.
type survey struct {
	host    int  // index of the Host header; -1: none
	length  bool // there is a Content-Length
	closes  bool // there is a Connection: close
	expects bool // there is an Expect: 100-continue, or there must be
	expect  bool // … and it is for us to add it
}

// surveyHeader checks the request's headers and finds those that the codec would write itself.
func (c *codec) surveyHeader(req *load.Request) (survey, error) {
	s := survey{host: -1}
	for i, f := range req.Header {
		switch {
		case len(f.Name) == 0 || tokenLen(f.Name) != len(f.Name):
			return s, bad("header name", f.Name, "want letters, digits and hyphens")
		case !clean(f.Value):
			return s, bad("value of header "+string(f.Name), f.Value, "it holds a control byte; CR and LF would end the header")
		case equalFold(f.Name, "host"):
			if s.host >= 0 {
				return s, bad("second Host header", f.Value, "want one at most")
			}
			s.host = i
		case equalFold(f.Name, "content-length"):
			if n, ok := decimal(trim(f.Value)); !ok || n != int64(len(req.Body)) || s.length {
				return s, bad("header Content-Length", f.Value, fmt.Sprintf("the body has %d bytes; leave the header out, it is added", len(req.Body)))
			}
			s.length = true
		case equalFold(f.Name, "transfer-encoding"):
			return s, bad("header Transfer-Encoding", f.Value, "bodies are sent with a Content-Length; leave the header out")
		case equalFold(f.Name, "connection"):
			s.closes = s.closes || hasElement(f.Value, "close")
		case equalFold(f.Name, "expect"):
			s.expects = s.expects || hasElement(f.Value, "100-continue")
		}
	}
	if c.config.ExpectContinue && !s.expects && len(req.Body) > 0 {
		s.expects, s.expect = true, true
	}
	return s, nil
}

// appendHost writes the Host header, first of all as RFC 9110, section 7.2 recommends.
func appendHost(dst []byte, req *load.Request, target *load.Target, own int) []byte {
	dst = append(dst, "Host: "...)
	switch {
	case own >= 0:
		dst = append(dst, req.Header[own].Value...)
	case target.Unix != "":
		dst = append(dst, "localhost"...)
	case strings.IndexByte(target.Host, ':') >= 0:
		address, _, _ := strings.Cut(target.Host, "%") // a zone means nothing to the other side (RFC 6874, section 4)
		dst = append(append(append(dst, '['), address...), ']')
		dst = appendPort(dst, target)
	default:
		dst = appendPort(append(dst, target.Host...), target)
	}
	return append(dst, "\r\n"...)
}

// appendPort writes the port, unless it is the scheme's own or not known.
func appendPort(dst []byte, target *load.Target) []byte {
	own := portHTTP
	if target.TLS {
		own = portHTTPS
	}
	if target.Port == own || target.Port == 0 {
		return dst
	}
	return strconv.AppendInt(append(dst, ':'), int64(target.Port), 10)
}

// appendHeader writes the other headers, those that the codec adds, and the empty line.
func (c *codec) appendHeader(dst []byte, req *load.Request, s survey) []byte {
	for i := range req.Header {
		if i == s.host {
			continue
		}
		f := &req.Header[i]
		dst = append(append(dst, f.Name...), ": "...)
		dst = append(append(dst, f.Value...), "\r\n"...)
	}
	if !s.length && (len(req.Body) > 0 || announcesBody(req.Method)) {
		dst = append(dst, "Content-Length: "...)
		dst = append(strconv.AppendInt(dst, int64(len(req.Body)), 10), "\r\n"...)
	}
	if s.expect {
		dst = append(dst, "Expect: 100-continue\r\n"...)
	}
	if !c.config.KeepAlive && !s.closes {
		dst = append(dst, "Connection: close\r\n"...)
	}
	return append(dst, "\r\n"...)
}

// announcesBody tells whether a method says Content-Length even if there is nothing (RFC 9110, section 8.6).
func announcesBody(method []byte) bool {
	switch string(method) {
	case "POST", "PUT", "PATCH":
		return true
	}
	return false
}

// bad says what cannot be encoded. The value is shown up to 80 bytes.
func bad(what string, value []byte, want string) error {
	const most = 80
	if len(value) > most {
		return fmt.Errorf("transport/http1: %s %q…: %s", what, value[:most], want)
	}
	return fmt.Errorf("transport/http1: %s %q: %s", what, value, want)
}
