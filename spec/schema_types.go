package spec

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/invopop/jsonschema"

	"github.com/iagoloadgen/iago/arrival"
)

// Patterns of values with units. They are as strict as can be said in a pattern; [Parse] is stricter.
const (
	numberPattern   = `([0-9]+(\.[0-9]*)?|\.[0-9]+)`
	ratePattern     = numberPattern + `([eE][-+]?[0-9]+)?[kKM]?( */ *(s|sec|m|min|h))?`
	durationPattern = `^(0|(` + numberPattern + `(ns|us|µs|μs|ms|s|m|h))+)$`
	sizePattern     = `^[0-9]+(\.[0-9]+)?(B|kB|MB|GB|KiB|MiB|GiB)?$`
)

// JSONSchema describes a rate: text, or a bare number per second.
func (Rate) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{
		AnyOf:    []*jsonschema.Schema{{Type: "string", Pattern: `^(max|` + ratePattern + `)$`}, {Type: "number", ExclusiveMinimum: "0"}},
		Examples: []any{"1000/s", "60000/m", "max"},
	}
}

// JSONSchema describes a duration: text with a unit, or 0.
func (Duration) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{
		AnyOf:    []*jsonschema.Schema{{Type: "string", Pattern: durationPattern}, {Const: 0}},
		Examples: []any{"30s", "1m30s", "500ms"},
	}
}

// JSONSchema describes a size: text with a unit, or a bare number of bytes.
func (Size) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{
		AnyOf:    []*jsonschema.Schema{{Type: "string", Pattern: sizePattern}, {Type: "integer", Minimum: "0"}},
		Examples: []any{"64KiB", "1MB"},
	}
}

// JSONSchema describes the ways to wait.
func (Wait) JSONSchema() *jsonschema.Schema { return words(Auto, Sleep, Spin) }

// JSONSchema describes the policies.
func (Policy) JSONSchema() *jsonschema.Schema { return words(Queue, Drop) }

func words[W ~string](allowed ...W) *jsonschema.Schema {
	s := &jsonschema.Schema{Type: "string"}
	for _, w := range allowed {
		s.Enum = append(s.Enum, string(w))
	}
	return s
}

// JSONSchema describes the rule for late arrivals: text or {skip: 50ms}.
func (Late) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{
		AnyOf: []*jsonschema.Schema{
			{Type: "string", Pattern: `^(send|skip=` + strings.Trim(durationPattern, "^$") + `)$`},
			object(map[string]*jsonschema.Schema{"skip": ref("duration")}, "skip"),
		},
		Examples: []any{"send", "skip=50ms"},
	}
}

// JSONSchema describes headers: each name has a value or a list of values.
func (Headers) JSONSchema() *jsonschema.Schema {
	value := []*jsonschema.Schema{{Type: "string"}, {Type: "number"}, {Type: "boolean"}}
	list := &jsonschema.Schema{Type: "array", MinItems: one(), Items: &jsonschema.Schema{AnyOf: value}}
	return &jsonschema.Schema{
		Type:                 "object",
		PropertyNames:        &jsonschema.Schema{Pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"},
		AdditionalProperties: &jsonschema.Schema{AnyOf: append(slices.Clone(value), list)},
		Examples:             []any{map[string]any{"Accept": "text/html"}},
	}
}

// JSONSchema describes a choice whose names are not known.
func (Choice) JSONSchema() *jsonschema.Schema { return choiceSchema(nil, "name:parameter=value") }

// choiceSchema describes a choice of the things in params, by name: text, or a mapping of one name to its parameters.
func choiceSchema(params map[string][]arrival.Param, example string) *jsonschema.Schema {
	names := slices.Sorted(maps.Keys(params))
	mapping := object(map[string]*jsonschema.Schema{})
	mapping.MinProperties, mapping.MaxProperties = one(), one()
	for _, name := range names {
		values, required := map[string]*jsonschema.Schema{}, []string(nil)
		for _, p := range params[name] {
			values[p.Name] = paramSchema(p)
			if p.Required {
				required = append(required, p.Name)
			}
		}
		choice := object(values, required...)
		if len(required) == 0 {
			choice = &jsonschema.Schema{AnyOf: []*jsonschema.Schema{choice, {Type: "null"}}}
		}
		mapping.Properties.Set(name, choice)
	}
	text := &jsonschema.Schema{Type: "string", Pattern: `^(` + strings.Join(names, "|") + `)(:.+)?$`}
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{text, mapping}, Examples: []any{example}}
}

// paramSchema describes a parameter of an arrival process or a profile.
func paramSchema(p arrival.Param) *jsonschema.Schema {
	s := &jsonschema.Schema{}
	switch p.Kind {
	case arrival.KindRate, arrival.KindChange, arrival.KindDuration:
		s = ref(string(p.Kind))
	case arrival.KindCount:
		s.Type, s.Minimum = "integer", "1"
	case arrival.KindNumber:
		s.Type = "number"
	}
	s.Description = p.Doc
	if p.Default != "" {
		s.Default = p.Default
	}
	return s
}

// amount describes a rate among parameters, which may be 0.
func amount(sign, minimum json.Number) *jsonschema.Schema {
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{
		{Type: "string", Pattern: `^` + string(sign) + ratePattern + `$`}, {Type: "number", Minimum: minimum},
	}}
}

// object describes a mapping of the names given, and no others.
func object(properties map[string]*jsonschema.Schema, required ...string) *jsonschema.Schema {
	o := &jsonschema.Schema{
		Type: "object", Properties: jsonschema.NewProperties(),
		AdditionalProperties: jsonschema.FalseSchema, Required: required,
	}
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		o.Properties.Set(name, properties[name])
	}
	return o
}
