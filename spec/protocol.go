package spec

import (
	"reflect"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/iagoloadgen/iago/transport"
)

// protocol decodes the section of the protocol called key; it returns false if there is no such protocol.
func (d *decoder) protocol(s *Spec, key string, n *yaml.Node) bool {
	p, ok := transport.ByName(key)
	if !ok {
		return false
	}
	config := p.Config()
	d.value(n, reflect.ValueOf(config).Elem(), key)
	s.Protocols[key] = config
	return true
}

// isBytes says that the field of that name is a number of bytes, so that a file may give it a unit. Protocols are
// registered by packages that do not know this one: they have an int64 called …_limit or …_size.
func isBytes(field string) bool {
	return strings.HasSuffix(field, "_limit") || strings.HasSuffix(field, "_size")
}

// Transport returns the protocol of s's targets and its configuration. It is called after [Spec.Validate].
func (s *Spec) Transport() (transport.Protocol, transport.Config) {
	p, ok := s.protocol()
	if !ok {
		return transport.Protocol{}, nil
	}
	if config, given := s.Protocols[p.Name]; given {
		return p, config
	}
	return p, p.Config()
}

// protocol returns the protocol of the first target that is right.
func (s *Spec) protocol() (transport.Protocol, bool) {
	for _, url := range s.urls() {
		if t, err := parseSample(url); err == nil {
			return transport.ByScheme(t.Scheme)
		}
	}
	return transport.Protocol{}, false
}
