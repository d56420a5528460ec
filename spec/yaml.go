package spec

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"

	"go.yaml.in/yaml/v4"
)

// YAML writes s with all defaults filled in, secrets masked and paths absolute, so that it says what was run and loads again
// from anywhere.
func (s *Spec) YAML() ([]byte, error) {
	whole := s.clone()
	whole.absolute()
	n, err := whole.node()
	if err != nil {
		return nil, err
	}
	mask(n, "")
	return dump(n)
}

// SHA256 identifies what s says: a hash, in hexadecimal, of its canonical form, secrets included. Neither the layout and the
// comments of the file matter, nor whether a default is spelled out, nor the working directory.
func (s *Spec) SHA256() (string, error) {
	whole := s.clone()
	whole.relative()
	n, err := whole.node()
	if err != nil {
		return "", err
	}
	data, err := dump(n)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), nil
}

// clone returns a copy of s whose own fields may be changed, what they point to apart.
func (s *Spec) clone() *Spec {
	c := *s
	c.Protocols = maps.Clone(s.Protocols)
	return &c
}

// node completes s and returns it as YAML, with the options of its protocol.
func (s *Spec) node() (*yaml.Node, error) {
	s.Complete()
	if p, ok := s.protocol(); ok && s.Protocols[p.Name] == nil {
		s.Protocols[p.Name] = p.Config()
	}
	n := &yaml.Node{}
	if err := n.Encode(s); err != nil {
		return nil, fmt.Errorf("spec: write: %w", err)
	}
	if !s.Processor.IsZero() {
		drop(n, "request") // its defaults, which have no use beside a processor
	}
	if p, ok := s.protocol(); ok && p.Lines {
		for _, field := range []string{"marker", "forwarded_for", "record_headers"} { // likewise, where there are no headers
			drop(value(n, "request"), field)
		}
	}
	return n, nil
}

// value is a field's value in a mapping; an empty one where there is none.
func value(n *yaml.Node, field string) *yaml.Node {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == field {
			return n.Content[i+1]
		}
	}
	return &yaml.Node{}
}

// drop takes a field out of a mapping.
func drop(n *yaml.Node, field string) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == field {
			n.Content = slices.Delete(n.Content, i, i+2)
			return
		}
	}
}

func dump(n *yaml.Node) ([]byte, error) {
	data, err := yaml.Dump(n, yaml.WithLineWidth(-1))
	if err != nil {
		return nil, fmt.Errorf("spec: write: %w", err)
	}
	return data, nil
}
