package idl

import (
	"fmt"
	"strings"
)

// typ resolves a type as written, nil if that is wrong, which it tells.
func (r *resolver) typ(n *typeNode) *Type {
	switch n.name {
	case "list", "set":
		elem := r.typ(n.elem)
		if elem == nil {
			return nil
		}
		kind := KindList
		if n.name == "set" {
			kind = KindSet
		}
		return &Type{Kind: kind, Name: n.name + "<" + elem.Name + ">", Elem: elem}
	case "map":
		key, elem := r.typ(n.key), r.typ(n.elem)
		if key == nil || elem == nil {
			return nil
		}
		return &Type{Kind: KindMap, Name: "map<" + key.Name + ", " + elem.Name + ">", Key: key, Elem: elem}
	case "uuid": // a name, if the file defines it
		if r.types["uuid"] != nil {
			return r.named(n.name, n.pos)
		}
	}
	if base := baseTypes[n.name]; base != nil {
		return base
	}
	return r.named(n.name, n.pos)
}

// named resolves a defined type's name.
func (r *resolver) named(name string, pos Pos) *Type {
	e := r.types[name]
	if e == nil {
		r.unknownType(name, pos)
		return nil
	}
	switch e.state {
	case entryNew:
		e.state = entryResolving
		r.followTypedef(name, e)
		e.state = entryDone
	case entryResolving:
		r.add(pos, "typedef %s stands for itself: break the cycle with a struct", name)
		return nil
	case entryDone:
	}
	return e.typ
}

// followTypedef makes a typedef's type: what it stands for, under its name.
func (r *resolver) followTypedef(name string, e *typeEntry) {
	target := r.typ(e.node.typ)
	if target == nil {
		return
	}
	t := *target
	t.Name = name
	e.typ = &t
	// The typedef is only usable in values once all that it stands for is defined.
	r.order[e.typ] = max(e.order, r.order[target])
}

// unknownType tells that there is no such type, and which may be meant.
func (r *resolver) unknownType(name string, pos Pos) {
	if at, ok := r.notType(name); ok {
		r.add(pos, "%q is a service or a constant, defined at %v; expected a type", shorten(name), at)
		return
	}
	switch name {
	case "slist":
		r.add(pos, "there is no slist any more: use string")
		return
	case "int", "long", "float", "str", "bytes":
		r.add(pos, "unknown type %q; did you mean %q?", name, map[string]string{
			"int": "i32", "long": "i64", "float": "double", "str": "string", "bytes": "binary",
		}[name])
		return
	}
	if r.full() { // a guess costs time, and would not be heard
		r.add(pos, "unknown type")
		return
	}
	known := map[string]bool{}
	for n := range r.types {
		known[n] = true
	}
	for n := range baseTypes {
		known[n] = true
	}
	if own, ok := strings.CutPrefix(name, r.doc.Name+"."); ok && known[own] {
		r.add(pos, "unknown type %q: the file's own types have no prefix, write %s", shorten(name), shorten(own))
		return
	}
	if prefix, _, ok := cutLast(name); ok && !r.included(prefix) {
		r.add(pos, "unknown type %q: no file %s.thrift is included%s", shorten(name), shorten(prefix), didYouMean(&r.complaints, name, known))
		return
	}
	guess := prefixed(r.doc, name, r.types)
	if guess == "" {
		guess = didYouMean(&r.complaints, name, known)
	}
	r.add(pos, "unknown type %q%s", shorten(name), guess)
}

// prefixed guesses that a name lacks the prefix of the include that defines it.
func prefixed[V any](d *Document, name string, known map[string]V) string {
	for _, inc := range d.Includes {
		if _, ok := known[inc.Name+"."+name]; ok {
			return fmt.Sprintf("; did you mean %q?", inc.Name+"."+name)
		}
	}
	return ""
}

// notType finds a name that is defined, but not as a type.
func (r *resolver) notType(name string) (Pos, bool) {
	if at, ok := r.below[name]; ok {
		return at, true
	}
	if s, ok := r.services[name]; ok {
		return s.pos, true
	}
	c, ok := r.consts[name]
	return c.pos, ok
}

func (r *resolver) included(name string) bool {
	for _, d := range r.doc.Includes {
		if d.Name == name {
			return true
		}
	}
	return false
}

// cutLast cuts a name at its last dot.
func cutLast(name string) (before, after string, found bool) {
	i := strings.LastIndexByte(name, '.')
	if i < 0 {
		return "", name, false
	}
	return name[:i], name[i+1:], true
}
