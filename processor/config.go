package processor

import (
	"errors"
	"fmt"
	"strings"
)

// Config says how a record becomes one HTTP request. Begin with [Default].
type Config struct {
	// Method is sent where the record has none. Empty: GET.
	Method string `yaml:"method"`
	// URI is the path and query where the record has none. Empty: left to the transport, which asks for the target's own path.
	URI string `yaml:"uri"`
	// Headers are sent with each request, in this order and instead of the record's headers of the same names, in whatever
	// case. A name may come several times.
	Headers []Header `yaml:"headers"`
	// Host is the Host header. Empty: left to the transport, which names the target.
	Host string `yaml:"host"`
	// Prefix is put before the path, the record's or the configured one. It begins with "/"; one at its end does not count.
	Prefix string `yaml:"prefix"`
	// Marker adds X-Iago: true, so that the load can be told from other traffic.
	Marker bool `yaml:"marker"`
	// ForwardedFor adds an X-Forwarded-For with a random public IPv4 address.
	ForwardedFor bool `yaml:"forwarded_for"`
	// RecordHeaders sends the headers that the record knows of. Those that are a matter of the connection or of the body's
	// framing never are.
	RecordHeaders bool `yaml:"record_headers"`
	// UserAgent is sent where neither Headers nor the record have one. Empty: none.
	UserAgent string `yaml:"user_agent"`
	// Body is sent where the record has none.
	Body []byte `yaml:"-"`
	// Seed fixes the random addresses: same seed, same addresses.
	Seed uint64 `yaml:"-"`
}

// Header is a header field.
type Header struct {
	Name  string `yaml:"name"`
	Value string `yaml:"value"`
}

// Default returns the configuration that sends records as they are, with the marker.
func Default() Config {
	return Config{Method: "GET", Marker: true, RecordHeaders: true, UserAgent: "iago"}
}

// Validate returns all that is wrong, joined; each error begins with the yaml name of its field.
func (c *Config) Validate() error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if c.Method != "" && !isToken(c.Method) {
		wrong("method: %q: expected a method such as GET, of letters, digits and hyphens", c.Method)
	}
	if c.URI != "" && c.URI != "*" && (c.URI[0] != '/' || !visible(c.URI)) {
		wrong("uri: %q: expected a path that begins with /, with blanks and what is not ASCII percent-encoded", c.URI)
	}
	if c.Prefix != "" && (c.Prefix[0] != '/' || !visible(c.Prefix) || strings.ContainsAny(c.Prefix, "?#")) {
		wrong("prefix: %q: expected a path that begins with /, without a query, with blanks and what is not ASCII percent-encoded", c.Prefix)
	}
	if !visible(c.Host) {
		wrong("host: %q: expected a name or address, with a port or without", c.Host)
	}
	if !isFieldValue(c.UserAgent) {
		wrong("user_agent: %q: expected text in one line, without control characters", c.UserAgent)
	}
	for i := range c.Headers {
		if err := c.Headers[i].check(); err != nil {
			wrong("headers: %w", err)
		}
	}
	return errors.Join(errs...)
}

// check holds h to RFC 9110, sections 5.1 and 5.5, and refuses what the transport sees to.
func (h *Header) check() error {
	switch {
	case !isToken(h.Name):
		return fmt.Errorf("%q: expected a header name of letters, digits and hyphens", h.Name)
	case strings.EqualFold(h.Name, "Host"):
		return fmt.Errorf("%s: set host instead, so that there is only one", h.Name)
	case strings.EqualFold(h.Name, "Content-Length"), strings.EqualFold(h.Name, "Transfer-Encoding"):
		return fmt.Errorf("%s: says where the request ends, which the transport knows from the body; leave it out", h.Name)
	case !isFieldValue(h.Value):
		return fmt.Errorf("%s: %q: expected a value in one line, without control characters", h.Name, h.Value)
	}
	return nil
}

// isToken tells a token of RFC 9110, section 5.6.2.
func isToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
		if !letter && strings.IndexByte("!#$%&'*+-.^_`|~", c) < 0 {
			return false
		}
	}
	return s != ""
}

// visible tells text of visible ASCII characters only.
func visible(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

// isFieldValue tells text that may be a header's value (RFC 9110, section 5.5); bytes beyond ASCII may.
func isFieldValue(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}
