package batch

import (
	"encoding/binary"

	"github.com/iagoloadgen/iago/load"
)

// input is what is left of a message. After the first fault it stays at it and reads zeros and nothing.
type input struct {
	b   []byte
	err error

	raw  []byte // of the record that is read, in which its parts may lie
	at   int    // the end of the part found last
	left uint64 // bytes that parts may still repeat
}

func (in *input) fail(err error) {
	if in.err == nil {
		in.err = err
	}
	in.b = nil
}

func (in *input) byte() byte {
	if len(in.b) == 0 {
		in.fail(errCutOff)
		return 0
	}
	c := in.b[0]
	in.b = in.b[1:]
	return c
}

func (in *input) uvarint() uint64 {
	if len(in.b) > 0 && in.b[0] < 0x80 {
		v := uint64(in.b[0])
		in.b = in.b[1:]
		return v
	}
	return in.long()
}

func (in *input) long() uint64 {
	v, n := binary.Uvarint(in.b)
	switch {
	case n > 0:
		in.b = in.b[n:]
		return v
	case n < 0:
		in.fail(errVarint)
	default:
		in.fail(errCutOff)
	}
	return 0
}

// take returns the next n bytes.
func (in *input) take(n uint64) []byte {
	if n > uint64(len(in.b)) {
		in.fail(errCutOff)
		return nil
	}
	b := in.b[:n:n]
	in.b = in.b[n:]
	return b
}

// entry reads a number of a table of which n are known and, where it is the next one, what has it from now on.
func (in *input) entry(n int) (i int, key []byte, fresh bool) {
	u := in.uvarint()
	if u > uint64(n) {
		in.fail(errNumber)
		return 0, nil, false
	}
	if u == uint64(n) {
		key = in.take(in.uvarint())
		return n, key, in.err == nil
	}
	return int(u), nil, false
}

// begin says that the parts which follow are of a record with this raw entry.
func (in *input) begin(raw []byte) { in.raw, in.at, in.left = raw, 0, maxCopies*uint64(len(raw)) }

// part appends the next part to dst.
func (in *input) part(dst []byte) []byte {
	n := in.uvarint()
	if n&1 == 0 {
		return append(dst, in.take(n>>1)...)
	}
	n >>= 1
	from := int64(in.at) + unzigzag(in.uvarint())
	switch {
	case in.err != nil:
		return dst
	case n > in.left:
		in.fail(errCopies)
		return dst
	case from < 0, from > int64(len(in.raw)), n > uint64(len(in.raw))-uint64(from):
		in.fail(errPart)
		return dst
	}
	in.at = int(from) + int(n)
	in.left -= n
	return append(dst, in.raw[from:in.at]...)
}

// values fills list with names and, from the message, their values.
func (in *input) values(list []load.Field, names [][]byte) []load.Field {
	for i, name := range names {
		if in.err != nil {
			break
		}
		if i < cap(list) {
			list = list[:i+1]
		} else {
			list = append(list, load.Field{})
		}
		f := &list[i]
		f.Name = append(f.Name[:0], name...)
		f.Value = in.part(f.Value[:0])
	}
	return list
}
