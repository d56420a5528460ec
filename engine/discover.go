package engine

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
)

// discoverTimeout bounds the questions about which targets there are.
const discoverTimeout = 10 * time.Second

// discover lets the codec find the targets behind the given ones, before the run.
func (e *engine) discover(ctx context.Context) error {
	given := e.resolver.targets
	d, ok := e.cfg.Codec.(transport.Discoverer)
	if !ok || len(given) == 0 {
		return nil
	}
	found, err := e.find(ctx, d, given)
	if err == nil {
		e.roster.replace(found)
	}
	return err
}

// find asks targets once for the ones that there are.
func (e *engine) find(ctx context.Context, d transport.Discoverer, targets []load.Target) ([]load.Target, error) {
	ctx, cancel := context.WithTimeout(ctx, discoverTimeout)
	defer cancel()
	found, err := d.Discover(ctx, targets, e.dial)
	switch {
	case err != nil:
		return nil, fmt.Errorf("engine: discovering targets: %w", err)
	case len(found) == 0:
		return nil, fmt.Errorf("engine: discovering targets: %s names none", targets[0].URL)
	}
	return found, nil
}

// dial opens a connection as the run would.
func (e *engine) dial(ctx context.Context, t *load.Target) (io.ReadWriteCloser, error) {
	network, address := "tcp", net.JoinHostPort(t.Host, strconv.Itoa(t.Port))
	if t.Unix != "" {
		network, address = "unix", t.Unix
	}
	nc, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	if deadline, ok := ctx.Deadline(); ok {
		if err := nc.SetDeadline(deadline); err != nil {
			_ = nc.Close()
			return nil, err
		}
	}
	if !t.TLS {
		return nc, nil
	}
	tc := tls.Client(nc, tlsFor(e.cfg.TLS, t))
	if err := tc.HandshakeContext(ctx); err != nil {
		_ = nc.Close()
		return nil, err
	}
	return tc, nil
}

// tlsFor is the configuration for a target; nil: it has no TLS.
func tlsFor(conf *tls.Config, t *load.Target) *tls.Config {
	if !t.TLS {
		return nil
	}
	if conf == nil {
		conf = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	if conf.ServerName == "" {
		conf = conf.Clone()
		conf.ServerName = t.Host
	}
	return conf
}
