package thrift

import (
	"encoding/base64"
	"strconv"

	"github.com/iagoloadgen/iago/transport/thrift/idl"
)

// decoder writes answers as JSON, by the IDL. What the IDL does not know of, or has another type for, is left out, as generated
// code does.
type decoder struct {
	*reader
	out []byte
}

// value appends the value of wire type w as t says. false: w is not t's; the value has been skipped and nothing written.
func (d *decoder) value(t *idl.Type, w ttype, inField bool) bool {
	if wireType(t) != w {
		d.skip(w, inField)
		return false
	}
	switch t.Kind {
	case idl.KindBool:
		d.out = strconv.AppendBool(d.out, d.boolean(inField))
	case idl.KindEnum:
		d.member(t.Enum, d.integer(tI32))
	case idl.KindDouble:
		d.out = appendDouble(d.out, d.double(), false)
	case idl.KindString:
		d.out = append(appendEscaped(append(d.out, '"'), d.text()), '"')
	case idl.KindBinary:
		d.out = append(base64.StdEncoding.AppendEncode(append(d.out, '"'), d.bytes()), '"')
	case idl.KindUUID:
		d.out = append(appendUUID(append(d.out, '"'), d.uuid()), '"')
	case idl.KindStruct:
		d.structure(t.Struct)
	case idl.KindList, idl.KindSet:
		d.sequence(t)
	case idl.KindMap:
		d.mapValue(t)
	default:
		d.out = strconv.AppendInt(d.out, d.integer(w), 10)
	}
	return true
}

// member writes an enum's member by its name, or by its number where it has none.
func (d *decoder) member(e *idl.Enum, v int64) {
	if name, ok := e.NameOf(int32(v)); ok {
		d.out = append(append(append(d.out, '"'), name...), '"')
		return
	}
	d.out = strconv.AppendInt(d.out, v, 10)
}

func (d *decoder) structure(s *idl.Struct) {
	outer := d.structBegin()
	d.out = append(d.out, '{')
	empty := len(d.out)
	for {
		w, id, ok := d.field()
		if !ok {
			break
		}
		d.fieldValue(s.FieldByID(id), w, len(d.out) > empty)
		d.fieldEnd()
	}
	d.structEnd(outer)
	d.out = append(d.out, '}')
}

// fieldValue writes a field with its name, or nothing.
func (d *decoder) fieldValue(f *idl.Field, w ttype, comma bool) {
	if f == nil {
		d.skip(w, true)
		return
	}
	start := len(d.out)
	if comma {
		d.out = append(d.out, ',')
	}
	d.out = append(append(append(d.out, '"'), f.Name...), '"', ':')
	if !d.value(f.Type, w, true) {
		d.out = d.out[:start]
	}
}

func (d *decoder) sequence(t *idl.Type) {
	w, n := d.list()
	d.out = append(d.out, '[')
	empty := len(d.out)
	for range n {
		if d.err != nil {
			return
		}
		start := len(d.out)
		if start > empty {
			d.out = append(d.out, ',')
		}
		if !d.value(t.Elem, w, false) {
			d.out = d.out[:start]
		}
	}
	d.listEnd()
	d.out = append(d.out, ']')
}

// mapValue writes an object where keys can be an object's names, a list of pairs otherwise.
func (d *decoder) mapValue(t *idl.Type) {
	open, end, between := byte('{'), byte('}'), byte(':')
	scalar := true
	switch t.Key.Kind {
	case idl.KindStruct, idl.KindList, idl.KindSet, idl.KindMap:
		open, end, between, scalar = '[', ']', ',', false
	}
	key, elem, n := d.mapping()
	d.out = append(d.out, open)
	empty := len(d.out)
	for range n {
		if d.err != nil {
			return
		}
		start := len(d.out)
		if start > empty {
			d.out = append(d.out, ',')
		}
		if !scalar {
			d.out = append(d.out, '[')
		}
		known := d.mapKey(t.Key, key, scalar)
		d.out = append(d.out, between)
		if !d.value(t.Elem, elem, false) || !known {
			d.out = d.out[:start]
		} else if !scalar {
			d.out = append(d.out, ']')
		}
	}
	d.mapEnd()
	d.out = append(d.out, end)
}

// mapKey writes a key; a scalar as a string.
func (d *decoder) mapKey(t *idl.Type, w ttype, scalar bool) bool {
	start := len(d.out)
	if scalar {
		d.out = append(d.out, '"')
	}
	if !d.value(t, w, false) {
		return false
	}
	switch {
	case !scalar:
	case len(d.out) > start+1 && d.out[start+1] == '"': // it came with quotes
		d.out = append(d.out[:start], d.out[start+1:]...)
	default:
		d.out = append(d.out, '"')
	}
	return true
}
