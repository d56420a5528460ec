package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/iagoloadgen/iago/cluster/bus"
	"github.com/iagoloadgen/iago/cluster/rendezvous"
)

// embedded is the --bus of a feeder that brings its own.
const embedded = "embedded"

// busFlags say where the bus is, and how to identify oneself.
type busFlags struct {
	conf bus.Config

	listen    string // of an embedded bus
	wait      time.Duration
	dir       string
	tokenFile string
	plain     bool
	serveCert string
	serveKey  string
	serveCA   string

	meeting
}

// add declares the flags that every command on a bus has.
func (f *busFlags) add(c *cobra.Command, urlHelp, byDefault string) {
	s := c.Flags()
	s.StringVar(&f.conf.URL, "bus", byDefault, urlHelp)
	s.StringVar(&f.conf.TokenFile, "bus-token-file", "", "`FILE` that holds the bus's token (or the environment variable "+bus.TokenVariable+")")
	s.StringVar(&f.conf.Creds, "bus-creds", "", "`FILE` of signed NATS credentials")
	s.StringVar(&f.conf.NKey, "bus-nkey", "", "`FILE` that holds an NKey's seed")
	s.StringVar(&f.conf.CA, "bus-ca", "", "PEM `FILE` of authorities to hold the bus's certificate against; means TLS")
	s.StringVar(&f.conf.Cert, "bus-cert", "", "PEM `FILE` of an own certificate")
	s.StringVar(&f.conf.Key, "bus-key", "", "PEM `FILE` of its key")
	f.meeting.add(c)
	s.DurationVar(&f.wait, "wait-bus", f.wait, "how long a bus is waited for that is not there yet")
}

// addServer declares those of an embedded bus.
func (f *busFlags) addServer(c *cobra.Command) {
	s := c.Flags()
	f.meeting.addServer(c)
	s.StringVar(&f.listen, "bus-listen", "127.0.0.1:0", "`ADDRESS` of the embedded bus; beyond loopback it wants TLS, or --bus-plain")
	s.StringVar(&f.dir, "bus-dir", "", "`FOLDER` where the embedded bus keeps its data, so that it outlives this process (default: a temporary one)")
	s.StringVar(&f.tokenFile, "bus-write-token", "", "`FILE` to write the embedded bus's token to, for workers' --bus-token-file (mode 0600)")
	s.StringVar(&f.serveCert, "bus-serve-cert", "", "PEM `FILE` of the embedded bus's certificate")
	s.StringVar(&f.serveKey, "bus-serve-key", "", "PEM `FILE` of its key")
	s.StringVar(&f.serveCA, "bus-serve-ca", "", "PEM `FILE` of authorities that workers must have a certificate of")
	s.BoolVar(&f.plain, "bus-plain", false, "let the embedded bus be used without TLS beyond loopback")
}

// connection is a connection to the bus, and the bus itself if it is embedded.
type connection struct {
	*bus.Bus
	server *bus.Server
	point  *rendezvous.Point // nil: nobody meets by discovery
	ends   []func()          // what goes on beside, to be ended first
}

func (c *connection) close() {
	for _, end := range c.ends {
		end()
	}
	c.Close()
	if c.server != nil {
		end, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = c.server.Shutdown(end)
	}
}

// connect connects, to a bus of our own if it is embedded.
func (f *busFlags) connect(ctx context.Context, name string, logf func(string, ...any)) (*connection, error) {
	conf := f.conf
	conf.Name, conf.Logf = name, logf
	c := &connection{}
	var err error
	if c.point, err = f.point(logf); err != nil {
		return nil, usage(err)
	}
	if c.point != nil && !f.given() {
		return c, f.find(ctx, c, conf)
	}
	switch conf.URL {
	case embedded:
		token := ""
		if f.conf.TokenFile != "" {
			b, err := os.ReadFile(f.conf.TokenFile)
			if err != nil {
				return nil, usage(fmt.Errorf("--bus-token-file: %w", err))
			}
			token = trimmed(b)
		} else {
			token = os.Getenv(bus.TokenVariable)
		}
		c.server, err = bus.Serve(ctx, bus.ServerConfig{
			Listen: f.listen, Dir: f.dir, Token: token, TokenFile: f.tokenFile, Cert: f.serveCert, Key: f.serveKey, CA: f.serveCA, AllowPlain: f.plain, Logf: logf,
		})
		if err != nil {
			return nil, usage(err)
		}
		conf = bus.Config{URL: c.server.URL(), Token: c.server.Token(), Name: name, Logf: logf}
	case "":
		return nil, usage(errors.New("--bus: expected the address of a bus, such as nats://127.0.0.1:4222, or --discover with where to find it"))
	}
	if err := conf.Validate(); err != nil {
		return nil, usage(err)
	}
	dial := conf
	if f.serveCert != "" && c.server != nil { // it need not be told whom to trust to trust itself
		dial.URL, dial.Within = "nats://"+c.server.Addr(), c.server
	}
	if c.Bus, err = patiently(ctx, dial, f.wait); err != nil {
		if c.server != nil {
			_ = c.server.Shutdown(ctx)
		}
		return nil, err
	}
	if err := f.announce(ctx, c, conf.URL); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

// patiently connects to a bus that may not be there yet.
func patiently(ctx context.Context, conf bus.Config, wait time.Duration) (*bus.Bus, error) {
	deadline := time.Now().Add(wait)
	for said := false; ; said = true {
		b, err := bus.Connect(ctx, conf)
		if !errors.Is(err, bus.ErrUnavailable) || !time.Now().Before(deadline) {
			return b, err
		}
		if !said {
			conf.Logf("%v; waiting for it", err)
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(min(500*time.Millisecond, time.Until(deadline))):
		}
	}
}

func trimmed(b []byte) string {
	for len(b) > 0 && (b[len(b)-1] == '\n' || b[len(b)-1] == '\r' || b[len(b)-1] == ' ') {
		b = b[:len(b)-1]
	}
	return string(b)
}
