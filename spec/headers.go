package spec

import (
	"fmt"
	"reflect"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/iagoloadgen/iago/processor"
)

// Headers are header fields in the order in which they were given. In a file they are a mapping; a field that is sent several
// times has a list of values.
type Headers []Header

// Header is one header field.
type Header struct{ Name, Value string }

// ParseHeader reads "Name: value", the form of a flag.
func ParseHeader(text string) (Header, error) {
	name, value, ok := strings.Cut(text, ":")
	if !ok {
		return Header{}, fmt.Errorf("%q: expected a header such as Accept: text/html", text)
	}
	h := Header{Name: strings.TrimSpace(name), Value: strings.TrimSpace(value)}
	return h, h.check()
}

// check says what is wrong with h.
func (h Header) check() error {
	c := processor.Config{Headers: []processor.Header{{Name: h.Name, Value: h.Value}}}
	if err := c.Validate(); err != nil {
		return bare(err, "headers: ")
	}
	if !utf8.ValidString(h.Value) {
		return fmt.Errorf("%s: %q: expected UTF-8 text", h.Name, h.Value)
	}
	return nil
}

// decode implements custom: names, each with a value or a list of values.
func (hs *Headers) decode(d *decoder, n *yaml.Node, field string) {
	if isNull(n) {
		return
	}
	for _, e := range d.entries(n, field, "headers such as Accept: text/html") {
		name, value := join(field, e.key.Value), d.resolve(e.value)
		if value == nil {
			return
		}
		if value.Kind != yaml.SequenceNode {
			hs.add(d, e.key, value, name)
			continue
		}
		if len(value.Content) == 0 {
			d.problem(value, name, "expected at least one value")
		}
		for i, v := range value.Content {
			hs.add(d, e.key, v, fmt.Sprintf("%s[%d]", name, i))
		}
	}
}

func (hs *Headers) add(d *decoder, key, value *yaml.Node, field string) {
	h := Header{Name: key.Value}
	d.value(value, reflect.ValueOf(&h.Value).Elem(), field)
	if err := h.check(); err != nil {
		d.problem(key, field, "%v", err)
		return
	}
	*hs = append(*hs, h)
}

// MarshalYAML writes hs as they are read.
func (hs Headers) MarshalYAML() (any, error) {
	m := &yaml.Node{Kind: yaml.MappingNode}
	at := map[string]*yaml.Node{}
	for _, h := range hs {
		value := &yaml.Node{}
		value.SetString(h.Value)
		first, again := at[h.Name]
		switch {
		case !again:
			key := &yaml.Node{}
			key.SetString(h.Name)
			m.Content, at[h.Name] = append(m.Content, key, value), value
		case first.Kind == yaml.ScalarNode:
			was := *first
			*first = yaml.Node{Kind: yaml.SequenceNode, Content: []*yaml.Node{&was, value}}
		default:
			first.Content = append(first.Content, value)
		}
	}
	return m, nil
}
