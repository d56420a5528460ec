package spec

import (
	"reflect"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/iagoloadgen/iago/arrival"
)

// Choice is one of several things by its name, with parameters: an arrival process or a piece of a profile. In a file it is
// text, "gamma:shape=0.5", or a mapping, {gamma: {shape: 0.5}}.
type Choice struct{ arrival.Call }

// Choose returns the choice of that name without parameters.
func Choose(name string) Choice { return Choice{arrival.Call{Name: name}} }

// UnmarshalText reads "name" or "name:param=value,param=value".
func (c *Choice) UnmarshalText(text []byte) error {
	call, err := arrival.ParseCall(string(text))
	if err != nil {
		return bare(err, "arrival: ")
	}
	c.Call = call
	return nil
}

// MarshalText writes c so that UnmarshalText reads it back.
func (c Choice) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// decode implements custom: text or a mapping with one key.
func (c *Choice) decode(d *decoder, n *yaml.Node, field string) {
	if n.Kind != yaml.MappingNode {
		d.text(n, c, field)
		return
	}
	entries := d.entries(n, field, "")
	if len(entries) != 1 {
		d.problem(n, field, "expected one name with its parameters, such as {gamma: {shape: 0.5}}")
		return
	}
	c.Call = arrival.Call{Name: entries[0].key.Value, Params: map[string]string{}}
	params, inner := d.resolve(entries[0].value), join(field, c.Name)
	if params == nil || isNull(params) {
		return
	}
	for _, e := range d.entries(params, inner, "parameters") {
		var p string
		name := join(inner, e.key.Value)
		d.value(e.value, reflect.ValueOf(&p).Elem(), name)
		if strings.ContainsAny(e.key.Value, ",=:") || strings.ContainsAny(p, ",=") {
			d.problem(e.value, name, "%q: a parameter has no comma and no equals sign", p)
			continue
		}
		c.Params[e.key.Value] = strings.TrimSpace(p)
	}
}
