// Package dns asks name servers (RFC 1035, EDNS as in RFC 6891): over UDP, over TCP (RFC 7766) and over TLS (RFC 7858). It knows no
// socket; in steady state neither direction allocates, but for answers that are kept for checks.
//
// Importing the package registers it as "dns", for dns://, dns+tcp:// and dns+tls:// targets.
package dns

import (
	_ "embed"
	"errors"
	"fmt"

	"github.com/iagoloadgen/iago/transport"
)

//go:embed README.md
var readme string

func init() {
	transport.Register(transport.Protocol{
		Name:    "dns",
		Summary: "DNS over UDP, TCP and TLS; outcomes by rcode",
		Doc:     readme,
		Schemes: map[string]transport.Scheme{
			"dns":     {Port: portDNS, Datagram: true},
			"dns+tcp": {Port: portDNS},
			"dns+tls": {Port: portTLS, TLS: true},
		},
		Lines:  true,
		Config: func() transport.Config { return NewConfig() },
	})
}

// The default ports (RFC 1035, section 4.2; RFC 7858, section 3.1).
const (
	portDNS = 53
	portTLS = 853
)

// The sizes of answers over UDP: what is allowed without EDNS, and what goes through unfragmented nearly everywhere (DNS Flag Day 2020).
const (
	minSize     = 512
	defaultSize = 1232
	maxSize     = 65535
)

// Config configures the codec.
type Config struct {
	// Recursion asks the server to find the answer elsewhere if it has to (the RD bit).
	Recursion bool `yaml:"recursion"`
	// Type is asked for where a record names none.
	Type string `yaml:"type"`
	// EDNS is what is told in an OPT record.
	EDNS EDNS `yaml:"edns"`
	// Sockets is how many sockets a target is asked from over UDP; 0: one for each shard.
	Sockets int `yaml:"sockets" jsonschema:"minimum=0"`
}

// EDNS is what a client tells of itself (RFC 6891).
type EDNS struct {
	// Size is the longest answer over UDP that is taken, in bytes; 0: no OPT record is sent, and answers have 512 bytes at most.
	Size int `yaml:"size" jsonschema:"minimum=0,maximum=65535"`
	// DO asks for DNSSEC records (RFC 3225).
	DO bool `yaml:"do"`
}

// NewConfig returns the defaults: recursion wanted, type A, answers of at most 1232 bytes over UDP.
func NewConfig() *Config {
	return &Config{Recursion: true, Type: "A", EDNS: EDNS{Size: defaultSize}}
}

// Validate implements [transport.Config].
func (c *Config) Validate() error {
	var errs []error
	if _, err := parseType([]byte(c.Type)); err != nil {
		errs = append(errs, fmt.Errorf("type: %w", err))
	}
	switch size := c.EDNS.Size; {
	case size != 0 && (size < minSize || size > maxSize):
		errs = append(errs, fmt.Errorf("edns.size: %d; want %d to %d bytes, or 0 for no EDNS", size, minSize, maxSize))
	case size == 0 && c.EDNS.DO:
		errs = append(errs, errors.New("edns.do: needs EDNS; set edns.size, too"))
	}
	if c.Sockets < 0 {
		errs = append(errs, fmt.Errorf("sockets: %d is negative; want a number of sockets for each target, or 0 for one for each shard", c.Sockets))
	}
	return errors.Join(errs...)
}

// NewCodec implements [transport.Config]; it fails where Validate does.
func (c *Config) NewCodec() (transport.Codec, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	k := &codec{config: *c, statuses: transport.NewStatuses(statusNames[:]...)}
	var err error
	k.byDefault, err = parseType([]byte(c.Type))
	return k, err
}
