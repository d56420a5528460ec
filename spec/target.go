package spec

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
)

// ParseTarget reads the URL of a target: the scheme of a registered protocol, a host, its port unless the scheme has a default
// one, and the prefix of every path.
func ParseTarget(text string) (load.Target, error) {
	if bareHostRE.MatchString(text) {
		return load.Target{}, fmt.Errorf("%q: expected a URL (did you mean http://%s?)", text, text)
	}
	if t, ok, err := parseUnix(text); ok || err != nil {
		return t, err
	}
	u, err := url.Parse(text)
	if err != nil {
		if wrong, ok := errors.AsType[*url.Error](err); ok {
			err = wrong.Err // without the URL, which may hold a password
		}
		return load.Target{}, fmt.Errorf("%q: expected a URL such as http://127.0.0.1:8080: %w", maskURL(text), err)
	}
	shown := maskURL(text)
	protocol, known := transport.ByScheme(u.Scheme)
	switch {
	case !known && !strings.Contains(text, "://"):
		return load.Target{}, fmt.Errorf("%q: expected a URL such as http://127.0.0.1:8080", shown)
	case !known:
		return load.Target{}, fmt.Errorf("%q: no transport speaks %s://; expected %s%s", shown, u.Scheme, oneOf(schemes()), didYouMean(u.Scheme, schemes()))
	case u.User != nil:
		return load.Target{}, fmt.Errorf("%q: expected no user and password in the URL; give them as a header, Authorization: Basic …", shown)
	case u.Hostname() == "":
		return load.Target{}, fmt.Errorf("%q: expected a host, such as %s://127.0.0.1:8080", shown, u.Scheme)
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.HasSuffix(text, "#"):
		return load.Target{}, fmt.Errorf("%q: expected no query and no fragment in a target; they belong in request.uri or in the records", shown)
	}
	if path := strings.Trim(u.Path, "/"); path != "" && protocol.Lines {
		return load.Target{}, fmt.Errorf("%q: expected no path: %s has none", shown, protocol.Name)
	}
	scheme := protocol.Schemes[u.Scheme]
	port, err := portOf(u, scheme.Port)
	if err != nil {
		return load.Target{}, fmt.Errorf("%q: %w", shown, err)
	}
	return load.Target{
		URL: text, Scheme: u.Scheme, Host: u.Hostname(), Port: port, TLS: scheme.TLS, Datagram: scheme.Datagram,
		Path: strings.TrimRight(u.EscapedPath(), "/"),
	}, nil
}

// parseUnix reads the address of a Unix socket: SCHEME:/path, the scheme being one for such sockets ("unix", "redis+unix"); a colon
// and another path after it are the prefix of every path, where the protocol has paths.
func parseUnix(text string) (t load.Target, ok bool, err error) {
	scheme, rest, ok := strings.Cut(text, ":")
	p, known := transport.ByScheme(strings.ToLower(scheme))
	if !ok || !known || !p.Schemes[strings.ToLower(scheme)].Unix {
		return t, false, nil
	}
	path := "/" + strings.TrimLeft(rest, "/")
	path, prefix, _ := strings.Cut(path, ":")
	switch {
	case path == "/" || !strings.HasPrefix(rest, "/"):
		return t, false, fmt.Errorf("%q: expected the path of a socket, such as %s:/run/server.sock", text, scheme)
	case len(path) > maxUnixPath:
		return t, false, fmt.Errorf("%q: the path has %d bytes; a socket's has at most %d", text, len(path), maxUnixPath)
	case prefix != "" && prefix[0] != '/':
		return t, false, fmt.Errorf("%q: expected a path that begins with / after the second colon", text)
	}
	return load.Target{URL: text, Scheme: strings.ToLower(scheme), Host: "localhost", Unix: path, Path: strings.TrimRight(prefix, "/")}, true, nil
}

// maxUnixPath is the room for a path in the kernel's address of a socket, less the byte that ends it.
const maxUnixPath = 107

// bareHostRE finds what people write for short: "127.0.0.1:8080", "shop.example/cart", "localhost".
var bareHostRE = regexp.MustCompile(`^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+|localhost|[A-Za-z0-9.-]+:[0-9]+)(:[0-9]+)?(/.*)?$`)

// portOf returns the port of u.
func portOf(u *url.URL, byDefault int) (int, error) {
	if u.Port() == "" && byDefault > 0 && !strings.HasSuffix(u.Host, ":") {
		return byDefault, nil
	}
	port, err := strconv.Atoi(u.Port())
	if err != nil || port < 1 || port > 65535 {
		return 0, fmt.Errorf("expected a port between 1 and 65535, such as %s", net.JoinHostPort(u.Hostname(), "8080"))
	}
	return port, nil
}

// schemes are those of all registered protocols, as "http://".
func schemes() []string {
	var all []string
	for _, p := range transport.All() {
		for s := range p.Schemes {
			all = append(all, s)
		}
	}
	slices.Sort(all)
	return all
}

// Addresses returns the targets that have an address, in the order in which they were given, as load sees them; see [Spec.Services] for the others.
func (s *Spec) Addresses() ([]load.Target, error) {
	fixed, _, err := s.aims()
	return fixed, err
}

// urls returns the targets' URLs.
func (s *Spec) urls() []string {
	if s.Target != "" {
		return append([]string{s.Target}, s.Targets...)
	}
	return s.Targets
}
