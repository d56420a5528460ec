package idl

import (
	"math"
	"strconv"
)

func formatInt(n int64) string { return strconv.FormatInt(n, 10) }

// listValue makes a list or a set. An empty map is taken for an empty list, as people
// write {} for either.
func (r *resolver) listValue(n *valueNode, t *Type) *Value {
	v := &Value{Type: t}
	if n.kind != valueList && (n.kind != valueMap || len(n.pairs) > 0) {
		r.add(n.pos, "expected a value of type %s in brackets, as in [a, b], found %v", t.Name, n)
		return nil
	}
	ok := true
	seen := map[string]bool{}
	for _, item := range n.list {
		elem := r.value(item, t.Elem)
		if elem == nil {
			ok = false
			continue
		}
		if key, scalar := elem.key(); t.Kind == KindSet && scalar {
			if seen[key] {
				continue
			}
			seen[key] = true
		}
		v.List = append(v.List, elem)
	}
	if !ok {
		return nil
	}
	return v
}

// mapValue makes a map. Of equal keys the last one's value counts.
func (r *resolver) mapValue(n *valueNode, t *Type) *Value {
	v := &Value{Type: t}
	if n.kind != valueMap && (n.kind != valueList || len(n.list) > 0) {
		r.add(n.pos, "expected a value of type %s in braces, as in {key: value}, found %v", t.Name, n)
		return nil
	}
	ok := true
	seen := map[string]int{}
	for _, pair := range n.pairs {
		key, value := r.value(pair.key, t.Key), r.value(pair.value, t.Elem)
		if key == nil || value == nil {
			ok = false
			continue
		}
		k, scalar := key.key()
		if at, again := seen[k]; again && scalar {
			v.Map[at].Value = value
			continue
		}
		seen[k] = len(v.Map)
		v.Map = append(v.Map, Pair{Key: key, Value: value})
	}
	if !ok {
		return nil
	}
	return v
}

// key returns a text that is equal for equal values of one scalar type. Containers and
// structs have none: they are seldom keys, and may be huge by reference.
func (v *Value) key() (key string, scalar bool) {
	switch v.Type.Kind {
	case KindList, KindSet, KindMap, KindStruct:
		return "", false
	case KindDouble:
		return strconv.FormatUint(math.Float64bits(v.Double), 16), true
	case KindString, KindBinary, KindUUID:
		return string(v.Bytes), true
	default:
		return formatInt(v.Int), true
	}
}

// reference takes the value of a constant or enum member by its name.
func (r *resolver) reference(n *valueNode, t *Type) *Value {
	c, ok := r.consts[n.text]
	if !ok {
		r.unknown(n.pos, "constant", n.text, r.suggestConst(n.text))
		return nil
	}
	if c.value == nil { // told already
		return nil
	}
	v, problem := convert(c.value, t)
	if problem != "" {
		r.add(n.pos, "constant %s: %s", shorten(n.text), problem)
		return nil
	}
	return v
}

// convert gives a constant's value another type. Containers keep theirs: they are shared,
// not copied, so that references to references cost nothing.
func convert(v *Value, t *Type) (converted *Value, problem string) {
	n := &valueNode{int: v.Int, double: v.Double}
	switch v.Type.Kind {
	case KindBool, KindI8, KindI16, KindI32, KindI64:
		n.kind, n.text = valueInt, formatInt(v.Int)
	case KindDouble:
		n.kind, n.text = valueDouble, strconv.FormatFloat(v.Double, 'g', -1, 64)
	case KindString, KindBinary:
		n.kind, n.text = valueString, string(v.Bytes)
	default:
		if sameType(v.Type, t, map[[2]*Type]bool{}) {
			return v, ""
		}
		return nil, "expected a value of type " + t.Name + ", found one of type " + v.Type.Name
	}
	switch t.Kind {
	case KindList, KindSet, KindMap:
		return nil, "expected a value of type " + t.Name + ", found one of type " + v.Type.Name
	}
	return scalar(n, t)
}

// sameType tells whether two types are one but for typedefs' names. The pairs in seen are
// being compared or were found alike.
func sameType(a, b *Type, seen map[[2]*Type]bool) bool {
	pair := [2]*Type{a, b}
	if a == b || seen[pair] {
		return true
	}
	seen[pair] = true
	if a.Kind != b.Kind || a.Enum != b.Enum || a.Struct != b.Struct {
		return false
	}
	return (a.Elem == nil || sameType(a.Elem, b.Elem, seen)) && (a.Key == nil || sameType(a.Key, b.Key, seen))
}
