// Package memcached is the codec of memcached's text and meta commands (protocol.txt of memcached 1.6), and of the ways in which
// clients spread keys over servers. It knows no socket; in steady state neither direction allocates.
//
// Importing the package registers it as "memcached", for memcached://, memcacheds:// and memcached+unix: targets.
package memcached

import (
	_ "embed"
	"errors"
	"fmt"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
	"github.com/iagoloadgen/iago/transport/internal/memtext"
)

//go:embed README.md
var readme string

// port is the one that IANA lists for memcached; ketama leaves it out of a server's name.
const port = 11211

func init() {
	transport.Register(transport.Protocol{
		Name:    "memcached",
		Summary: "memcached's text and meta commands; keys spread over servers by ketama hashing",
		Doc:     readme,
		Schemes: map[string]transport.Scheme{
			"memcached":      {Port: port},
			"memcacheds":     {Port: port, TLS: true},
			"memcached+unix": {Unix: true},
		},
		Lines:  true,
		Config: func() transport.Config { return NewConfig() },
	})
}

// The ways of spreading keys over several targets.
const (
	Ketama = "ketama" // consistent hashing, compatible with libketama as libmemcached understands it
	Modula = "modula" // hash of the key modulo the number of servers: libmemcached's default
	None   = "none"   // any target will do
)

// defaultValueLimit is the size of the largest item that memcached stores by default.
const defaultValueLimit = 1 << 20

// Config configures the codec.
type Config struct {
	// Distribution says how keys find their servers: [Ketama], [Modula] or [None].
	Distribution string `yaml:"distribution" jsonschema:"enum=ketama,enum=modula,enum=none"`
	// ValueSize is the size of the values, in bytes, that are made for storage commands without one; 0: none are made.
	ValueSize int64 `yaml:"value_size"`
	// ValueLimit is the most bytes of a value, sent or received. At least 1.
	ValueLimit int64 `yaml:"value_limit"`
	// NoReply adds noreply to every text command that may have it: such a request has ended when it is sent.
	NoReply bool `yaml:"noreply"`
}

// NewConfig returns the defaults: ketama, values of at most 1 MiB, answers to all commands.
func NewConfig() *Config {
	return &Config{Distribution: Ketama, ValueLimit: defaultValueLimit}
}

// Validate implements [transport.Config].
func (c *Config) Validate() error {
	var err error
	switch c.Distribution {
	case Ketama, Modula, None:
	default:
		err = fmt.Errorf("distribution: %q is not known; want ketama, modula or none", c.Distribution)
	}
	return errors.Join(err, memtext.CheckSizes(c.ValueLimit, c.ValueSize))
}

// NewCodec implements [transport.Config]; it never fails.
func (c *Config) NewCodec() (transport.Codec, error) {
	k := &codec{
		config:   *c,
		statuses: transport.NewStatuses(statusNames...),
		writer: memtext.Writer{
			Package: "transport/memcached", KeyName: "key", ValueLimit: c.ValueLimit, ValueSize: c.ValueSize, NoReply: true, Silent: c.NoReply,
		},
	}
	switch c.Distribution {
	case Ketama:
		k.spread = &spreader{locate: newContinuum}
	case Modula:
		k.spread = &spreader{locate: newModulus}
	}
	return k, nil
}

// codec implements [transport.Codec], [transport.Labeler] and [transport.Router].
type codec struct {
	config   Config
	statuses *transport.Statuses
	writer   memtext.Writer
	spread   *spreader // nil: any target will do
}

// NewConn implements [transport.Codec].
func (c *codec) NewConn() transport.Conn {
	return memtext.NewConn(&rules{statuses: c.statuses}, c.config.ValueLimit, false)
}

// StatusName implements [transport.Codec].
func (c *codec) StatusName(status int) string { return c.statuses.Name(status) }

// ServerError implements [transport.Codec]: ERROR, CLIENT_ERROR and SERVER_ERROR, whatever they say.
func (c *codec) ServerError(status int) bool { return status >= firstError }

// Label implements [transport.Labeler]: the command's name.
func (c *codec) Label(req *load.Request) string {
	cmd := memtext.Split(req)
	return memtext.Lookup(commands, cmd.Name).name
}
