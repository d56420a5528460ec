package idl

import "strings"

// constant resolves a constant and makes it known.
func (r *resolver) constant(n *constNode) {
	c := n.Const
	r.doc.Consts = append(r.doc.Consts, c)
	c.Type = r.typ(n.typ)
	if c.Type != nil {
		c.Value = r.value(n.value, c.Type)
	}
	if first, ok := r.consts[c.Name]; ok {
		r.add(c.Pos, "constant %s is already defined on line %d: rename one", c.Name, first.pos.Line)
		return
	}
	r.consts[c.Name] = constEntry{pos: c.Pos, value: c.Value}
}

// value computes a value of type t, nil if it is wrong, which it tells.
func (r *resolver) value(n *valueNode, t *Type) *Value {
	if r.order[t] >= r.now {
		r.add(n.pos, "a value of type %s before the type is fully defined: move the definition above", t.Name)
		return nil
	}
	switch t.Kind {
	case KindEnum:
		return r.enumValue(n, t)
	case KindStruct:
		return r.structValue(n, t)
	}
	if n.kind == valueName {
		return r.reference(n, t)
	}
	switch t.Kind {
	case KindList, KindSet:
		return r.listValue(n, t)
	case KindMap:
		return r.mapValue(n, t)
	default:
		v, problem := scalar(n, t)
		if problem != "" {
			r.add(n.pos, "%s", problem)
			return nil
		}
		return v
	}
}

// scalar makes a value of a base type; problem is why it cannot.
func scalar(n *valueNode, t *Type) (v *Value, problem string) {
	v = &Value{Type: t, Int: n.int}
	fits := n.kind == valueInt
	switch t.Kind {
	case KindBool:
		if n.int != 0 {
			v.Int = 1
		}
	case KindDouble:
		fits = fits || n.kind == valueDouble
		v.Int, v.Double = 0, n.double
		if n.kind == valueInt {
			v.Double = float64(n.int)
		}
	case KindString, KindBinary:
		fits = n.kind == valueString
		v.Bytes = []byte(n.text)
	case KindUUID:
		fits = n.kind == valueString
		if v.Bytes = uuidBytes(n.text); fits && v.Bytes == nil {
			return nil, "expected a uuid such as \"01234567-89ab-cdef-0123-456789abcdef\", found " + n.String()
		}
	}
	if !fits {
		return nil, "expected a value of type " + t.Name + ", found " + n.String()
	}
	return v, outOfRange(v)
}

// outOfRange tells if an integer does not fit its type.
func outOfRange(v *Value) string {
	bits := map[Kind]int{KindI8: 8, KindI16: 16, KindI32: 32}[v.Type.Kind]
	if bits == 0 {
		return ""
	}
	if limit := int64(1) << (bits - 1); v.Int >= limit || v.Int < -limit {
		return "the number " + shorten(formatInt(v.Int)) + " does not fit " + v.Type.Name
	}
	return ""
}

// uuidBytes returns the bytes of a uuid's text form, in braces or not; nil if it is none.
func uuidBytes(text string) []byte {
	if len(text) == 38 && text[0] == '{' && text[37] == '}' {
		text = text[1:37]
	}
	if len(text) != 36 {
		return nil
	}
	var id []byte
	for i := 0; i < len(text); i++ {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if text[i] != '-' {
				return nil
			}
			continue
		}
		if i+1 == len(text) || !isHex(text[i]) || !isHex(text[i+1]) {
			return nil
		}
		id = append(id, nibble(text[i])<<4|nibble(text[i+1]))
		i++
	}
	return id
}

func nibble(c byte) byte {
	if isDigit(c) {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}

// enumValue takes a member by name, whose last part alone counts as for the compiler, or
// by number.
func (r *resolver) enumValue(n *valueNode, t *Type) *Value {
	e := t.Enum
	switch n.kind {
	case valueInt:
		if n.int == int64(int32(n.int)) {
			if _, ok := e.NameOf(int32(n.int)); ok {
				return &Value{Type: t, Int: n.int}
			}
		}
		r.add(n.pos, "enum %s has no member with the number %d", t.Name, n.int)
	case valueName:
		_, member, dotted := cutLast(n.text)
		number, ok := e.byName[member]
		switch {
		case ok && dotted:
			return &Value{Type: t, Int: int64(number)}
		case ok:
			r.add(n.pos, "a member of enum %s is written with its enum: write %s.%s", t.Name, t.Name, member)
		default:
			r.add(n.pos, "enum %s has no member %q%s", t.Name, shorten(member), didYouMean(&r.complaints, member, e.byName))
		}
	default:
		r.add(n.pos, "expected a member of enum %s, found %v", t.Name, n)
	}
	return nil
}

// structValue makes a struct of a map from field names.
func (r *resolver) structValue(n *valueNode, t *Type) *Value {
	if n.kind != valueMap {
		r.add(n.pos, "expected a map of the fields of %s %s, as in {\"field\": value}, found %v", t.Struct.Kind, t.Name, n)
		return nil
	}
	v := &Value{Type: t}
	ok := true
	for _, pair := range n.pairs {
		if pair.key.kind != valueString {
			r.add(pair.key.pos, "expected the name of a field of %s, a string, found %v", t.Name, pair.key)
			ok = false
			continue
		}
		f := t.Struct.byName[pair.key.text]
		if f == nil {
			r.add(pair.key.pos, "%s %s has no field %q%s", t.Struct.Kind, t.Name, shorten(pair.key.text),
				didYouMean(&r.complaints, pair.key.text, t.Struct.byName))
			ok = false
			continue
		}
		if f.Type == nil {
			ok = false
			continue
		}
		value := r.value(pair.value, f.Type)
		ok = ok && value != nil
		v.setField(f, value)
	}
	if t.Struct.Kind == Union && len(v.Fields) > 1 {
		r.add(n.pos, "a union has one field set, found %d", len(v.Fields))
		return nil
	}
	if !ok {
		return nil
	}
	return v
}

// setField sets a field; the last value counts.
func (v *Value) setField(f *Field, value *Value) {
	for i := range v.Fields {
		if v.Fields[i].Field == f {
			v.Fields[i].Value = value
			return
		}
	}
	v.Fields = append(v.Fields, FieldValue{Field: f, Value: value})
}

// suggestConst returns a guess at the constant that was meant.
func (r *resolver) suggestConst(name string) string {
	if own, ok := strings.CutPrefix(name, r.doc.Name+"."); ok {
		if _, ok := r.consts[own]; ok {
			return ": the file's own constants have no prefix, write " + own
		}
	}
	if guess := prefixed(r.doc, name, r.consts); guess != "" {
		return guess
	}
	return didYouMean(&r.complaints, name, r.consts)
}

// unknown tells of a constant or service that is not defined, or only further down.
func (r *resolver) unknown(pos Pos, what, name, guess string) {
	if at, ok := r.below[name]; ok {
		r.add(pos, "%s %q is used before its definition on line %d: move that above", what, shorten(name), at.Line)
		return
	}
	r.add(pos, "unknown %s %q%s", what, shorten(name), guess)
}
