package spec

import (
	"encoding"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/iagoloadgen/iago/internal/suggest"
)

// decoder fills Go values from YAML nodes. Unlike the YAML package's own decoding it goes on after a problem, so that all of
// them are shown at once, knows the field's full name and column, and says what would have been right.
type decoder struct {
	file     string
	problems Problems
	at       map[string]mark // where each value that was given stands
	visits   int             // values seen, counted through aliases
	meant    []string        // fields that unknown ones were probably meant to be

	// sections are the names of further fields at the top, which section decodes; it returns false for any other.
	sections []string
	section  func(name string, n *yaml.Node) bool
}

// mark is a place in the file.
type mark struct{ line, column int }

// maxValues bounds the work that aliases of aliases can ask for.
const maxValues = 100_000

// custom is a type with a form of its own, such as a mapping that may be written as text.
type custom interface {
	decode(d *decoder, n *yaml.Node, field string)
}

func (d *decoder) problem(n *yaml.Node, field, format string, args ...any) {
	d.problems = append(d.problems, Problem{File: d.file, Line: n.Line, Column: n.Column, Field: field, Message: fmt.Sprintf(format, args...)})
}

// value fills v, which is settable, from n.
func (d *decoder) value(n *yaml.Node, v reflect.Value, field string) {
	if n = d.resolve(n); n == nil {
		return
	}
	if _, given := d.at[field]; !given {
		d.at[field] = mark{n.Line, n.Column}
	}
	if n.Style&yaml.TaggedStyle != 0 {
		d.problem(n, field, "%s: expected a plain value: tags have no use here", n.Tag)
		return
	}
	switch p := v.Addr().Interface().(type) {
	case custom:
		p.decode(d, n, field)
	case *time.Duration:
		d.text(n, (*Duration)(p), field)
	case yaml.Unmarshaler:
		d.foreign(n, p.UnmarshalYAML, field)
	case encoding.TextUnmarshaler:
		d.text(n, p, field)
	default:
		d.kind(n, v, field)
	}
}

// resolve follows an alias. It returns nil when the file has too many values, which is a problem once.
func (d *decoder) resolve(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	before := d.visits
	d.visits += 1 + len(n.Content)
	if d.visits > maxValues {
		if before <= maxValues {
			d.problem(n, "", "more than %d values, counting those behind aliases", maxValues)
		}
		return nil
	}
	return n
}

// kind fills v by what kind of Go value it is.
func (d *decoder) kind(n *yaml.Node, v reflect.Value, field string) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		d.value(n, v.Elem(), field)
	case reflect.Struct:
		d.structure(n, v, field)
	case reflect.Slice:
		d.list(n, v, field)
	case reflect.Map:
		d.mapping(n, v, field)
	case reflect.Interface:
		d.foreign(n, func(n *yaml.Node) error { return n.Decode(v.Addr().Interface()) }, field)
	default:
		if v.Type() == reflect.TypeFor[int64]() && isBytes(field) {
			d.text(n, v.Addr().Convert(reflect.TypeFor[*Size]()).Interface().(*Size), field)
			return
		}
		d.scalar(n, v, field)
	}
}

// foreign leaves n to the YAML package, for options that decode themselves or take anything.
func (d *decoder) foreign(n *yaml.Node, load func(*yaml.Node) error, field string) {
	err := load(n)
	var bad *yaml.LoadError
	switch {
	case errors.As(err, &bad):
		d.problem(&yaml.Node{Line: bad.Mark.Line, Column: bad.Mark.Column}, field, "%s", bad.Message)
	case err != nil:
		d.problem(n, field, "%v", err)
	}
}

// structure fills the struct v from a mapping of its fields' names. An empty value leaves everything as it is.
func (d *decoder) structure(n *yaml.Node, v reflect.Value, field string) {
	if isNull(n) {
		return
	}
	fields := fieldsOf(v)
	for _, e := range d.entries(n, field, "fields") {
		name := join(field, e.key.Value)
		f, ok := fields[e.key.Value]
		switch {
		case ok:
			d.value(e.value, f, name)
		case field == "" && strings.HasPrefix(e.key.Value, "x-"):
		case field == "" && d.section(e.key.Value, e.value):
		default:
			d.unknown(e.key, field, fields)
		}
	}
}

// unknown says that there is no such field.
func (d *decoder) unknown(key *yaml.Node, field string, fields map[string]reflect.Value) {
	known := slices.Collect(maps.Keys(fields))
	if field == "" {
		known = append(known, d.sections...)
	}
	slices.Sort(known)
	near, others := suggest.Nearest(key.Value, known), elsewhere(key.Value)
	hint := "; known here: " + strings.Join(known, ", ")
	switch {
	case near != "":
		d.meant = append(d.meant, join(field, near))
		hint = " (did you mean " + near + "?)"
	case len(others) > 0:
		hint = " in this place (did you mean " + oneOf(others) + "?)"
	}
	d.problem(key, join(field, key.Value), "unknown field%s", hint)
}

// list fills the slice v.
func (d *decoder) list(n *yaml.Node, v reflect.Value, field string) {
	if isNull(n) {
		return
	}
	if n.Kind != yaml.SequenceNode {
		d.problem(n, field, "%s: expected a list, - before each item or in []", show(n))
		return
	}
	out := reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content))
	for i, item := range n.Content {
		d.value(item, out.Index(i), field+"["+strconv.Itoa(i)+"]")
	}
	v.Set(out)
}

// mapping fills the map v, whose keys are strings.
func (d *decoder) mapping(n *yaml.Node, v reflect.Value, field string) {
	if isNull(n) {
		return
	}
	out := reflect.MakeMap(v.Type())
	for _, e := range d.entries(n, field, "names and values") {
		item := reflect.New(v.Type().Elem()).Elem()
		d.value(e.value, item, join(field, e.key.Value))
		out.SetMapIndex(reflect.ValueOf(e.key.Value).Convert(v.Type().Key()), item)
	}
	v.Set(out)
}

func join(field, key string) string {
	if field == "" {
		return key
	}
	return field + "." + key
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }
