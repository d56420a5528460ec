package expr

import (
	"bytes"
	"fmt"
	"maps"
	"slices"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/processor"
)

// template is a compiled Request, and what it has given last.
type template struct {
	method, uri, body, key, client, label part
	headers                               []headerPart
	weight                                *program
	keep                                  []keptPart

	units int // the weight
	state *state
}

// part is a piece of a request: an expression, or none, and what it gave.
type part struct {
	*program
	none  bool // it gave nothing (nil)
	bytes []byte
	text  string // instead of bytes, for labels
}

type headerPart struct {
	part
	name []byte
}

type keptPart struct {
	*program
	name string
}

// state is what a request keeps for its response, in Request.State. It is not written again once the request is made.
type state struct{ kept map[string]any }

var nothingKept = map[string]any{}

func keptOf(req *load.Request) map[string]any {
	if s, ok := req.State.(*state); ok {
		return s.kept
	}
	return nothingKept
}

const maxWeight = 1_000_000

// compileRequest compiles r, whose fields are below path.
func (m *machine) compileRequest(path string, r *Request, p *problems) *template {
	t := &template{}
	for _, f := range []struct {
		to     *part
		name   string
		source string
	}{
		{&t.method, "method", r.Method},
		{&t.uri, "uri", r.URI},
		{&t.body, "body", r.Body},
		{&t.key, "key", r.Key},
		{&t.client, "client", r.Client},
		{&t.label, "label", r.Label},
	} {
		f.to.program = m.compile(path+"."+f.name, f.source, anything, p)
	}
	t.weight = m.compile(path+".weight", r.Weight, number, p)
	for _, name := range slices.Sorted(maps.Keys(r.Headers)) {
		t.headers = append(t.headers, m.compileHeader(path+".headers."+name, name, r.Headers[name], p))
	}
	for _, name := range slices.Sorted(maps.Keys(r.Keep)) {
		at := path + ".keep." + name
		if r.Keep[name] == "" {
			p.add(at, "it is empty; give an expression")
		}
		t.keep = append(t.keep, keptPart{m.compile(at, r.Keep[name], anything, p), name})
	}
	return t
}

func (m *machine) compileHeader(path, name, source string, p *problems) headerPart {
	c := processor.Config{Headers: []processor.Header{{Name: name}}}
	switch err := c.Validate(); {
	case sameName([]byte(name), "Host"): // as a literal it has a field of its own; here it is one of the headers
	case err != nil:
		p.add(path, "%w", err)
	}
	if source == "" {
		p.add(path, "it is empty; give an expression, or nil to leave the header out")
	}
	return headerPart{part: part{program: m.compile(path, source, anything, p)}, name: []byte(name)}
}

// programs are all that t has; there are nils among them.
func (t *template) programs() []*program {
	list := []*program{t.method.program, t.uri.program, t.body.program, t.key.program, t.client.program, t.label.program, t.weight}
	for i := range t.headers {
		list = append(list, t.headers[i].program)
	}
	for i := range t.keep {
		list = append(list, t.keep[i].program)
	}
	return list
}

// evaluate works out all parts.
func (t *template) evaluate(m *machine, inherited map[string]any) error {
	for _, p := range []*part{&t.method, &t.uri, &t.body, &t.key, &t.client} {
		if err := p.evaluate(m); err != nil {
			return err
		}
	}
	for _, p := range []*part{&t.method, &t.uri} {
		if p.none {
			return fmt.Errorf("%s: gave nothing (nil); expected text: in %s", p.path, p.source)
		}
	}
	for i := range t.headers {
		if err := t.headers[i].evaluate(m); err != nil {
			return err
		}
	}
	if err := t.evaluateLabel(m); err != nil {
		return err
	}
	if err := t.evaluateWeight(m); err != nil {
		return err
	}
	return t.evaluateKept(m, inherited)
}

func (p *part) evaluate(m *machine) error {
	if p.program == nil {
		return nil
	}
	v, err := m.run(p.program)
	if err != nil {
		return err
	}
	if p.none = v == nil; p.none {
		p.bytes = p.bytes[:0]
		return nil
	}
	if p.bytes, err = appendValue(p.bytes[:0], v); err != nil {
		return fmt.Errorf("%s: %w: in %s", p.path, err, p.source)
	}
	return nil
}

func (t *template) evaluateLabel(m *machine) error {
	p := &t.label
	if err := p.evaluate(m); err != nil || p.program == nil {
		return err
	}
	if p.text != string(p.bytes) { // labels come again and again
		p.text = string(p.bytes)
	}
	return nil
}

func (t *template) evaluateWeight(m *machine) error {
	if t.weight == nil {
		return nil
	}
	v, err := m.run(t.weight)
	if err != nil {
		return err
	}
	n, ok := v.(int)
	if !ok || n < 1 || n > maxWeight {
		return fmt.Errorf("%s: gave %s; expected a whole number from 1 to %d: in %s", t.weight.path, describe(v), maxWeight, t.weight.source)
	}
	t.units = n
	return nil
}

func (t *template) evaluateKept(m *machine, inherited map[string]any) error {
	if len(t.keep) == 0 {
		return nil
	}
	kept := make(map[string]any, len(t.keep)+len(inherited))
	maps.Copy(kept, inherited)
	for _, k := range t.keep {
		v, err := m.run(k.program)
		if err != nil {
			return err
		}
		kept[k.name] = v
	}
	t.state = &state{kept}
	return nil
}

// fill sets in req what the template says, method and URI apart.
func (t *template) fill(req *load.Request) {
	if t.body.program != nil && !bytes.Equal(req.Body, t.body.bytes) {
		req.Body = req.Keep(t.body.bytes)
	}
	if t.key.program != nil {
		req.Key = req.Keep(t.key.bytes)
	}
	if t.client.program != nil {
		req.Client = req.Keep(t.client.bytes)
	}
	if t.label.program != nil {
		req.Label = t.label.text
	}
	if t.weight != nil {
		req.Weight = t.units
	}
	for i := range t.headers {
		h := &t.headers[i]
		req.Header = without(req.Header, h.name)
		if !h.none {
			req.Header = append(req.Header, load.Field{Name: h.name, Value: req.Keep(h.bytes)})
		}
	}
	if t.state != nil {
		req.State = t.state
	}
}

// without takes the headers of a name out of a list.
func without(list []load.Field, name []byte) []load.Field {
	out := list[:0]
	for _, f := range list {
		if !sameName(f.Name, string(name)) {
			out = append(out, f)
		}
	}
	return out
}
