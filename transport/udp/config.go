// Package udp sends datagrams as they are and matches answers to requests by order or by an id at a fixed place: for protocols
// that have no codec of their own. It knows no socket; in steady state neither direction allocates.
//
// Importing the package registers it as "udp", for udp:// targets.
package udp

import (
	_ "embed"
	"errors"
	"fmt"

	"github.com/iagoloadgen/iago/transport"
	"github.com/iagoloadgen/iago/transport/tcp/payload"
)

//go:embed README.md
var readme string

func init() {
	transport.Register(transport.Protocol{
		Name:    "udp",
		Summary: "raw datagrams; answers matched by order or by an id, or none expected",
		Doc:     readme,
		Schemes: map[string]transport.Scheme{"udp": {Datagram: true}},
		Lines:   true,
		Config:  func() transport.Config { return NewConfig() },
	})
}

// Config configures the codec.
type Config struct {
	// Encoding is how a record's line stands for bytes: text, escaped, hex or base64.
	Encoding string `yaml:"encoding" jsonschema:"enum=text,enum=escaped,enum=hex,enum=base64"`
	// Suffix is sent after each request; escapes such as \r\n are read.
	Suffix string `yaml:"suffix,omitempty"`
	// Answers says how answers find their requests: by order, by an id, or not at all (none).
	Answers string `yaml:"answers" jsonschema:"enum=none,enum=order,enum=id"`
	// ID is where requests and answers have their id.
	ID ID `yaml:"id"`
	// Sockets is how many sockets a target is asked from; 0: one for each shard.
	Sockets int `yaml:"sockets" jsonschema:"minimum=0"`
	// OK is how a good answer begins, with escapes; others count as errors of the server. Empty: all are good.
	OK string `yaml:"ok,omitempty"`
}

// ID is a number in each request that its answer has in the same place. It is written over what stands there.
type ID struct {
	// Offset is how many bytes come before it.
	Offset int `yaml:"offset" jsonschema:"minimum=0"`
	// Size is its number of bytes, 1 to 8.
	Size int `yaml:"size" jsonschema:"minimum=1,maximum=8"`
	// Order is that of its bytes: big or little.
	Order string `yaml:"order" jsonschema:"enum=big,enum=little"`
}

// maxDatagram is the most bytes that UDP over IPv4 can carry (RFC 791, RFC 768: 65535 less headers of 20 and 8 bytes).
const maxDatagram = 65507

// The sizes of an id.
const (
	defaultIDSize = 4
	maxIDSize     = 8
)

// NewConfig returns the defaults: text, answers in the order of the requests.
func NewConfig() *Config {
	return &Config{Encoding: "text", Answers: "order", ID: ID{Size: defaultIDSize, Order: "big"}}
}

// Validate implements [transport.Config].
func (c *Config) Validate() error {
	var errs []error
	wrong := func(field string, err error) {
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", field, err))
		}
	}
	_, err := payload.Named(c.Encoding)
	wrong("encoding", err)
	_, err = payload.Unescape(c.Suffix)
	wrong("suffix", err)
	_, err = payload.Unescape(c.OK)
	wrong("ok", err)
	if _, known := matches[c.Answers]; !known {
		wrong("answers", fmt.Errorf("%q: expected none, order or id", c.Answers))
	}
	if c.OK != "" && c.Answers == "none" {
		wrong("ok", errors.New("no answer is awaited (answers: none); leave one of them out"))
	}
	if c.Answers == "id" {
		c.ID.validate(func(field string, err error) { wrong("id."+field, err) })
	}
	if c.Sockets < 0 {
		wrong("sockets", fmt.Errorf("%d is negative; want a number of sockets for each target, or 0 for one for each shard", c.Sockets))
	}
	return errors.Join(errs...)
}

func (id *ID) validate(wrong func(field string, err error)) {
	if id.Size < 1 || id.Size > maxIDSize {
		wrong("size", fmt.Errorf("%d; want 1 to %d bytes", id.Size, maxIDSize))
	}
	if id.Offset < 0 || id.Offset > maxDatagram-maxIDSize {
		wrong("offset", fmt.Errorf("%d; want 0 to %d bytes", id.Offset, maxDatagram-maxIDSize))
	}
	if id.Order != "big" && id.Order != "little" {
		wrong("order", fmt.Errorf("%q: expected big or little", id.Order))
	}
}
