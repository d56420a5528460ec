package idl

import (
	"cmp"
	"math"
	"slices"
)

// resolver looks up the names of one file and builds its Document.
//
// As in the compiler, a type may be used before its definition, but what a value needs
// may not: constants, the types of values, exceptions thrown and services extended. So
// definitions have an order: their index in the file from 1, and 0 for those of includes.
type resolver struct {
	doc      *Document
	types    map[string]*typeEntry // by name as the file writes it: "User", "shared.User"
	consts   map[string]constEntry // constants, and enum members as "Color.RED"
	services map[string]serviceEntry
	order    map[*Type]int  // of the file's own named types
	below    map[string]Pos // constants, enum members and services by name, for messages
	now      int            // order of the definition being resolved
	complaints
}

type typeEntry struct {
	typ   *Type
	node  *typedefNode // of a typedef that is not resolved yet
	order int
	pos   Pos
	state entryState
}

type entryState uint8

const (
	entryNew entryState = iota
	entryResolving
	entryDone
)

type constEntry struct {
	pos   Pos
	value *Value // nil if it is wrong, which has been told
}

type serviceEntry struct {
	pos     Pos
	service *Service
}

// resolve fills in f.doc, whose includes are resolved.
func resolve(f *fileNode) error {
	r := &resolver{
		doc:      f.doc,
		types:    map[string]*typeEntry{},
		consts:   map[string]constEntry{},
		services: map[string]serviceEntry{},
		order:    map[*Type]int{},
		below:    map[string]Pos{},
	}
	for _, inc := range f.doc.Includes {
		r.include(inc)
	}
	r.declare(f.defs)
	for i, def := range f.defs {
		r.now = i + 1
		switch n := def.(type) {
		case *typedefNode:
			n.Type = r.named(n.Name, n.Pos)
			r.doc.Typedefs = append(r.doc.Typedefs, n.Typedef)
		case *constNode:
			r.constant(n)
		case *enumNode:
			r.enum(n.Enum)
		case *structNode:
			r.fill(n.Struct, n.fields)
			r.doc.Structs = append(r.doc.Structs, n.Struct)
		case *serviceNode:
			r.service(n)
		}
	}
	return r.err()
}

// include makes known what an included file defines, under its name.
func (r *resolver) include(d *Document) {
	known := func(name string, t Type) {
		t.Name = d.Name + "." + name
		r.types[t.Name] = &typeEntry{typ: &t, state: entryDone}
	}
	for _, t := range d.Typedefs {
		known(t.Name, *t.Type)
	}
	for _, s := range d.Structs {
		known(s.Name, Type{Kind: KindStruct, Struct: s})
	}
	for _, e := range d.Enums {
		known(e.Name, Type{Kind: KindEnum, Enum: e})
		for _, v := range e.Values {
			r.consts[d.Name+"."+e.Name+"."+v.Name] = constEntry{pos: v.Pos, value: memberValue(v)}
		}
	}
	for _, c := range d.Consts {
		r.consts[d.Name+"."+c.Name] = constEntry{pos: c.Pos, value: c.Value}
	}
	for _, s := range d.Services {
		r.services[d.Name+"."+s.Name] = serviceEntry{pos: s.Pos, service: s}
	}
}

// memberValue is an enum's member as a constant: an i32.
func memberValue(v EnumValue) *Value {
	return &Value{Type: baseTypes["i32"], Int: int64(v.Number)}
}

// declare makes the file's types known, so that they can be used before their definition.
func (r *resolver) declare(defs []node) {
	taken := map[string]Pos{}
	for i, def := range defs {
		name, pos := def.name()
		if _, ok := def.(*constNode); ok {
			r.below[name] = pos
			continue // constants have names of their own
		}
		if first, ok := taken[name]; ok {
			r.add(pos, "%q is already defined on line %d: rename one", name, first.Line)
			continue
		}
		taken[name] = pos
		r.collision(name, pos)
		e := &typeEntry{order: i + 1, pos: pos, state: entryDone}
		switch n := def.(type) {
		case *typedefNode:
			e.node, e.state = n, entryNew
		case *enumNode:
			e.typ = &Type{Kind: KindEnum, Name: name, Enum: n.Enum}
			for _, v := range n.Values {
				r.below[name+"."+v.Name] = v.Pos
			}
		case *structNode:
			e.typ = &Type{Kind: KindStruct, Name: name, Struct: n.Struct}
		case *serviceNode:
			r.below[name] = pos
			continue
		}
		r.types[name] = e
		if e.typ != nil {
			r.order[e.typ] = e.order
		}
	}
}

// collision complains of a name that an include with the same namespaces defines too:
// generated code would define it twice, and the compiler refuses it.
func (r *resolver) collision(name string, pos Pos) {
	for _, inc := range r.doc.Includes {
		_, isType := r.types[inc.Name+"."+name]
		_, isService := r.services[inc.Name+"."+name]
		if !isType && !isService || !sameNamespaces(r.doc, inc) || !sameNamespaces(inc, r.doc) {
			continue
		}
		r.add(pos, "%q is already defined in the include %s, which has the same namespaces: rename it or add a namespace", name, inc.Path)
	}
}

// sameNamespaces tells whether b has all the namespaces of a.
func sameNamespaces(a, b *Document) bool {
	for scope, name := range a.Namespaces {
		other, ok := b.Namespaces[scope]
		if !ok {
			other = b.Namespaces["*"]
		}
		if other != name {
			return false
		}
	}
	return true
}

func (r *resolver) enum(e *Enum) {
	r.doc.Enums = append(r.doc.Enums, e)
	for _, v := range e.Values {
		if _, ok := e.byName[v.Name]; ok {
			r.add(v.Pos, "enum %s has a member %s already: rename one", e.Name, v.Name)
			continue
		}
		e.byName[v.Name] = v.Number
		if _, ok := e.byNumber[v.Number]; !ok {
			e.byNumber[v.Number] = v.Name
		}
		r.consts[e.Name+"."+v.Name] = constEntry{pos: v.Pos, value: memberValue(v)}
	}
}

// fill resolves the fields of a struct, of arguments or of the exceptions thrown.
func (r *resolver) fill(s *Struct, fields []fieldNode) {
	s.byName = make(map[string]*Field, len(fields))
	s.byID = make(map[int16]*Field, len(fields))
	var withDefault *Field
	for _, n := range fields {
		f := n.Field
		if n.id < math.MinInt16 || n.id > math.MaxInt16 {
			r.add(f.Pos, "the id %d of field %s does not fit 16 bits: give it one from 1 to 32767", n.id, f.Name)
			continue
		}
		f.ID = int16(n.id)
		if other := s.byID[f.ID]; other != nil {
			r.add(f.Pos, "the id %d of field %s is already that of field %s: give it another", f.ID, f.Name, other.Name)
		}
		if s.byName[f.Name] != nil {
			r.add(f.Pos, "there is a field %s already: rename one", f.Name)
		}
		s.byName[f.Name], s.byID[f.ID] = f, f
		f.Type = r.typ(n.typ)
		if n.value != nil && f.Type != nil {
			f.Default = r.value(n.value, f.Type)
			if s.Kind == Union && withDefault != nil {
				r.add(f.Pos, "union %s has a default in field %s already: only one field can be set", s.Name, withDefault.Name)
			}
			withDefault = f
		}
		s.Fields = append(s.Fields, f)
	}
	slices.SortStableFunc(s.Fields, func(a, b *Field) int { return cmp.Compare(a.ID, b.ID) })
}
