package thrift

import (
	"github.com/iagoloadgen/iago/internal/suggest"
	"github.com/iagoloadgen/iago/transport/thrift/idl"
)

// args writes the arguments of calls: JSON in, checked against the IDL, one of the protocols out. Its memory is used again.
type args struct {
	encoder
	tree
	slots   []int32 // for each field of the structs that are being written: its value's node, or -1
	scratch []byte  // a string without its escapes
	blob    []byte  // a binary, or a recorded message
	reader  reader  // of messages that are there already
	walker  walker
}

// subtree writes the node i of what has been read as what m takes.
func (a *args) subtree(i int32, m *idl.Method) error {
	a.slots = a.slots[:0]
	return a.structure(i, m.Args, true)
}

// wireType is the type that t has on the wire.
func wireType(t *idl.Type) ttype {
	switch t.Kind {
	case idl.KindBool:
		return tBool
	case idl.KindI8:
		return tI8
	case idl.KindI16:
		return tI16
	case idl.KindI32, idl.KindEnum:
		return tI32
	case idl.KindI64:
		return tI64
	case idl.KindDouble:
		return tDouble
	case idl.KindString, idl.KindBinary:
		return tString
	case idl.KindUUID:
		return tUUID
	case idl.KindStruct:
		return tStruct
	case idl.KindList:
		return tList
	case idl.KindSet:
		return tSet
	case idl.KindMap:
		return tMap
	}
	return tStop
}

// structure writes node i as a struct, a union, an exception, or the arguments themselves.
func (a *args) structure(i int32, s *idl.Struct, arguments bool) error {
	if a.nodes[i].kind != '{' {
		if arguments {
			return wrong("expected an object with the arguments by name, found %s", a.found(i))
		}
		return wrong("expected %s %s as an object, found %s", s.Kind, s.Name, a.found(i))
	}
	base := len(a.slots)
	if err := a.assign(i, s, arguments); err != nil {
		return err
	}
	outer := a.structBegin()
	for k, f := range s.Fields {
		if err := a.member(a.slots[base+k], f, s, arguments); err != nil {
			return err
		}
	}
	a.structEnd(outer)
	a.slots = a.slots[:base]
	return nil
}

// assign finds the values of s's fields among the members of object i.
func (a *args) assign(i int32, s *idl.Struct, arguments bool) error {
	base := len(a.slots)
	for range s.Fields {
		a.slots = append(a.slots, -1)
	}
	given, hint := 0, 0
	for k, left := i+1, a.nodes[i].count; left > 0; left-- {
		value := k + 1 // a key is one node
		name := a.key(k)
		f := fieldNamed(s, name, hint)
		switch {
		case f < 0 && arguments:
			return within(wrong("the method has no such argument%s", suggest.DidYouMean(string(name), fieldNames(s))), ".%s", name)
		case f < 0:
			return within(wrong("%s %s has no such field%s", s.Kind, s.Name, suggest.DidYouMean(string(name), fieldNames(s))), ".%s", name)
		case a.slots[base+f] >= 0:
			return within(wrong("given twice"), ".%s", name)
		}
		if a.nodes[value].kind != 'n' {
			a.slots[base+f] = value
			given++
		}
		hint = f + 1
		k = a.nodes[value].next
	}
	if s.Kind == idl.Union && given != 1 {
		return wrong("union %s: expected exactly one of its fields, found %d", s.Name, given)
	}
	return nil
}

// key is the name that node i, a string, means; valid until the next call.
func (a *args) key(i int32) []byte {
	if !a.nodes[i].escaped {
		return a.raw(i)
	}
	a.scratch, _ = appendUnescaped(a.scratch[:0], a.raw(i))
	return a.scratch
}

// fieldNamed is the index of the field of that name, or -1. The search begins at hint: members come in the fields' order mostly.
func fieldNamed(s *idl.Struct, name []byte, hint int) int {
	n := len(s.Fields)
	for k := range n {
		if k += hint; k >= n {
			k -= n
		}
		if s.Fields[k].Name == string(name) {
			return k
		}
	}
	return -1
}

func fieldNames(s *idl.Struct) []string {
	var names []string
	for _, f := range s.Fields {
		names = append(names, f.Name)
	}
	return names
}

// member writes a field: node i, or what stands in for it where i is -1. Defaults are written but for optional fields, which
// the other side fills in; arguments must be there.
func (a *args) member(i int32, f *idl.Field, s *idl.Struct, arguments bool) error {
	switch {
	case i >= 0:
	case s.Kind == idl.Union || f.Requiredness == idl.Optional:
		return nil
	case f.Default != nil:
		a.constantField(f, f.Default)
		return nil
	case arguments:
		return within(wrong("missing; expected %s", f.Type), ".%s", f.Name)
	case f.Requiredness == idl.Required:
		return within(wrong("missing; it is required by %s %s, as %s", s.Kind, s.Name, f.Type), ".%s", f.Name)
	default:
		return nil
	}
	if f.Type.Kind == idl.KindBool {
		v, err := a.truth(i)
		if err != nil {
			return within(err, ".%s", f.Name)
		}
		a.boolField(f.ID, v)
		return nil
	}
	a.field(wireType(f.Type), f.ID)
	if err := a.item(i, f.Type); err != nil {
		return within(err, ".%s", f.Name)
	}
	a.fieldEnd()
	return nil
}

// item writes node i as a value of type t.
func (a *args) item(i int32, t *idl.Type) error {
	switch t.Kind {
	case idl.KindStruct:
		return a.structure(i, t.Struct, false)
	case idl.KindList, idl.KindSet:
		return a.sequence(i, t)
	case idl.KindMap:
		return a.mapping(i, t)
	}
	return a.scalar(i, t)
}

func (a *args) sequence(i int32, t *idl.Type) error {
	n := a.nodes[i]
	if n.kind != '[' {
		return wrong("expected %s, found %s", t, a.found(i))
	}
	a.list(wireType(t.Elem), int(n.count))
	for k, at := 0, i+1; at < n.next; k++ {
		if err := a.item(at, t.Elem); err != nil {
			return within(err, "[%d]", k)
		}
		at = a.nodes[at].next
	}
	a.listEnd()
	return nil
}

// mapping writes an object, whose names are the keys, or a list of pairs, for keys of any type.
func (a *args) mapping(i int32, t *idl.Type) error {
	n := a.nodes[i]
	if n.kind != '{' && n.kind != '[' {
		return wrong("expected %s as an object or a list of [key, value], found %s", t, a.found(i))
	}
	a.mapBegin(wireType(t.Key), wireType(t.Elem), int(n.count))
	for k, at := 0, i+1; at < n.next; k++ {
		pair := at
		if n.kind == '[' {
			if a.nodes[at].kind != '[' || a.nodes[at].count != 2 {
				return within(wrong("expected [key, value], found %s", a.found(at)), "[%d]", k)
			}
			at++
		}
		value := a.nodes[at].next
		if err := a.item(at, t.Key); err != nil {
			return within(err, "[%d].key", k)
		}
		if err := a.item(value, t.Elem); err != nil {
			return within(err, "[%s]", a.keyText(at, k))
		}
		if at = a.nodes[value].next; n.kind == '[' {
			at = a.nodes[pair].next
		}
	}
	a.mapEnd()
	return nil
}
