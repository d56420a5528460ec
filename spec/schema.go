package spec

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/invopop/jsonschema"
	"go.yaml.in/yaml/v4"

	"github.com/iagoloadgen/iago/arrival"
	"github.com/iagoloadgen/iago/transport"
)

// Schema returns the JSON Schema (draft 2020-12) of the spec file, for editors and checks elsewhere. It describes the form of
// each field, with arrival processes, profiles and protocols as they are registered now, but not how fields depend on each
// other: that is [Spec.Validate]'s.
func Schema() ([]byte, error) {
	r := reflector()
	root := r.Reflect(&Spec{})
	root.Title = "Iago spec"
	root.Description = "What a run of iago does. Fields at the top whose name begins with x- are ignored: a place for anchors."
	root.PatternProperties = map[string]*jsonschema.Schema{"^x-": jsonschema.TrueSchema}
	root.OneOf = []*jsonschema.Schema{{Required: []string{"target"}}, {Required: []string{"targets"}}}
	root.Definitions = definitions()
	if err := defaults(root, Defaults()); err != nil {
		return nil, err
	}
	for _, p := range transport.All() {
		section := r.Reflect(p.Config())
		section.Version, section.Description = "", p.Summary
		if err := defaults(section, p.Config()); err != nil {
			return nil, err
		}
		sizes(section)
		root.Properties.Set(p.Name, section)
	}
	otherForms(root)
	return json.MarshalIndent(root, "", "  ")
}

// reflector makes schemas of Go types, described by this package's comments. The name of a field without a tag is lower case
// in YAML; tags are lower case anyway.
func reflector() *jsonschema.Reflector {
	return &jsonschema.Reflector{
		Anonymous: true, ExpandedStruct: true, DoNotReference: true, FieldNameTag: "yaml", RequiredFromJSONSchemaTags: true,
		LookupComment: comment, KeyNamer: strings.ToLower,
		Mapper: func(t reflect.Type) *jsonschema.Schema {
			switch t {
			case reflect.TypeFor[Duration](), reflect.TypeFor[time.Duration]():
				return ref("duration")
			case reflect.TypeFor[Size]():
				return ref("size")
			}
			return nil
		},
	}
}

// definitions are the units, which many fields have.
func definitions() jsonschema.Definitions {
	return jsonschema.Definitions{
		"duration": Duration(0).JSONSchema(),
		"size":     Size(0).JSONSchema(),
		"rate":     amount("", "0"),
		"change":   amount("-?", ""),
	}
}

func ref(definition string) *jsonschema.Schema {
	return &jsonschema.Schema{Ref: "#/$defs/" + definition}
}

// defaults puts the values of config, written as YAML, into the schema of its type.
func defaults(schema *jsonschema.Schema, config any) error {
	data, err := yaml.Dump(config)
	if err != nil {
		return fmt.Errorf("spec: schema: %w", err)
	}
	var values map[string]any
	if err := yaml.Load(data, &values); err != nil {
		return fmt.Errorf("spec: schema: %w", err)
	}
	setDefaults(schema, values)
	return nil
}

func setDefaults(schema *jsonschema.Schema, values map[string]any) {
	for name, v := range values {
		property, ok := schema.Properties.Get(name)
		if !ok {
			continue
		}
		if inner, nested := v.(map[string]any); nested {
			setDefaults(property, inner)
			continue
		}
		property.Default = v
	}
}

// sizes lets the fields of a protocol that are numbers of bytes have units.
func sizes(section *jsonschema.Schema) {
	for p := section.Properties.Oldest(); p != nil; p = p.Next() {
		if p.Value.Type == "integer" && isBytes(p.Key) {
			size := ref("size")
			size.Default, size.Description = p.Value.Default, p.Value.Description
			p.Value = size
		}
	}
}

// otherForms adds what may stand for a structure: text for records and late, text or a mapping of parameters for choices.
func otherForms(root *jsonschema.Schema) {
	replace := func(name string, with *jsonschema.Schema) {
		old, _ := root.Properties.Get(name)
		with.Description, with.Default = old.Description, old.Default
		root.Properties.Set(name, with)
	}
	records, _ := root.Properties.Get("records")
	fields := *records
	fields.Description = ""
	replace("records", &jsonschema.Schema{AnyOf: []*jsonschema.Schema{{Type: "string", MinLength: one()}, &fields}})

	program, _ := root.Properties.Get("processor")
	programFields := *program
	programFields.Description = ""
	named := map[string]*jsonschema.Schema{}
	for _, name := range processorNames() {
		named[name] = jsonschema.TrueSchema
	}
	mapping := object(named)
	mapping.MinProperties, mapping.MaxProperties = one(), one()
	replace("processor", &jsonschema.Schema{AnyOf: []*jsonschema.Schema{{Type: "string", MinLength: one()}, &programFields, mapping}})

	processes, pieces := map[string][]arrival.Param{}, map[string][]arrival.Param{}
	for _, d := range arrival.Defs() {
		processes[d.Name] = d.Params
	}
	for _, d := range arrival.ProfileDefs() {
		pieces[d.Name] = d.Params
	}
	replace("arrival", choiceSchema(processes, "gamma:shape=0.5"))
	replace("profile", &jsonschema.Schema{
		Type: "array", MinItems: one(), Items: choiceSchema(pieces, "ramp:from=0/s,to=1000/s,for=30s"),
	})
}

func one() *uint64 {
	n := uint64(1)
	return &n
}
