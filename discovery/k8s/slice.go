package k8s

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/iagoloadgen/iago/discovery"
)

// slice is an EndpointSlice as far as we read it.
type slice struct {
	Metadata struct {
		Name            string `json:"name"`
		ResourceVersion string `json:"resourceVersion"`
	} `json:"metadata"`
	AddressType string     `json:"addressType"`
	Endpoints   []endpoint `json:"endpoints"`
	Ports       []port     `json:"ports"`
}

type endpoint struct {
	Addresses  []string `json:"addresses"`
	Conditions struct {
		Ready *bool `json:"ready"` // nil: "unknown", to be taken for true
	} `json:"conditions"`
	TargetRef *struct {
		Kind, Namespace, Name, UID string
	} `json:"targetRef"`
}

type port struct {
	Name *string `json:"name"`
	Port *int    `json:"port"` // nil: all ports
}

// number finds the port that members are reached at.
func (s slice) number(want string) (int, error) {
	var have []string
	for _, p := range s.Ports {
		if p.Port == nil {
			continue
		}
		name := ""
		if p.Name != nil {
			name = *p.Name
		}
		if want != "" && (want == name || want == strconv.Itoa(*p.Port)) {
			return *p.Port, nil
		}
		have = append(have, fmt.Sprintf("%s (%d)", name, *p.Port))
	}
	if want == "" && len(have) == 1 {
		for _, p := range s.Ports {
			if p.Port != nil {
				return *p.Port, nil
			}
		}
	}
	if want == "" {
		return 0, fmt.Errorf("slice %s has %d ports %q; say which as ?port=NAME", s.Metadata.Name, len(have), have)
	}
	return 0, fmt.Errorf("slice %s has no port %q; it has %q", s.Metadata.Name, want, have)
}

// members makes the set of the slices: endpoints that are ready. A pod that has an address of IPv4 and one of IPv6 is one member, at
// the former. complaints tell what was left out.
func (w *watch) members() (set []discovery.Member, complaints string) {
	byType := map[string][]discovery.Member{}
	four := map[string]bool{} // objects with an address of IPv4
	for _, name := range slices.Sorted(maps.Keys(w.slices)) {
		s := w.slices[name]
		if len(s.Endpoints) == 0 {
			continue // and so has no ports either
		}
		port, err := s.number(w.port)
		if err != nil {
			complaints = err.Error()
			continue
		}
		for _, e := range s.Endpoints {
			if len(e.Addresses) == 0 || e.Conditions.Ready != nil && !*e.Conditions.Ready {
				continue
			}
			m := discovery.Member{Host: e.Addresses[0], Port: port, Name: e.name()} // all addresses of one endpoint are alike
			if err := m.Validate(); err != nil {
				complaints = fmt.Sprintf("slice %s: %v", name, err)
				continue
			}
			byType[s.AddressType] = append(byType[s.AddressType], m)
			if s.AddressType == "IPv4" && e.TargetRef != nil {
				four[e.name()] = true
			}
		}
	}
	for kind, list := range byType {
		for _, m := range list {
			if kind != "IPv6" || !four[m.Name] {
				set = append(set, m)
			}
		}
	}
	return set, complaints
}

func (e endpoint) name() string {
	if e.TargetRef == nil {
		return e.Addresses[0]
	}
	return e.TargetRef.Name
}
