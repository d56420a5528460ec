package bus

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
)

// address is a URL of the bus taken apart.
type address struct {
	servers               []string // scheme://host:port, without credentials
	user, password, token string
}

const defaultPort = "4222"

// parseURL reads the form of Config.URL. Its errors never show what stands before an @.
func parseURL(text string) (a address, err error) {
	if strings.TrimSpace(text) == "" {
		return a, errors.New("bus: no URL; expected nats://host:port")
	}
	scheme, rest, found := strings.Cut(text, "://")
	if !found {
		scheme, rest = "nats", text
	}
	if scheme != "nats" && scheme != "tls" {
		return a, fmt.Errorf("bus: URL with scheme %q; expected nats:// or tls://", mask(scheme))
	}
	if i := strings.LastIndexByte(rest, '@'); i >= 0 {
		if strings.ContainsAny(rest[:i], ",/") {
			return a, errors.New("bus: URL with credentials at several hosts; give them once, before the first")
		}
		if err := a.credentials(rest[:i]); err != nil {
			return a, err
		}
		rest = rest[i+1:]
	}
	for i, host := range strings.Split(rest, ",") {
		host = strings.TrimSpace(host)
		if s, h, found := strings.Cut(host, "://"); found && i > 0 {
			if s != scheme {
				return a, fmt.Errorf("bus: URL with schemes %s and %s; expected one", scheme, s)
			}
			host = h
		}
		hp, err := hostPort(strings.TrimSuffix(host, "/"))
		if err != nil {
			return a, err
		}
		a.servers = append(a.servers, scheme+"://"+hp)
	}
	return a, nil
}

// credentials reads what stands before the @.
func (a *address) credentials(text string) error {
	user, password, both := strings.Cut(text, ":")
	u, err := url.PathUnescape(user)
	p, err2 := url.PathUnescape(password)
	if err != nil || err2 != nil || u == "" {
		return errors.New("bus: URL with unreadable credentials; expected user:password@ or token@, special characters as %XX")
	}
	if both {
		a.user, a.password = u, p
	} else {
		a.token = u
	}
	return nil
}

// hostPort completes an address by the default port, and refuses what is none.
func hostPort(text string) (string, error) {
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		host, port = text, defaultPort
		if strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") {
			host = host[1 : len(host)-1]
		} else if strings.Contains(host, ":") && net.ParseIP(host) == nil {
			return "", fmt.Errorf("bus: address %q: expected host:port", text)
		}
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 {
		return "", fmt.Errorf("bus: address %q: expected a port from 1 to 65535", text)
	}
	if host == "" || strings.ContainsFunc(host, func(r rune) bool { return r <= ' ' || strings.ContainsRune("/?#@[]\"<>\\^`{|}%\x7f", r) }) {
		return "", fmt.Errorf("bus: address %q: expected host:port", text)
	}
	return net.JoinHostPort(host, strconv.FormatUint(n, 10)), nil
}

// mask hides what may be a secret that was written in the wrong place.
func mask(text string) string {
	if strings.Contains(text, "@") {
		return "…"
	}
	return text
}
