package bus

import (
	"fmt"
	"strings"
	"time"
)

// SetServers makes the servers of url, which has the form of [Config].URL, those that are tried from now on where the connection is lost, or
// comes to be. A connection that stands goes on. Credentials and TLS stay as Connect was given them; what url says of them has no
// effect.
func (b *Bus) SetServers(url string) error {
	a, err := parseURL(url)
	if err != nil {
		return err
	}
	if err := b.nc.SetServerPool(a.servers); err != nil {
		return fmt.Errorf("bus: servers: %w", b.failure(time.Now(), err))
	}
	return nil
}

// LocalAddr is this end of the connection, host:port; "" while none stands.
func (b *Bus) LocalAddr() string { return b.nc.LocalAddr() }

// Servers are the addresses that a URL of [Config] leads to, host:port each, and whether TLS is asked for by its scheme.
func Servers(url string) (addresses []string, tls bool, err error) {
	a, err := parseURL(url)
	for _, s := range a.servers {
		scheme, host, _ := strings.Cut(s, "://")
		addresses = append(addresses, host)
		tls = scheme == "tls"
	}
	return addresses, tls, err
}
