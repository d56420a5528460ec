package spec

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/iagoloadgen/iago/discovery"
	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
)

// Service is a target that stands for the members of a service, which discovery finds and follows while the run goes on: the scheme that
// they are spoken to by, a plus, and the URL of a discovery backend, as in http+zk://host:2181/path. Behind a # there may be a path that is
// put before every request's.
type Service struct {
	URL     string // as it was given, without secrets; names the service in messages
	Address string // of its backend, for [discovery.Open]; with its secrets
	Before  int    // how many fixed targets ([Spec.Addresses]) were given before it

	member load.Target // what is the same for all members
}

// Target is the target that a member is.
func (s *Service) Target(m discovery.Member) load.Target {
	t := s.member
	t.Host, t.Port = m.Host, m.Port
	t.URL = t.Scheme + "://" + m.Endpoint().String() + t.Path
	return t
}

// Sample is a target like the members, for checks before any of them is known. It cannot be connected to.
func (s *Service) Sample() load.Target {
	t := s.Target(discovery.Member{Host: "member.invalid", Port: 1})
	t.URL = s.URL
	return t
}

// Services returns the targets that discovery finds, in the order in which they were given.
func (s *Spec) Services() ([]Service, error) {
	_, services, err := s.aims()
	return services, err
}

// aims are all targets: those that have an address, and those that discovery finds.
func (s *Spec) aims() (fixed []load.Target, services []Service, err error) {
	for _, text := range s.urls() {
		if service, ok, err := parseService(text); err != nil {
			return nil, nil, err
		} else if ok {
			service.Before = len(fixed)
			services = append(services, service)
			continue
		}
		t, err := ParseTarget(text)
		if err != nil {
			return nil, nil, err
		}
		fixed = append(fixed, t)
	}
	return fixed, services, nil
}

// samples are all targets, with one for each service.
func (s *Spec) samples() ([]load.Target, error) {
	all, services, err := s.aims()
	for i := range services {
		all = append(all, services[i].Sample())
	}
	return all, err
}

// parseSample reads a target of either form.
func parseSample(text string) (load.Target, error) {
	if service, ok, err := parseService(text); ok || err != nil {
		return service.Sample(), err
	}
	return ParseTarget(text)
}

// parseService reads a target that is to be discovered; ok: it is one. The backend checks its address; nothing is connected to.
func parseService(text string) (s Service, ok bool, err error) {
	scheme, rest, found := strings.Cut(text, "://")
	if !found {
		return s, false, nil
	}
	scheme = strings.ToLower(scheme)
	shown := maskURL(scheme + "://" + rest)
	rest, prefix, prefixed := strings.Cut(rest, "#")
	spoken, address, ok := discovery.SplitTarget(scheme + "://" + rest)
	if !ok {
		return s, false, unknownBackend(shown, scheme)
	}
	protocol, known := transport.ByScheme(spoken)
	conf := protocol.Schemes[spoken]
	switch {
	case !known:
		return s, false, fmt.Errorf("%q: no transport speaks %s://; expected %s before the plus%s", shown, spoken, oneOf(schemes()), didYouMean(spoken, schemes()))
	case conf.Unix:
		return s, false, fmt.Errorf("%q: members have a host and a port, but %s: is for Unix sockets", shown, spoken)
	}
	if _, err := discovery.Open(address, nil); err != nil {
		return s, false, fmt.Errorf("%q: %s", shown, strings.ReplaceAll(bare(err, "discovery: address ").Error(), "\n", "; "))
	}
	s = Service{URL: shown, Address: address, member: load.Target{Scheme: spoken, TLS: conf.TLS, Datagram: conf.Datagram}}
	if prefixed {
		if s.member.Path, err = parsePrefix(prefix); err != nil {
			return s, false, fmt.Errorf("%q: %w", shown, err)
		}
	}
	if s.member.Path != "" && protocol.Lines {
		return s, false, fmt.Errorf("%q: expected no path behind #: %s has none", shown, protocol.Name)
	}
	return s, true, nil
}

// parsePrefix reads what stands behind the #.
func parsePrefix(text string) (string, error) {
	u, err := url.Parse("//host" + text)
	if err != nil || !strings.HasPrefix(text, "/") || u.RawQuery != "" || u.ForceQuery || strings.Contains(text, "#") {
		return "", errors.New("expected a path such as /api behind #, to be put before every request's; a # that belongs to the address is written %23")
	}
	return strings.TrimRight(u.EscapedPath(), "/"), nil
}

// unknownBackend finds targets that were meant to be discovered.
func unknownBackend(shown, scheme string) error {
	i := strings.LastIndexByte(scheme, '+')
	if i < 0 {
		return nil
	}
	if _, known := transport.ByScheme(scheme); known { // it has a plus of its own
		return nil
	}
	if _, known := transport.ByScheme(scheme[:i]); !known {
		return nil
	}
	var names []string
	for _, k := range discovery.Kinds() {
		names = append(names, k.Scheme)
	}
	slices.Sort(names)
	return fmt.Errorf("%q: no discovery backend is called %s; expected %s behind the plus%s", shown, scheme[i+1:], oneOf(names), didYouMean(scheme[i+1:], names))
}

// maskService is [maskURL] for a target that is to be discovered: its backend knows which of its options are secrets.
func maskService(text string) (string, bool) {
	scheme, address, ok := discovery.SplitTarget(text)
	if !ok {
		return "", false
	}
	address, prefix, hash := strings.Cut(address, "#")
	a, err := discovery.ParseAddress(address)
	if err != nil {
		return "", false
	}
	if hash {
		prefix = "#" + prefix
	}
	return scheme + "+" + a.String() + prefix, true
}
