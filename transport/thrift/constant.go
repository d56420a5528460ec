package thrift

import "github.com/iagoloadgen/iago/transport/thrift/idl"

// constantField writes a field with its default.
func (e *encoder) constantField(f *idl.Field, v *idl.Value) {
	if f.Type.Kind == idl.KindBool {
		e.boolField(f.ID, v.Int != 0)
		return
	}
	e.field(wireType(f.Type), f.ID)
	e.constant(v)
	e.fieldEnd()
}

// constant writes a value that the IDL gives.
func (e *encoder) constant(v *idl.Value) {
	switch t := v.Type; t.Kind {
	case idl.KindBool:
		e.boolean(v.Int != 0)
	case idl.KindDouble:
		e.double(v.Double)
	case idl.KindString:
		e.characters(v.Bytes)
	case idl.KindBinary:
		e.bytes(v.Bytes)
	case idl.KindUUID:
		e.uuid(v.Bytes)
	case idl.KindList, idl.KindSet:
		e.list(wireType(t.Elem), len(v.List))
		for _, elem := range v.List {
			e.constant(elem)
		}
		e.listEnd()
	case idl.KindMap:
		e.mapBegin(wireType(t.Key), wireType(t.Elem), len(v.Map))
		for _, p := range v.Map {
			e.constant(p.Key)
			e.constant(p.Value)
		}
		e.mapEnd()
	case idl.KindStruct:
		e.constantStruct(v)
	default:
		e.integer(wireType(t), v.Int)
	}
}

// constantStruct writes the fields that the IDL gives, and the defaults of those that it does not.
func (e *encoder) constantStruct(v *idl.Value) {
	outer := e.structBegin()
	s := v.Type.Struct
	for _, f := range s.Fields {
		given := f.Default
		if f.Requiredness == idl.Optional || s.Kind == idl.Union {
			given = nil
		}
		for _, g := range v.Fields {
			if g.Field == f {
				given = g.Value
			}
		}
		if given != nil {
			e.constantField(f, given)
		}
	}
	e.structEnd(outer)
}
