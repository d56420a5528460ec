package discovery

import (
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
)

// Address is the URL of a backend, taken apart: SCHEME://[USER[:PASSWORD]@]HOST[:PORT][,HOST[:PORT]…][/PATH][?OPTION=VALUE&…].
// Unlike other URLs it may have several hosts. Percent escapes are undone in user, password, path and options.
type Address struct {
	Scheme         string
	User, Password string
	Hosts          []string // as they were given
	Path           string   // "" or "/…"
	query          url.Values
	masked         string
}

const (
	schemeFirst = "abcdefghijklmnopqrstuvwxyz"
	schemeRest  = schemeFirst + "0123456789+-."
)

// isScheme tells whether s is one, in small letters (RFC 3986, section 3.1).
func isScheme(s string) bool {
	return s != "" && strings.Trim(s[:1], schemeFirst) == "" && strings.Trim(s, schemeRest) == ""
}

// ParseAddress takes the URL of a backend apart. Which hosts and options make sense is the backend's to say.
func ParseAddress(text string) (Address, error) {
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok || !isScheme(scheme) {
		return Address{}, fmt.Errorf("discovery: address %q: expected a URL such as zk://host:2181/path", text)
	}
	a := Address{Scheme: scheme, masked: scheme + "://"}
	rest, query, hasQuery := strings.Cut(rest, "?")
	hosts, path, hasPath := strings.Cut(rest, "/")
	var err error
	if i := strings.LastIndexByte(hosts, '@'); i >= 0 {
		if err = a.setUser(hosts[:i]); err != nil {
			return Address{}, fmt.Errorf("discovery: address %s://…@%s: %w", scheme, hosts[i+1:], err)
		}
		hosts = hosts[i+1:]
	}
	a.masked += hosts
	if hasPath {
		a.masked += "/" + path
		if a.Path, err = url.PathUnescape("/" + path); err != nil {
			return Address{}, fmt.Errorf("discovery: address %s: path: %w", a, err)
		}
	}
	if hasQuery {
		a.masked += "?" + maskedQuery(query)
	}
	if a.query, err = url.ParseQuery(query); err != nil {
		return Address{}, fmt.Errorf("discovery: address %s: expected options as NAME=VALUE with & between them, and %%25 for a percent sign", a)
	}
	for h := range strings.SplitSeq(hosts, ",") {
		if h = strings.TrimSpace(h); h != "" {
			a.Hosts = append(a.Hosts, h)
		}
	}
	return a, nil
}

// String is the address with its secrets masked.
func (a Address) String() string { return a.masked }

func (a *Address) setUser(info string) error {
	user, password, has := strings.Cut(info, ":")
	var err error
	if a.User, err = url.PathUnescape(user); err != nil {
		return fmt.Errorf("user: %w", err)
	}
	if a.Password, err = url.PathUnescape(password); err != nil {
		return fmt.Errorf("password: expected %%25 for a percent sign") // the error itself would show a part of it
	}
	if a.masked += user; has {
		a.masked += ":***"
	}
	a.masked += "@"
	return nil
}

// maskedQuery is the query as it was given, without what is secret in it.
func maskedQuery(query string) string {
	parts := strings.Split(query, "&")
	for i, p := range parts {
		if name, _, _ := strings.Cut(p, "="); name == "token" || name == "password" {
			parts[i] = name + "=***"
		}
	}
	return strings.Join(parts, "&")
}

// refuse says what of the address a list of hosts has no use for.
func (a Address) refuse() error {
	switch {
	case a.User != "" || a.Password != "":
		return fmt.Errorf("discovery: address %s: expected hosts only, without a user", a)
	case a.Path != "":
		return fmt.Errorf("discovery: address %s: expected hosts only, without a path", a)
	}
	return a.Options().Err()
}

// Endpoints are the address's hosts with their ports; port stands for one that is not given, unless it is 0. The error says what is
// wrong with a host, or that there is none.
func (a Address) Endpoints(port int) ([]Endpoint, error) {
	if len(a.Hosts) == 0 {
		return nil, fmt.Errorf("discovery: address %s: expected a host after ://", a)
	}
	all := make([]Endpoint, 0, len(a.Hosts))
	for _, h := range a.Hosts {
		e, err := ParseEndpoint(h, port)
		if err != nil {
			return nil, fmt.Errorf("discovery: address %s: host %q: %w", a, h, err)
		}
		all = append(all, e)
	}
	return all, nil
}

// ParseEndpoint reads HOST[:PORT]; an address of IPv6 stands in brackets. port stands for one that is not given; 0: it must be.
func ParseEndpoint(text string, port int) (Endpoint, error) {
	host, given := text, ""
	if i := strings.LastIndexByte(text, ':'); i >= 0 && !strings.HasSuffix(text, "]") {
		host, given = text[:i], text[i+1:]
	}
	if inner, ok := strings.CutPrefix(host, "["); ok {
		if host, ok = strings.CutSuffix(inner, "]"); !ok || net.ParseIP(host) == nil {
			return Endpoint{}, fmt.Errorf("expected an address of IPv6 between the brackets")
		}
	} else if strings.ContainsAny(host, ":[]") {
		return Endpoint{}, fmt.Errorf("expected HOST:PORT, with an address of IPv6 in brackets")
	}
	if strings.ContainsAny(host, " \t\r\n/@?#") {
		return Endpoint{}, fmt.Errorf("unexpected character in the name")
	}
	switch n, err := strconv.Atoi(given); {
	case given == "" && port == 0:
		return Endpoint{}, fmt.Errorf("no port; expected HOST:PORT")
	case given == "":
	case err != nil || given[0] == '+':
		return Endpoint{}, fmt.Errorf("port %q is no number", given)
	default:
		port = n
	}
	e := Endpoint{host, port}
	return e, e.validate()
}
