// Package kestrel is the codec of the Kestrel queue server's memcache protocol (docs/guide.md of Kestrel 2.4). It knows no socket;
// in steady state neither direction allocates.
//
// Importing the package registers it as "kestrel", for kestrel:// and kestrel+unix: targets.
package kestrel

import (
	_ "embed"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
	"github.com/iagoloadgen/iago/transport/internal/memtext"
)

//go:embed README.md
var readme string

// port is that of Kestrel's memcache protocol.
const port = 22133

func init() {
	transport.Register(transport.Protocol{
		Name:    "kestrel",
		Summary: "Kestrel's queues over its memcache protocol, reliable reads included",
		Doc:     readme,
		Schemes: map[string]transport.Scheme{
			"kestrel":      {Port: port},
			"kestrels":     {Port: port, TLS: true},
			"kestrel+unix": {Unix: true},
		},
		Lines:  true,
		Config: func() transport.Config { return NewConfig() },
	})
}

// defaultValueLimit is far above what queues are meant for.
const defaultValueLimit = 1 << 20

// Config configures the codec.
type Config struct {
	// ValueSize is the size of the items, in bytes, that are made for set without one; 0: none are made.
	ValueSize int64 `yaml:"value_size"`
	// ValueLimit is the most bytes of an item, sent or received. At least 1.
	ValueLimit int64 `yaml:"value_limit"`
}

// NewConfig returns the defaults: items of at most 1 MiB.
func NewConfig() *Config { return &Config{ValueLimit: defaultValueLimit} }

// Validate implements [transport.Config].
func (c *Config) Validate() error {
	return memtext.CheckSizes(c.ValueLimit, c.ValueSize)
}

// NewCodec implements [transport.Config]; it never fails.
func (c *Config) NewCodec() (transport.Codec, error) {
	return &codec{
		config:   *c,
		statuses: transport.NewStatuses(statusNames...),
		writer:   memtext.Writer{Package: "transport/kestrel", KeyName: "queue", ValueLimit: c.ValueLimit, ValueSize: c.ValueSize},
	}, nil
}

// codec implements [transport.Codec] and [transport.Labeler].
type codec struct {
	config   Config
	statuses *transport.Statuses
	writer   memtext.Writer
}

// NewConn implements [transport.Codec]. Kestrel ends some answers with an empty line too many.
func (c *codec) NewConn() transport.Conn {
	return memtext.NewConn(&rules{statuses: c.statuses}, c.config.ValueLimit, true)
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
