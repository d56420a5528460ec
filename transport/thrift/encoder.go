package thrift

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"math"
	"strconv"
)

// encoder writes messages in one of the protocols. It follows Apache's own descriptions of them
// (doc/specs/thrift-binary-protocol.md, thrift-compact-protocol.md; JSON as its libraries write it).
type encoder struct {
	protocol protocol
	loose    bool // binary without a version
	b        []byte
	last     int16 // compact: the field before
	json     jsonContext
}

func (e *encoder) reset(dst []byte) {
	e.b, e.last = dst, 0
	e.json.reset()
}

func (e *encoder) messageBegin(name string, kind uint8, seq int32) {
	switch e.protocol {
	case binaryProtocol:
		if e.loose {
			e.word(name)
			e.b = append(e.b, kind)
		} else {
			e.b = binary.BigEndian.AppendUint32(e.b, strictVersion|uint32(kind))
			e.word(name)
		}
		e.b = binary.BigEndian.AppendUint32(e.b, uint32(seq))
	case compactProtocol:
		e.b = append(e.b, compactID, compactVersion|kind<<5)
		e.b = binary.AppendUvarint(e.b, uint64(uint32(seq)))
		e.word(name)
	default:
		e.open(false)
		e.number(jsonVersion)
		e.word(name)
		e.number(int64(kind))
		e.number(int64(seq))
	}
}

func (e *encoder) messageEnd() {
	if e.protocol == jsonProtocol {
		e.close(']')
	}
}

// structBegin returns what structEnd wants.
func (e *encoder) structBegin() (outer int16) {
	outer, e.last = e.last, 0
	if e.protocol == jsonProtocol {
		e.open(true)
	}
	return outer
}

func (e *encoder) structEnd(outer int16) {
	e.last = outer
	if e.protocol == jsonProtocol {
		e.close('}')
		return
	}
	e.b = append(e.b, byte(tStop))
}

// field begins a field of any type but bool.
func (e *encoder) field(t ttype, id int16) {
	switch e.protocol {
	case binaryProtocol:
		e.b = append(e.b, byte(t), byte(uint16(id)>>8), byte(id))
	case compactProtocol:
		e.compactField(toCompact[t], id)
	default:
		e.number(int64(id))
		e.open(true)
		e.word(jsonNames[t])
	}
}

func (e *encoder) fieldEnd() {
	if e.protocol == jsonProtocol {
		e.close('}')
	}
}

// boolField writes a whole field of type bool.
func (e *encoder) boolField(id int16, v bool) {
	if e.protocol == compactProtocol {
		e.compactField(compactBool(v), id)
		return
	}
	e.field(tBool, id)
	e.boolean(v)
	e.fieldEnd()
}

func (e *encoder) compactField(t uint8, id int16) {
	if delta := int(id) - int(e.last); delta > 0 && delta <= 15 {
		e.b = append(e.b, byte(delta)<<4|t)
	} else {
		e.b = binary.AppendUvarint(append(e.b, t), zigzag(int64(id)))
	}
	e.last = id
}

// list begins a list or a set.
func (e *encoder) list(elem ttype, n int) {
	switch e.protocol {
	case binaryProtocol:
		e.b = binary.BigEndian.AppendUint32(append(e.b, byte(elem)), uint32(n))
	case compactProtocol:
		if n < 15 {
			e.b = append(e.b, byte(n)<<4|toCompact[elem])
		} else {
			e.b = binary.AppendUvarint(append(e.b, 0xf0|toCompact[elem]), uint64(n))
		}
	default:
		e.open(false)
		e.word(jsonNames[elem])
		e.number(int64(n))
	}
}

func (e *encoder) listEnd() {
	if e.protocol == jsonProtocol {
		e.close(']')
	}
}

func (e *encoder) mapBegin(key, elem ttype, n int) {
	switch e.protocol {
	case binaryProtocol:
		e.b = binary.BigEndian.AppendUint32(append(e.b, byte(key), byte(elem)), uint32(n))
	case compactProtocol:
		if e.b = binary.AppendUvarint(e.b, uint64(n)); n > 0 {
			e.b = append(e.b, toCompact[key]<<4|toCompact[elem])
		}
	default:
		e.open(false)
		e.word(jsonNames[key])
		e.word(jsonNames[elem])
		e.number(int64(n))
		e.open(true)
	}
}

func (e *encoder) mapEnd() {
	if e.protocol == jsonProtocol {
		e.close('}')
		e.close(']')
	}
}

// boolean writes a bool that is not a field.
func (e *encoder) boolean(v bool) {
	switch {
	case e.protocol == compactProtocol:
		e.b = append(e.b, compactBool(v))
	case e.protocol == jsonProtocol && v:
		e.number(1)
	case e.protocol == jsonProtocol:
		e.number(0)
	case v:
		e.b = append(e.b, 1)
	default:
		e.b = append(e.b, 0)
	}
}

func compactBool(v bool) uint8 {
	if v {
		return compactTrue
	}
	return compactFalse
}

// integer writes one of the four integer types.
func (e *encoder) integer(t ttype, v int64) {
	switch {
	case e.protocol == jsonProtocol:
		e.number(v)
	case t == tI8:
		e.b = append(e.b, byte(v))
	case e.protocol == compactProtocol:
		e.b = binary.AppendUvarint(e.b, zigzag(v))
	case t == tI16:
		e.b = binary.BigEndian.AppendUint16(e.b, uint16(v))
	case t == tI32:
		e.b = binary.BigEndian.AppendUint32(e.b, uint32(v))
	default:
		e.b = binary.BigEndian.AppendUint64(e.b, uint64(v))
	}
}

func (e *encoder) double(v float64) {
	switch e.protocol {
	case binaryProtocol:
		e.b = binary.BigEndian.AppendUint64(e.b, math.Float64bits(v))
	case compactProtocol:
		e.b = binary.LittleEndian.AppendUint64(e.b, math.Float64bits(v))
	default:
		key := e.separate()
		e.b = appendDouble(e.b, v, key)
	}
}

// appendDouble writes a double as JSON; what JSON has no number for, and keys, as strings.
func appendDouble(b []byte, v float64, quoted bool) []byte {
	switch {
	case math.IsNaN(v):
		return append(b, `"NaN"`...)
	case math.IsInf(v, 1):
		return append(b, `"Infinity"`...)
	case math.IsInf(v, -1):
		return append(b, `"-Infinity"`...)
	case quoted:
		return append(strconv.AppendFloat(append(b, '"'), v, 'g', -1, 64), '"')
	}
	return strconv.AppendFloat(b, v, 'g', -1, 64)
}

// characters writes a string.
func (e *encoder) characters(s []byte) {
	if e.protocol == jsonProtocol {
		e.separate()
		e.b = append(appendEscaped(append(e.b, '"'), s), '"')
		return
	}
	e.bytes(s)
}

// word writes a string of ours: a name.
func (e *encoder) word(s string) {
	if e.protocol == jsonProtocol {
		e.separate()
		e.b = append(appendEscaped(append(e.b, '"'), s), '"')
		return
	}
	e.length(len(s))
	e.b = append(e.b, s...)
}

// bytes writes a binary.
func (e *encoder) bytes(v []byte) {
	if e.protocol == jsonProtocol {
		e.separate()
		e.b = append(base64.StdEncoding.AppendEncode(append(e.b, '"'), v), '"')
		return
	}
	e.length(len(v))
	e.b = append(e.b, v...)
}

func (e *encoder) length(n int) {
	if e.protocol == compactProtocol {
		e.b = binary.AppendUvarint(e.b, uint64(n))
		return
	}
	e.b = binary.BigEndian.AppendUint32(e.b, uint32(n))
}

func (e *encoder) uuid(v []byte) {
	if e.protocol == jsonProtocol {
		e.separate()
		e.b = append(appendUUID(append(e.b, '"'), v), '"')
		return
	}
	e.b = append(e.b, v...)
}

// appendUUID writes 16 bytes in the form of RFC 9562, section 4.
func appendUUID(b, v []byte) []byte {
	for i, end := range [...]int{4, 6, 8, 10, 16} {
		from := [...]int{0, 4, 6, 8, 10}[i]
		if i > 0 {
			b = append(b, '-')
		}
		b = hex.AppendEncode(b, v[from:end])
	}
	return b
}

// The rest is the JSON protocol's.

func (e *encoder) separate() (key bool) {
	separator, key := e.json.next()
	if separator != 0 {
		e.b = append(e.b, separator)
	}
	return key
}

func (e *encoder) number(v int64) {
	if e.separate() {
		e.b = append(strconv.AppendInt(append(e.b, '"'), v, 10), '"')
		return
	}
	e.b = strconv.AppendInt(e.b, v, 10)
}

func (e *encoder) open(object bool) {
	e.separate()
	e.json.push(object)
	if object {
		e.b = append(e.b, '{')
	} else {
		e.b = append(e.b, '[')
	}
}

func (e *encoder) close(bracket byte) {
	e.json.pop()
	e.b = append(e.b, bracket)
}
