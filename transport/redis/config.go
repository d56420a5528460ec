// Package redis is the codec of Redis and its kin (Valkey, KeyDB, …): RESP2 and RESP3, one command a request, pipelined where
// the engine wants it, to single servers and to clusters. It knows no socket; in steady state neither direction allocates.
//
// Importing the package registers it as "redis", for redis://, rediss:// and redis+unix: targets.
package redis

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
		Name:    "redis",
		Summary: "Redis (RESP2, RESP3), single servers and clusters, with and without TLS",
		Doc:     readme,
		Schemes: map[string]transport.Scheme{
			"redis":      {Port: port},
			"rediss":     {Port: port, TLS: true},
			"redis+unix": {Unix: true},
		},
		Lines:  true,
		Config: func() transport.Config { return NewConfig() },
	})
}

// port is where Redis listens by default.
const port = 6379

// Config configures the codec.
type Config struct {
	// Protocol is the version of RESP: 2, or 3, which is asked for by HELLO (Redis 6 and later).
	Protocol int `yaml:"protocol"`
	// Username and Password are those of AUTH. Without a name, the password is the default user's; without both, nothing is said.
	Username string `yaml:"username"`
	Password string `yaml:"password"`
	// Database is SELECTed on each connection where it is above 0.
	Database int `yaml:"database"`
	// ClientName is what connections call themselves (CLIENT SETNAME); empty: nothing.
	ClientName string `yaml:"client_name"`
	// Cluster: the targets are some nodes of a cluster; the others are found, and commands go to the master of their key's slot.
	Cluster bool `yaml:"cluster"`
	// AnswerLimit is the most bytes of an answer; 0: no limit.
	AnswerLimit int64 `yaml:"answer_limit"`
}

// NewConfig returns the defaults: RESP2, nothing said at connect, no limit.
func NewConfig() *Config { return &Config{Protocol: 2} }

// Validate implements [transport.Config].
func (c *Config) Validate() error {
	var errs []error
	if c.Protocol != 2 && c.Protocol != 3 {
		errs = append(errs, fmt.Errorf("protocol: %d is no version of RESP; want 2 or 3", c.Protocol))
	}
	switch {
	case c.Database < 0:
		errs = append(errs, fmt.Errorf("database: %d is negative; want the number of a database, such as 0", c.Database))
	case c.Database > 0 && c.Cluster:
		errs = append(errs, fmt.Errorf("database: a cluster has only database 0, not %d; leave it out", c.Database))
	}
	for i := range len(c.ClientName) {
		if b := c.ClientName[i]; b <= ' ' || b > '~' {
			errs = append(errs, fmt.Errorf("client_name: %q has a space or another byte that Redis does not take; want letters, digits and the like", c.ClientName))
			break
		}
	}
	if c.AnswerLimit < 0 {
		errs = append(errs, fmt.Errorf("answer_limit: %d is negative; want a number of bytes, or 0 for no limit", c.AnswerLimit))
	}
	return errors.Join(errs...)
}

// NewCodec implements [transport.Config]; it never fails.
func (c *Config) NewCodec() (transport.Codec, error) {
	k := &codec{config: *c, statuses: transport.NewStatuses("none", "ok", "nil")}
	k.greeting, k.steps = greeting(c)
	if c.Cluster {
		return &clusterCodec{codec: k}, nil
	}
	return k, nil
}
