package thrift

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math"
	"strconv"

	"github.com/iagoloadgen/iago/internal/suggest"
	"github.com/iagoloadgen/iago/transport/thrift/idl"
)

// scalar writes node i as a value of a type that has none in it. Keys of objects come as strings, whatever their type.
func (a *args) scalar(i int32, t *idl.Type) error {
	switch t.Kind {
	case idl.KindBool:
		v, err := a.truth(i)
		if err == nil {
			a.boolean(v)
		}
		return err
	case idl.KindEnum:
		return a.member32(i, t)
	case idl.KindDouble:
		return a.float(i, t)
	case idl.KindString:
		if a.nodes[i].kind != '"' {
			return wrong("expected %s, found %s", t, a.found(i))
		}
		a.characters(a.key(i))
		return nil
	case idl.KindBinary:
		return a.binary(i, t)
	case idl.KindUUID:
		return a.identifier(i, t)
	}
	return a.whole(i, t)
}

// truth reads a bool.
func (a *args) truth(i int32) (bool, error) {
	switch string(a.raw(i)) {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, wrong("expected bool, found %s", a.found(i))
}

var widths = map[idl.Kind]int{idl.KindI8: 8, idl.KindI16: 16, idl.KindI32: 32, idl.KindI64: 64}

// isKey tells whether node i is a name in an object.
func (a *args) isKey(i int32) bool {
	end := int(a.nodes[i].to) + 1
	for end < len(a.text) && (a.text[end] == ' ' || a.text[end] == '\t' || a.text[end] == '\n' || a.text[end] == '\r') {
		end++
	}
	return a.nodes[i].kind == '"' && end < len(a.text) && a.text[end] == ':'
}

// whole writes an integer. One of 64 bits may be in quotes: other languages cannot write them otherwise.
func (a *args) whole(i int32, t *idl.Type) error {
	if kind := a.nodes[i].kind; kind != '0' && (kind != '"' || t.Kind != idl.KindI64 && !a.isKey(i)) {
		return wrong("expected %s, found %s", t, a.found(i))
	}
	v, why := integer(a.raw(i), widths[t.Kind])
	switch why {
	case inRange:
		a.integer(wireType(t), v)
		return nil
	case outOfRange:
		return wrong("expected %s, found %s, which does not fit into %d bits", t, a.found(i), widths[t.Kind])
	}
	return wrong("expected %s, found %s", t, a.found(i))
}

type verdict uint8

const (
	inRange verdict = iota
	outOfRange
	noInteger
)

// integer reads a decimal integer of so many bits.
func integer(s []byte, bits int) (int64, verdict) {
	negative := len(s) > 0 && s[0] == '-'
	digits := s
	if negative {
		digits = s[1:]
	}
	if len(digits) == 0 {
		return 0, noInteger
	}
	var u uint64
	over := false
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, noInteger
		}
		over = over || u > (math.MaxUint64-9)/10
		u = u*10 + uint64(c-'0')
	}
	limit := uint64(1) << (bits - 1)
	switch {
	case over || u > limit || u == limit && !negative:
		return 0, outOfRange
	case negative:
		return -int64(u), inRange
	}
	return int64(u), inRange
}

// member32 writes an enum's member, given by name or number.
func (a *args) member32(i int32, t *idl.Type) error {
	switch a.nodes[i].kind {
	case '"':
		name := string(a.key(i))
		if v, ok := t.Enum.Number(name); ok {
			a.integer(tI32, int64(v))
			return nil
		}
		if v, why := integer(a.raw(i), 32); why == inRange && a.isKey(i) {
			return a.number32(i, t, int32(v))
		}
		return wrong("expected a member of enum %s, found %q%s", t.Enum.Name, name, suggest.DidYouMean(name, memberNames(t.Enum)))
	case '0':
		if v, why := integer(a.raw(i), 32); why == inRange {
			return a.number32(i, t, int32(v))
		}
	}
	return wrong("expected a member of enum %s, by name or number, found %s", t.Enum.Name, a.found(i))
}

func (a *args) number32(i int32, t *idl.Type, v int32) error {
	if _, ok := t.Enum.NameOf(v); !ok {
		return wrong("expected a member of enum %s, found %s, which is none's number", t.Enum.Name, a.found(i))
	}
	a.integer(tI32, int64(v))
	return nil
}

func memberNames(e *idl.Enum) []string {
	var names []string
	for _, v := range e.Values {
		names = append(names, v.Name)
	}
	return names
}

// float writes a double; "NaN", "Infinity" and "-Infinity" are strings.
func (a *args) float(i int32, t *idl.Type) error {
	raw := a.raw(i)
	if a.nodes[i].kind == '"' {
		switch string(raw) {
		case "NaN":
			a.double(math.NaN())
			return nil
		case "Infinity":
			a.double(math.Inf(1))
			return nil
		case "-Infinity":
			a.double(math.Inf(-1))
			return nil
		}
	}
	if a.nodes[i].kind == '0' || a.isKey(i) {
		if v, err := strconv.ParseFloat(string(raw), 64); err == nil {
			a.double(v)
			return nil
		} else if a.nodes[i].kind == '0' {
			return wrong("expected %s, found %s, which does not fit into 64 bits", t, a.found(i))
		}
	}
	return wrong(`expected %s (or "NaN", "Infinity", "-Infinity"), found %s`, t, a.found(i))
}

// binary writes bytes, given as base64 (RFC 4648, section 4), with its padding or without.
func (a *args) binary(i int32, t *idl.Type) error {
	if a.nodes[i].kind == '"' {
		raw := a.key(i)
		for n := len(raw); n > 0 && raw[n-1] == '='; n-- {
			raw = raw[:n-1]
		}
		if out, err := base64.RawStdEncoding.AppendDecode(a.blob[:0], raw); err == nil {
			a.blob = out
			a.bytes(out)
			return nil
		}
	}
	return wrong("expected %s as base64, found %s", t, a.found(i))
}

// identifier writes a UUID, given in the form of RFC 9562, section 4.
func (a *args) identifier(i int32, t *idl.Type) error {
	if a.nodes[i].kind == '"' {
		var v [16]byte
		if parseUUID(v[:0], a.raw(i)) {
			a.uuid(v[:])
			return nil
		}
	}
	return wrong("expected %s such as 123e4567-e89b-12d3-a456-426614174000, found %s", t, a.found(i))
}

// parseUUID appends the 16 bytes of s to v, which has room for them.
func parseUUID(v, s []byte) bool {
	if len(s) != 36 {
		return false
	}
	for k := 0; k < 36; {
		if k == 8 || k == 13 || k == 18 || k == 23 {
			if s[k] != '-' {
				return false
			}
			k++
			continue
		}
		var err error
		if v, err = hex.AppendDecode(v, s[k:k+2]); err != nil {
			return false
		}
		k += 2
	}
	return true
}

// keyText shows a map's key in a path: as it stands, or the entry's number where it is long or no scalar.
func (a *args) keyText(i int32, entry int) string {
	switch n := a.nodes[i]; {
	case n.to-n.from > 40 || n.kind == '{' || n.kind == '[':
		return strconv.Itoa(entry)
	case n.kind == '"':
		return fmt.Sprintf("%q", a.raw(i))
	}
	return string(a.raw(i))
}
