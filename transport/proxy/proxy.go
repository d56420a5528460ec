// Package proxy writes the header of the PROXY protocol, versions 1 and 2 (HAProxy, "The PROXY protocol", sections 2.1 and 2.2): what a
// proxy says first on a connection to tell the server whose it is. It is no transport: the header precedes whatever is spoken.
package proxy

import (
	"errors"
	"fmt"
	"net/netip"
	"unsafe"

	"github.com/iagoloadgen/iago/load"
)

// Config says which header is sent.
type Config struct {
	// Version is v1, text, or v2, binary.
	Version string `yaml:"version" jsonschema:"enum=v1,enum=v2"`
	// Client is the address, with a port or without, that is told where a request names none. Empty: the server is told that the
	// client is unknown.
	Client string `yaml:"client,omitempty" jsonschema:"example=192.0.2.1:4711"`
}

// NewConfig returns the defaults: version 2, clients out of the requests.
func NewConfig() *Config { return &Config{Version: "v2"} }

// Validate returns all that is wrong, joined; each error begins with the yaml name of its field.
func (c *Config) Validate() error {
	var errs []error
	if c.Version != "v1" && c.Version != "v2" {
		errs = append(errs, fmt.Errorf("version: %q: expected v1 or v2", c.Version))
	}
	if c.Client != "" {
		if _, ok := parse(c.Client); !ok {
			errs = append(errs, fmt.Errorf("client: %q: %s", c.Client, wantAddress))
		}
	}
	return errors.Join(errs...)
}

// NewHeader returns what writes the headers; it fails where Validate does.
func (c *Config) NewHeader() (*Header, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	h := &Header{text: c.Version == "v1"}
	h.client, _ = parse(c.Client)
	return h, nil
}

// Header writes headers. It does not change, and so may be used by several goroutines.
type Header struct {
	text   bool           // version 1
	client netip.AddrPort // not valid: unknown
}

// Append appends the header of a connection to server whose first request is req. The client is req's or else the configured
// one; without either the header says that it is unknown, and a server then goes by the connection's own addresses. Where one of the
// addresses is IPv6, an IPv4 one is mapped into it (RFC 4291, section 2.5.5.2). server may be the zero value, as that of a Unix socket: it is
// told as 0.0.0.0:0 or [::]:0. The error says what is wrong with the request's client; dst comes back as it was.
func (h *Header) Append(dst []byte, req *load.Request, server netip.AddrPort) ([]byte, error) {
	client := h.client
	if len(req.Client) > 0 {
		var ok bool
		if client, ok = parse(unsafe.String(&req.Client[0], len(req.Client))); !ok { // parse keeps nothing of it
			return dst, fmt.Errorf("transport/proxy: client %.60q: %s", req.Client, wantAddress)
		}
	}
	if client.IsValid() {
		client, server = sameFamily(client, server)
	}
	if h.text {
		return appendText(dst, client, server), nil
	}
	return appendBinary(dst, client, server), nil
}

const wantAddress = "expected an IP address, with a port or without, such as 192.0.2.1, 192.0.2.1:4711 or [2001:db8::1]:4711"

// sameFamily makes two IPv4 or two IPv6 addresses of them, without zones.
func sameFamily(client, server netip.AddrPort) (netip.AddrPort, netip.AddrPort) {
	c, s := client.Addr(), server.Addr().Unmap().WithZone("")
	switch {
	case !s.IsValid() && c.Is4():
		s = netip.IPv4Unspecified()
	case !s.IsValid():
		s = netip.IPv6Unspecified()
	}
	if c.Is4() != s.Is4() {
		c, s = netip.AddrFrom16(c.As16()), netip.AddrFrom16(s.As16())
	}
	return netip.AddrPortFrom(c, client.Port()), netip.AddrPortFrom(s, server.Port())
}
