package thrift

import (
	"encoding/base64"
	"encoding/binary"
	"math"
)

// reader reads whole values in one of the protocols: the counterpart of encoder. After an error it gives nothing but zeros;
// err says what was wrong.
type reader struct {
	protocol protocol
	b        []byte
	at       int
	err      error
	last     int16 // compact: the field before
	value    bool  // compact: of the bool field whose head was read last
	depth    int
	heads    walker // its functions read heads and lengths
	json     jsonContext
	scratch  []byte // a string without its escapes
	blob     []byte // a binary or a UUID
}

// begin makes r read b from at on.
func (r *reader) begin(p protocol, b []byte, at int) {
	r.protocol, r.b, r.at, r.err, r.last, r.depth = p, b, at, nil, 0, 0
	r.heads.compact, r.heads.limit = p == compactProtocol, len(b)
	r.json.reset()
}

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

// took goes over n bytes that a function of the walker has read.
func (r *reader) took(n int, err error) bool {
	if err == nil && n == 0 {
		err = ErrShort
	}
	if err != nil {
		r.fail(err)
	}
	r.at += n
	return r.err == nil
}

// take returns the next n bytes.
func (r *reader) take(n int) []byte {
	if r.err == nil && len(r.b)-r.at < n {
		r.err = ErrShort
	}
	if r.err != nil {
		return zeros[:min(n, len(zeros))]
	}
	r.at += n
	return r.b[r.at-n : r.at]
}

var zeros [16]byte

// structBegin returns what structEnd wants.
func (r *reader) structBegin() (outer int16) {
	outer, r.last = r.last, 0
	if r.depth++; r.depth > maxDepth {
		r.fail(ErrDepth)
	}
	if r.protocol == jsonProtocol {
		r.open(true)
	}
	return outer
}

func (r *reader) structEnd(outer int16) {
	r.last = outer
	r.depth--
	if r.protocol == jsonProtocol {
		r.close('}')
	}
}

// field reads a field's head. ok is false behind the last one.
func (r *reader) field() (t ttype, id int16, ok bool) {
	if r.err != nil {
		return 0, 0, false
	}
	if r.protocol == jsonProtocol {
		if r.peek() == '}' {
			return 0, 0, false
		}
		id = int16(r.number())
		r.open(true)
		return r.typeName(), id, r.err == nil
	}
	rest := r.b[r.at:]
	t, id, n, err := r.heads.field(rest, r.last)
	if !r.took(n, err) || t == tStop {
		return 0, 0, false
	}
	r.last = id
	r.value = rest[0]&15 == compactTrue
	return t, id, true
}

func (r *reader) fieldEnd() {
	if r.protocol == jsonProtocol {
		r.close('}')
	}
}

// list reads the head of a list or set.
func (r *reader) list() (elem ttype, count int) {
	r.depth++
	if r.depth > maxDepth {
		r.fail(ErrDepth)
	}
	if r.err != nil {
		return 0, 0
	}
	if r.protocol == jsonProtocol {
		r.open(false)
		elem = r.typeName()
		return elem, r.count()
	}
	elem, count, n, err := r.heads.list(r.b[r.at:])
	if !r.took(n, err) {
		return 0, 0
	}
	return elem, count
}

func (r *reader) listEnd() {
	r.depth--
	if r.protocol == jsonProtocol {
		r.close(']')
	}
}

// mapping reads the head of a map.
func (r *reader) mapping() (key, elem ttype, count int) {
	r.depth++
	if r.depth > maxDepth {
		r.fail(ErrDepth)
	}
	if r.err != nil {
		return 0, 0, 0
	}
	if r.protocol == jsonProtocol {
		r.open(false)
		key = r.typeName()
		elem = r.typeName()
		count = r.count()
		r.open(true)
		return key, elem, count
	}
	key, elem, count, n, err := r.heads.mapping(r.b[r.at:])
	if !r.took(n, err) {
		return 0, 0, 0
	}
	return key, elem, count
}

func (r *reader) mapEnd() {
	r.depth--
	if r.protocol == jsonProtocol {
		r.close('}')
		r.close(']')
	}
}

// boolean reads a bool. inField: it is the value of the field whose head was read last.
func (r *reader) boolean(inField bool) bool {
	switch {
	case r.protocol == jsonProtocol:
		return r.number() != 0
	case r.protocol == compactProtocol && inField:
		return r.value
	case r.protocol == compactProtocol:
		return r.take(1)[0] == compactTrue
	}
	return r.take(1)[0] != 0
}

// integer reads one of the four integer types.
func (r *reader) integer(t ttype) int64 {
	switch {
	case r.protocol == jsonProtocol:
		return r.number()
	case t == tI8:
		return int64(int8(r.take(1)[0]))
	case r.protocol == compactProtocol:
		if r.err != nil {
			return 0
		}
		u, n, err := varint(r.b[r.at:])
		r.took(n, err)
		return unzigzag(u)
	case t == tI16:
		return int64(int16(binary.BigEndian.Uint16(r.take(2))))
	case t == tI32:
		return int64(int32(binary.BigEndian.Uint32(r.take(4))))
	}
	return int64(binary.BigEndian.Uint64(r.take(8)))
}

func (r *reader) double() float64 {
	switch r.protocol {
	case binaryProtocol:
		return math.Float64frombits(binary.BigEndian.Uint64(r.take(8)))
	case compactProtocol:
		return math.Float64frombits(binary.LittleEndian.Uint64(r.take(8)))
	}
	return r.float()
}

// text reads a string; valid until the next.
func (r *reader) text() []byte {
	if r.protocol != jsonProtocol {
		return r.blobOf()
	}
	s := r.quoted()
	out, ok := appendUnescaped(r.scratch[:0], s)
	if !ok {
		r.fail(ErrJSON)
	}
	r.scratch = out
	return out
}

// bytes reads a binary; valid until the next.
func (r *reader) bytes() []byte {
	if r.protocol != jsonProtocol {
		return r.blobOf()
	}
	s := r.quoted()
	for len(s) > 0 && s[len(s)-1] == '=' {
		s = s[:len(s)-1]
	}
	out, err := base64.RawStdEncoding.AppendDecode(r.blob[:0], s)
	if err != nil {
		r.fail(ErrJSON)
	}
	r.blob = out
	return out
}

func (r *reader) blobOf() []byte {
	if r.err != nil {
		return nil
	}
	n, k, err := r.heads.length(r.b[r.at:])
	if !r.took(k, err) {
		return nil
	}
	if len(r.b)-r.at < n {
		r.fail(ErrShort)
		return nil
	}
	return r.take(n)
}

// uuid reads 16 bytes; valid until the next.
func (r *reader) uuid() []byte {
	if r.protocol != jsonProtocol {
		return r.take(16)
	}
	s := r.quoted()
	r.blob = append(r.blob[:0], zeros[:]...)
	if !parseUUID(r.blob[:0], s) {
		r.fail(ErrJSON)
	}
	return r.blob
}
