// Package http1 is the HTTP/1.1 codec (RFC 9110, RFC 9112): requests to bytes and bytes to answers, answered in their order
// on a connection. It knows no socket; in steady state neither direction allocates.
//
// Importing the package registers it as "http1", for http:// and https:// targets.
package http1

import (
	_ "embed"
	"errors"
	"fmt"
	"strconv"

	"github.com/iagoloadgen/iago/transport"
)

//go:embed README.md
var readme string

func init() {
	transport.Register(transport.Protocol{
		Name:    "http1",
		Summary: "HTTP/1.1, with and without TLS",
		Doc:     readme,
		Schemes: map[string]transport.Scheme{
			"http":  {Port: portHTTP},
			"https": {Port: portHTTPS, TLS: true},

			"http+unix": {Unix: true},
		},
		Config: func() transport.Config { return NewConfig() },
	})
}

// The default ports of the schemes (RFC 9110, section 4.2): left out of a Host header.
const (
	portHTTP  = 80
	portHTTPS = 443
)

// The limits of header_limit. The lower bound leaves room for a status line; the default is enough for what servers send by far.
const (
	defaultHeaderLimit = 64 << 10
	minHeaderLimit     = 64
)

// Config configures the codec.
type Config struct {
	// KeepAlive: a connection carries one request after the other. Off: every request asks the server to close
	// (`Connection: close`), and no connection is used twice.
	KeepAlive bool `yaml:"keep_alive"`
	// HeaderLimit is the most bytes that may precede an answer's content, interim answers included, and the most bytes of
	// a trailer section. At least 64.
	HeaderLimit int64 `yaml:"header_limit"`
	// BodyLimit is the most bytes of content in an answer; 0: no limit.
	BodyLimit int64 `yaml:"body_limit"`
	// ExpectContinue adds `Expect: 100-continue` to requests with a body, which is then sent once the server asks for it.
	ExpectContinue bool `yaml:"expect_continue"`
}

// NewConfig returns the defaults: connections kept, headers of at most 64 KiB, bodies of any size.
func NewConfig() *Config {
	return &Config{KeepAlive: true, HeaderLimit: defaultHeaderLimit}
}

// Validate implements [transport.Config].
func (c *Config) Validate() error {
	var errs []error
	if c.HeaderLimit < minHeaderLimit {
		errs = append(errs, fmt.Errorf("header_limit: %d is too small for any answer; want at least %d bytes", c.HeaderLimit, minHeaderLimit))
	}
	if c.BodyLimit < 0 {
		errs = append(errs, fmt.Errorf("body_limit: %d is negative; want a number of bytes, or 0 for no limit", c.BodyLimit))
	}
	return errors.Join(errs...)
}

// NewCodec implements [transport.Config]; it never fails.
func (c *Config) NewCodec() (transport.Codec, error) { return &codec{config: *c}, nil }

// codec implements [transport.Codec]. It has no state, and so may be used by several goroutines.
type codec struct{ config Config }

// NewConn implements [transport.Codec].
func (c *codec) NewConn() transport.Conn { return &conn{config: &c.config} }

// StatusName implements [transport.Codec].
func (c *codec) StatusName(status int) string { return strconv.Itoa(status) }

// ServerError implements [transport.Codec]: class 5xx (RFC 9110, section 15.6).
func (c *codec) ServerError(status int) bool { return status/100 == 5 }

// NoReuse makes requests ask the server to close the connection after each answer.
func (c *Config) NoReuse() { c.KeepAlive = false }
