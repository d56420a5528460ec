// Package thrift is the codec of Apache Thrift: calls by an IDL file, recorded messages, and the calls of generated Go code
// (see its folder client), in the binary, compact and JSON protocols over the framed, buffered and header transports. It knows
// no socket; reading answers allocates nothing in steady state, nor does writing requests.
//
// Importing the package registers it as "thrift", for thrift://, thrifts:// and thrift+unix: targets.
package thrift

import (
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/iagoloadgen/iago/transport"
)

//go:embed README.md
var readme string

func init() {
	transport.Register(transport.Protocol{
		Name:    "thrift",
		Summary: "Apache Thrift: calls by IDL, recorded messages or generated Go clients",
		Doc:     readme,
		Schemes: map[string]transport.Scheme{
			"thrift":      {Port: defaultPort},
			"thrifts":     {Port: defaultPort, TLS: true},
			"thrift+unix": {Unix: true},
		},
		Lines:  true,
		Config: func() transport.Config { return NewConfig() },
	})
}

const (
	defaultPort       = 9090 // what Apache's own tutorial and tests listen on
	defaultFrameLimit = 16 << 20
	minFrameLimit     = 64
	maxFrameLimit     = 0x3fffffff // what the header transport can say (doc/specs/HeaderFormat.md)
)

// The modes.
const (
	modeIDL    = "idl"
	modeRaw    = "raw"
	modeClient = "client"
)

// Config configures the codec.
type Config struct {
	// IDL is the .thrift file that says which methods there are. With mode raw or client it may be left out; where it is given,
	// declared exceptions are counted by their names.
	IDL string `yaml:"idl"`
	// Include are folders in which included files are looked for, besides the including file's own.
	Include []string `yaml:"include"`
	// Service is the service in IDL. Empty: the file has only one.
	Service string `yaml:"service"`
	// Transport is framed, buffered or header.
	Transport string `yaml:"transport"`
	// Protocol is binary, compact or json.
	Protocol string `yaml:"protocol"`
	// Mode is idl (method and arguments as JSON), raw (recorded messages) or client (messages of the package client). Empty: idl
	// where IDL is given, raw otherwise.
	Mode string `yaml:"mode"`
	// Raw is how recorded messages are written: hex or base64.
	Raw string `yaml:"raw"`
	// Upgrade asks each server for Finagle's extension of the framed binary protocol, and goes on without where it does not know it.
	Upgrade bool `yaml:"upgrade"`
	// ClientID is the client's name in the headers of an upgraded connection.
	ClientID string `yaml:"client_id"`
	// Sampled asks for requests on upgraded connections to be traced.
	Sampled bool `yaml:"sampled"`
	// Info are the info headers of the header transport.
	Info map[string]string `yaml:"info"`
	// FrameLimit is the most bytes of an answer. At least 64, at most 2³⁰−1.
	FrameLimit int64 `yaml:"frame_limit"`
	// Strict: messages of the binary protocol begin with its version, and answers without it are refused.
	Strict bool `yaml:"strict"`
}

// NewConfig returns the defaults: the framed transport, the strict binary protocol, answers of at most 16 MiB.
func NewConfig() *Config {
	return &Config{Transport: "framed", Protocol: "binary", Raw: "hex", FrameLimit: defaultFrameLimit, Strict: true}
}

// mode is Mode with its default.
func (c *Config) mode() string {
	switch {
	case c.Mode != "":
		return c.Mode
	case c.IDL != "":
		return modeIDL
	}
	return modeRaw
}

// Validate implements [transport.Config]. The IDL file is read by NewCodec.
func (c *Config) Validate() error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	oneOf := func(field, value string, known ...string) {
		if !slices.Contains(known, value) {
			wrong("%s: %q: expected %s", field, value, strings.Join(known, ", "))
		}
	}
	oneOf("transport", c.Transport, carriers...)
	oneOf("protocol", c.Protocol, protocols...)
	oneOf("mode", c.mode(), modeIDL, modeRaw, modeClient)
	oneOf("raw", c.Raw, "hex", "base64")
	if c.mode() == modeIDL && c.IDL == "" {
		wrong("idl: mode idl needs the .thrift file that the calls are checked against")
	}
	if c.IDL == "" && c.Service != "" {
		wrong("service: %q is looked for in an IDL file; give it as idl", c.Service)
	}
	if c.Transport == "header" && c.Protocol == "json" {
		wrong("protocol: the header transport carries binary and compact only")
	}
	if len(c.Info) > 0 && c.Transport != "header" {
		wrong("info: info headers need transport: header")
	}
	if n := len(infoHead(binaryProtocol, c.Info)); n > 4*0xffff {
		wrong("info: the headers take %d bytes; the transport has room for %d", n, 4*0xffff)
	}
	if c.Upgrade && (c.Transport != "framed" || c.Protocol != "binary" || !c.Strict) {
		wrong("upgrade: Finagle's extension is one of the framed transport with the strict binary protocol")
	}
	if !c.Upgrade && (c.ClientID != "" || c.Sampled) {
		wrong("client_id: it and sampled travel in the headers that upgrade: true asks for")
	}
	if c.FrameLimit < minFrameLimit || c.FrameLimit > maxFrameLimit {
		wrong("frame_limit: %d: expected %d to %d bytes", c.FrameLimit, minFrameLimit, maxFrameLimit)
	}
	return errors.Join(errs...)
}
