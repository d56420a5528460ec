package thrift

// skip goes over a value of type t. inField: it is the value of the field whose head was read last.
func (r *reader) skip(t ttype, inField bool) {
	if r.err != nil {
		return
	}
	switch t {
	case tBool:
		r.boolean(inField)
	case tI8, tI16, tI32, tI64:
		r.integer(t)
	case tDouble:
		r.double()
	case tString:
		r.skipString()
	case tUUID:
		r.uuid()
	case tStruct:
		r.skipStruct()
	case tList, tSet:
		elem, n := r.list()
		for range n {
			if r.skip(elem, false); r.err != nil {
				return
			}
		}
		r.listEnd()
	case tMap:
		key, elem, n := r.mapping()
		for range n {
			r.skip(key, false)
			if r.skip(elem, false); r.err != nil {
				return
			}
		}
		r.mapEnd()
	default:
		r.fail(ErrType)
	}
}

func (r *reader) skipString() {
	if r.protocol == jsonProtocol {
		r.quoted()
		return
	}
	r.blobOf()
}

// skipStruct goes over a struct and returns the id of its first field, or noField.
func (r *reader) skipStruct() (first int32) {
	first = noField
	outer := r.structBegin()
	for {
		t, id, ok := r.field()
		if !ok {
			break
		}
		if first == noField {
			first = int32(id)
		}
		r.skip(t, true)
		r.fieldEnd()
	}
	r.structEnd(outer)
	return first
}
