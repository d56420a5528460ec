package source

import (
	"bytes"
	"errors"
)

// Faults of a request's target.
var (
	errNoTarget   = errors.New("expected a path that begins with /, or an http or https URL")
	errAuthority  = errors.New("expected a host in the URL")
	errConnect    = errors.New("asks a proxy for a tunnel (CONNECT), which has no path to replay")
	errAsterisk   = errors.New("expected the target * with OPTIONS only")
	errTargetByte = errors.New("expected no blank and no control character in the path")
)

// appendTarget appends to dst the target of a request as a server is asked for it, in the forms of RFC 9112, section 3.2:
//
//   - origin-form, /path?query, as it stands;
//   - absolute-form, http://host/path?query, without scheme and host: which host is asked is a matter of the run;
//   - asterisk-form, *, with OPTIONS only;
//   - authority-form, CONNECT's, is refused.
//
// A blank or control character is refused, since it would break the request line. Bytes beyond ASCII, which some clients
// send though no URI has them, are percent-encoded: the server sees the same path. A nil method is not known.
func appendTarget(dst, method, target []byte) ([]byte, error) {
	switch {
	case string(method) == "CONNECT":
		return dst, errConnect
	case len(target) > 0 && target[0] == '/':
	case string(target) == "*":
		if string(method) != "OPTIONS" {
			return dst, errAsterisk
		}
	default:
		rest, err := afterAuthority(target)
		if err != nil {
			return dst, err
		}
		if len(rest) == 0 || rest[0] != '/' {
			dst = append(dst, '/')
		}
		target = rest
	}
	return appendVisible(dst, target)
}

// afterAuthority returns what follows the host in an http or https URL.
func afterAuthority(url []byte) ([]byte, error) {
	i := bytes.IndexByte(url, ':')
	if i < 0 || !bytes.HasPrefix(url[i:], []byte("://")) || !isHTTP(url[:i]) {
		return nil, errNoTarget
	}
	rest := url[i+len("://"):]
	end := bytes.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	if end == 0 {
		return nil, errAuthority
	}
	return rest[end:], nil
}

// isHTTP tells the schemes http and https, in any case.
func isHTTP(scheme []byte) bool {
	return len(scheme) >= 4 && len(scheme) <= 5 && (bytes.EqualFold(scheme, []byte("http")) || bytes.EqualFold(scheme, []byte("https")))
}

// appendVisible appends target with its bytes beyond ASCII percent-encoded (RFC 3986, section 2.1).
func appendVisible(dst, target []byte) ([]byte, error) {
	if printable(target, '!') {
		return append(dst, target...), nil
	}
	const hex = "0123456789ABCDEF"
	from := 0
	for i, c := range target {
		switch {
		case c > ' ' && c < 0x7f:
		case c <= ' ' || c == 0x7f:
			return dst, errTargetByte
		default:
			dst = append(append(dst, target[from:i]...), '%', hex[c>>4], hex[c&15])
			from = i + 1
		}
	}
	return append(dst, target[from:]...), nil
}
