package spec

import (
	"reflect"
	"slices"

	"go.yaml.in/yaml/v4"

	"github.com/iagoloadgen/iago/internal/suggest"
	"github.com/iagoloadgen/iago/processor"
	"github.com/iagoloadgen/iago/processor/exec"
)

// Processor makes requests of records instead of the request section: an outside program (exec and the fields beside it), or a processor
// that is registered, by its name or by its name and settings.
type Processor struct {
	exec.Config `yaml:",inline"`

	// Name is that of the registered processor; "": a program. Settings are its.
	Name     string             `yaml:"-"`
	Settings processor.Settings `yaml:"-"`
}

// decode implements custom: what is not said has its default.
func (p *Processor) decode(d *decoder, n *yaml.Node, field string) {
	switch {
	case n.Kind == yaml.ScalarNode && !isNull(n):
		if def, ok := p.find(d, n, field); ok {
			p.Settings = def.Settings()
		}
		return
	case n.Kind == yaml.MappingNode && len(n.Content) == 2:
		if def, ok := processor.ByName(n.Content[0].Value); ok {
			p.Name, p.Settings = def.Name, def.Settings()
			d.value(n.Content[1], reflect.ValueOf(p.Settings).Elem(), join(field, def.Name))
			return
		}
	}
	p.Config = exec.Default()
	d.structure(n, reflect.ValueOf(&p.Config).Elem(), field)
}

// find looks a processor up by its name alone.
func (p *Processor) find(d *decoder, n *yaml.Node, field string) (processor.Def, bool) {
	def, ok := processor.ByName(n.Value)
	if !ok {
		names := processorNames()
		known := "none is registered; an outside program is exec: [PROGRAM, ARGUMENT, …]"
		if len(names) > 0 {
			known = "expected " + oneOf(names) + ", or exec: [PROGRAM, ARGUMENT, …]"
		}
		d.problem(n, field, "%s: no processor is called so: %s%s", show(n), known, suggest.DidYouMean(n.Value, names))
	}
	p.Name = def.Name
	return def, ok
}

func processorNames() (names []string) {
	for _, def := range processor.Defs() {
		names = append(names, def.Name)
	}
	slices.Sort(names)
	return names
}

// MarshalYAML writes what decode reads.
func (p Processor) MarshalYAML() (any, error) {
	if p.Name != "" {
		return map[string]processor.Settings{p.Name: p.Settings}, nil
	}
	return p.Config, nil
}

// IsZero says that there is none, so that the request section counts.
func (p Processor) IsZero() bool { return p.Name == "" && len(p.Exec) == 0 }
