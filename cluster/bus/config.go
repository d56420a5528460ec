package bus

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
)

// TokenVariable is the environment variable that holds the token when no other credentials are given.
const TokenVariable = "IAGO_BUS_TOKEN"

// Config says where the bus is and how to identify oneself. At most one kind of credentials may be given.
type Config struct {
	// URL is nats://host:port[,host:port…], or tls:// for TLS; without a scheme nats:// is meant, without a port 4222.
	// It may carry user:password@ or token@ before the first host.
	URL string

	Token     string
	TokenFile string // file that holds a token (--bus-token-file)
	User      string
	Password  string
	Creds     string // file of signed credentials (--bus-creds)
	NKey      string // file that holds the seed of an NKey (--bus-nkey)

	CA   string // PEM file of authorities that the server's certificate is held against (--bus-ca); means TLS
	Cert string // PEM file of the own certificate, with Key (--bus-cert, --bus-key); means TLS
	Key  string

	// Within, if given, is a server of this process that is connected to without the network, and so without certificates,
	// whatever it asks of others. URL still says where others find it.
	Within *Server

	// Job, if given, limits the connection to one job: its inbox lies below the job, as credentials that are limited by
	// Permissions require.
	Job string
	// Name is what the server calls the connection in its logs and figures.
	Name string
	// Timeout bounds every attempt to connect; default 5 s.
	Timeout time.Duration
	// Slow is for simulations: a question to the bus may take so many times as long, and so many times as much time passes between
	// the signs of life of a stream. Default 1.
	Slow float64
	// Lost is called when the connection is lost, Back when it stands again: one at a time, in order. They must not wait
	// for the bus, nor close it. May be nil.
	Lost func(error)
	Back func()
	// Logf gets what is worth a line in a log; without secrets. May be nil.
	Logf func(format string, args ...any)
}

func (c *Config) timeout() time.Duration {
	if c.Timeout > 0 {
		return c.Timeout
	}
	return 5 * time.Second
}

// String shows where the bus is, without credentials.
func (c Config) String() string {
	a, err := parseURL(c.URL)
	if err != nil {
		return "(unreadable URL)"
	}
	return strings.Join(a.servers, ",")
}

// GoString keeps %#v from showing secrets.
func (c Config) GoString() string { return "bus.Config{" + c.String() + "}" }

// Validate refuses what cannot work, before anything is connected.
func (c *Config) Validate() error {
	a, err := parseURL(c.URL)
	if err != nil {
		return err
	}
	kinds := map[string]bool{
		"a token": c.Token != "", "a token file": c.TokenFile != "", "user and password": c.User != "",
		"a credentials file": c.Creds != "", "an NKey file": c.NKey != "", "credentials in the URL": a.user != "" || a.token != "",
	}
	var given []string
	for _, k := range []string{"a token", "a token file", "user and password", "a credentials file", "an NKey file", "credentials in the URL"} {
		if kinds[k] {
			given = append(given, k)
		}
	}
	switch {
	case len(given) > 1:
		return fmt.Errorf("bus: %s given; give one of them", strings.Join(given, " and "))
	case c.User == "" && c.Password != "":
		return errors.New("bus: a password without a user; give both")
	case (c.Cert == "") != (c.Key == ""):
		return errors.New("bus: a certificate and its key belong together; give both (--bus-cert, --bus-key)")
	case c.Job != "":
		return ValidJob(c.Job)
	}
	return nil
}

// options are the connection's, without callbacks. It reads the files named.
func (c *Config) options(ctx context.Context, d *dialer) (opts []nats.Option, err error) {
	a, err := parseURL(c.URL)
	if err != nil {
		return nil, err
	}
	timeout := c.timeout()
	if d, ok := ctx.Deadline(); ok {
		timeout = min(timeout, max(time.Until(d), time.Millisecond))
	}
	opts = []nats.Option{
		nats.Name(c.Name), nats.Timeout(timeout), nats.SetCustomDialer(d),
		nats.MaxReconnects(-1), nats.CustomReconnectDelay(reconnectIn),
		nats.IgnoreAuthErrorAbort(),
		nats.ReconnectBufSize(-1), // a message is sent now or refused, never late
		nats.PingInterval(4 * time.Second), nats.MaxPingsOutstanding(2), nats.FlusherTimeout(10 * time.Second),
	}
	if c.Within != nil {
		opts = append(opts, nats.InProcessServer(c.Within.s))
	}
	if c.Job != "" {
		opts = append(opts, nats.CustomInboxPrefix(names{c.Job}.inbox()))
	}
	o, err := c.credentials(a)
	if err != nil {
		return nil, err
	}
	opts = append(opts, o...)
	if c.CA != "" {
		opts = append(opts, nats.RootCAs(c.CA))
	}
	if c.Cert != "" {
		opts = append(opts, nats.ClientCert(c.Cert, c.Key))
	}
	return opts, nil
}

// reconnectIn is how long it is until another attempt to connect, after so many: longer and longer, and by chance, since thousands
// may have lost the same server.
func reconnectIn(attempts int) time.Duration {
	d := min(250*time.Millisecond<<min(max(attempts-1, 0), 5), time.Second)
	return d/2 + rand.N(d)
}

// credentials are the options that say who we are.
func (c *Config) credentials(a address) ([]nats.Option, error) {
	token := c.Token + a.token
	switch {
	case c.TokenFile != "":
		b, err := os.ReadFile(c.TokenFile)
		if err != nil {
			return nil, fmt.Errorf("bus: token file: %w", err)
		}
		if token = strings.TrimSpace(string(b)); token == "" {
			return nil, fmt.Errorf("bus: token file %s is empty", c.TokenFile)
		}
	case c.User != "":
		return []nats.Option{nats.UserInfo(c.User, c.Password)}, nil
	case a.user != "":
		return []nats.Option{nats.UserInfo(a.user, a.password)}, nil
	case c.Creds != "":
		if _, err := os.Stat(c.Creds); err != nil {
			return nil, fmt.Errorf("bus: credentials file: %w", err)
		}
		return []nats.Option{nats.UserCredentials(c.Creds)}, nil
	case c.NKey != "":
		o, err := nats.NkeyOptionFromSeed(c.NKey)
		if err != nil {
			return nil, fmt.Errorf("bus: NKey file %s: %w", c.NKey, err)
		}
		return []nats.Option{o}, nil
	case token == "":
		token = os.Getenv(TokenVariable)
	}
	if token == "" {
		return nil, nil
	}
	return []nats.Option{nats.Token(token)}, nil
}

// dialer lets the end of Connect's context break off the first connecting, and no later one.
type dialer struct {
	first   context.Context
	timeout time.Duration
	done    atomic.Bool // the first connecting is over
	failed  error       // of the latest attempt of the first connecting, which the client does not tell
}

// Dial is called by the client, one at a time.
func (d *dialer) Dial(network, addr string) (net.Conn, error) {
	ctx := d.first
	if d.done.Load() {
		ctx = context.Background()
	}
	nd := net.Dialer{Timeout: d.timeout}
	c, err := nd.DialContext(ctx, network, addr)
	if !d.done.Load() {
		d.failed = err
	}
	return c, err
}

// connectError makes the client's words for a failed connecting clearer.
func connectError(err, dial error) error {
	if dial != nil && errors.Is(err, nats.ErrNoServers) {
		return fmt.Errorf("%w: %w", ErrUnavailable, dial)
	}
	switch {
	case errors.Is(err, nats.ErrAuthorization), errors.Is(err, nats.ErrAuthExpired), errors.Is(err, nats.ErrAuthRevoked):
		return fmt.Errorf("%w: %w; give the token that the bus was started with (--bus-token-file or %s), or --bus-creds, --bus-nkey", ErrDenied, err, TokenVariable)
	case errors.Is(err, nats.ErrSecureConnRequired):
		return fmt.Errorf("%w; use tls:// and, for an authority of your own, --bus-ca", err)
	case errors.Is(err, nats.ErrSecureConnWanted):
		return fmt.Errorf("%w: the server does not speak TLS; use nats:// without --bus-ca and --bus-cert", err)
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, err)
}
