package kubernetes

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/iagoloadgen/iago/cluster/launch"
)

// Render implements [launch.Launcher]: one YAML file for `kubectl apply -f`.
func (l *launcher) Render(j launch.Job) ([]launch.File, error) {
	p, err := newPlan(&l.Options, &j)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "# Job %s. What belongs to it has the label %s=%s.\n", j.Name, labelInstance, p.name)
	if p.address != nil {
		fmt.Fprintf(&b, "# Workers start when there is a Secret %s whose key url is the bus's, nats://ADDRESS:%d: launching makes it.\n", p.address.Metadata.Name, p.port)
	}
	all := append(append([]object{}, p.before...), p.anchor)
	for _, o := range append(all, p.after...) {
		text, err := manifest(o)
		if err != nil {
			return nil, err
		}
		b.WriteString("---\n")
		b.Write(text)
	}
	return []launch.File{{Name: p.name + ".yaml", Data: b.Bytes()}}, nil
}

// manifest is an object as YAML, in the order of its JSON.
func manifest(o object) ([]byte, error) {
	raw, err := json.Marshal(o)
	if err != nil {
		return nil, fmt.Errorf("launch: kubernetes: %s %s: %w", o.Kind, o.Metadata.Name, err)
	}
	var n yaml.Node
	if err := yaml.Unmarshal(raw, &n); err != nil { // JSON is YAML
		return nil, fmt.Errorf("launch: kubernetes: %s %s: %w", o.Kind, o.Metadata.Name, err)
	}
	block(&n)
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(&n); err != nil {
		return nil, fmt.Errorf("launch: kubernetes: %s %s: %w", o.Kind, o.Metadata.Name, err)
	}
	return b.Bytes(), nil
}

// block takes braces away, and quotes from text that no version of YAML takes for something else: in 1.1, which Kubernetes' tools read, "yes" is
// a truth and "1:30" a number.
func block(n *yaml.Node) {
	if n.Kind != yaml.ScalarNode || n.ShortTag() == "!!str" && plainText(n.Value) {
		n.Style = 0
	}
	for _, c := range n.Content {
		block(c)
	}
}

func plainText(s string) bool {
	switch strings.ToLower(s) {
	case "", "y", "n", "yes", "no", "on", "off", "true", "false", "null":
		return false
	}
	c := s[0]
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '/' || c == '$'
}
