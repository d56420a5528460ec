package thrift

import "encoding/binary"

// walker finds the end of a value in the binary or the compact protocol, whatever is in it, without looking at the same bytes
// twice: the value may come in parts. Strings and what is of fixed size are passed over without being looked at.
type walker struct {
	compact bool
	limit   int // of where the value may end
	at      int // behind what has been walked; beyond what has arrived while in a string
	want    ttype
	stack   []walkLevel

	// first is the id of the first field at the top, noField without any.
	first int32
}

const noField = -1 << 20

type walkLevel struct {
	kind ttype
	key  ttype // of a map
	elem ttype
	left int // elements to come; a map's keys and values
	last int16
}

// start begins a struct at b[at:].
func (w *walker) start(at int) {
	w.at, w.want, w.first = at, 0, noField
	w.stack = append(w.stack[:0], walkLevel{kind: tStruct})
}

// walk goes on in b, which begins where it did before. done: the value's end is at w.at.
func (w *walker) walk(b []byte) (done bool, err error) {
	for w.at <= len(b) {
		if len(w.stack) == 0 && w.want == 0 {
			return true, nil
		}
		var more bool
		if w.want != 0 {
			more, err = w.begin(b)
		} else {
			more, err = w.next(b)
		}
		if !more || err != nil {
			return false, err
		}
		if w.at > w.limit {
			return false, ErrLimit
		}
	}
	return false, nil
}

// begin walks over the value that comes next, or into it. more is false where too little has arrived.
func (w *walker) begin(b []byte) (more bool, err error) {
	t := w.want
	if n := w.size(t); n > 0 {
		w.at, w.want = w.at+n, 0
		return true, nil
	}
	switch t {
	case tI16, tI32, tI64:
		_, n, err := varint(b[w.at:])
		if n > 0 {
			w.at, w.want = w.at+n, 0
		}
		return n > 0, err
	case tString:
		n, k, err := w.length(b[w.at:])
		if k > 0 {
			w.at, w.want = w.at+k+n, 0
		}
		return k > 0, err
	case tStruct:
		w.want = 0
		return true, w.push(walkLevel{kind: tStruct})
	case tMap:
		return w.mapHead(b)
	case tList, tSet:
		return w.listHead(b)
	}
	return false, ErrType
}

// size is the number of bytes of a value of type t where it is always the same, 0 otherwise.
func (w *walker) size(t ttype) int {
	if t > maxType {
		return 0
	}
	if w.compact {
		return int(max(compactFixed[t], 0))
	}
	return int(max(fixed[t], 0))
}

func (w *walker) push(l walkLevel) error {
	if len(w.stack) >= maxDepth {
		return ErrDepth
	}
	w.stack = append(w.stack, l)
	return nil
}

// next goes on with what the innermost level has next.
func (w *walker) next(b []byte) (more bool, err error) {
	l := &w.stack[len(w.stack)-1]
	switch {
	case l.kind == tStruct:
		return w.fieldHead(b, l)
	case l.left == 0:
		w.stack = w.stack[:len(w.stack)-1]
	case l.kind == tMap && l.left%2 == 0:
		l.left--
		w.want = l.key
	default:
		l.left--
		w.want = l.elem
	}
	return true, nil
}

func (w *walker) fieldHead(b []byte, l *walkLevel) (more bool, err error) {
	t, id, n, err := w.field(b[w.at:], l.last)
	if n == 0 || err != nil {
		return false, err
	}
	w.at += n
	if t == tStop {
		w.stack = w.stack[:len(w.stack)-1]
		return true, nil
	}
	if l.last = id; len(w.stack) == 1 && w.first == noField {
		w.first = int32(id)
	}
	if w.want = t; w.compact && t == tBool { // the value is in the type
		w.want = 0
	}
	return true, nil
}

// field reads a field's head; n is 0 where too little has arrived.
func (w *walker) field(b []byte, last int16) (t ttype, id int16, n int, err error) {
	if len(b) == 0 {
		return 0, 0, 0, nil
	}
	if !w.compact {
		if t = ttype(b[0]); t == tStop {
			return t, 0, 1, nil
		}
		if t > maxType || fixed[t] < 0 {
			return 0, 0, 0, ErrType
		}
		if len(b) < 3 {
			return 0, 0, 0, nil
		}
		return t, int16(binary.BigEndian.Uint16(b[1:])), 3, nil
	}
	if b[0]&15 == 0 {
		return tStop, 0, 1, nil
	}
	if t = fromCompact[b[0]&15]; t == tStop {
		return 0, 0, 0, ErrType
	}
	if delta := int16(b[0] >> 4); delta != 0 {
		return t, last + delta, 1, nil
	}
	u, n, err := varint(b[1:])
	if n == 0 || err != nil {
		return 0, 0, 0, err
	}
	return t, int16(unzigzag(u)), 1 + n, nil
}

func (w *walker) listHead(b []byte) (more bool, err error) {
	elem, count, n, err := w.list(b[w.at:])
	if n == 0 || err != nil {
		return false, err
	}
	w.at, w.want = w.at+n, 0
	if size := w.size(elem); size > 0 {
		w.at += count * size
		return true, nil
	}
	return true, w.push(walkLevel{kind: tList, elem: elem, left: count})
}

func (w *walker) list(b []byte) (elem ttype, count, n int, err error) {
	if len(b) == 0 {
		return 0, 0, 0, nil
	}
	if !w.compact {
		if elem = ttype(b[0]); len(b) < 5 {
			return 0, 0, 0, nil
		}
		count, n, err = w.length(b[1:])
		return elem, count, 1 + n, w.element(elem, count, err)
	}
	elem = fromCompact[b[0]&15]
	if count, n = int(b[0]>>4), 1; count == 15 {
		if count, n, err = w.length(b[1:]); n == 0 || err != nil {
			return 0, 0, 0, err
		}
		n++
	}
	return elem, count, n, w.element(elem, count, nil)
}

// element refuses elements of a type that there is not. A container without elements may have any.
func (w *walker) element(t ttype, count int, err error) error {
	if err == nil && count > 0 && (t > maxType || fixed[t] < 0) {
		return ErrType
	}
	return err
}

func (w *walker) mapHead(b []byte) (more bool, err error) {
	key, elem, count, n, err := w.mapping(b[w.at:])
	if n == 0 || err != nil {
		return false, err
	}
	w.at, w.want = w.at+n, 0
	return true, w.push(walkLevel{kind: tMap, key: key, elem: elem, left: 2 * count})
}

func (w *walker) mapping(b []byte) (key, elem ttype, count, n int, err error) {
	if !w.compact {
		if len(b) < 6 {
			return 0, 0, 0, 0, nil
		}
		key, elem = ttype(b[0]), ttype(b[1])
		count, _, err = w.length(b[2:])
		n = 6
	} else {
		if count, n, err = w.length(b); n == 0 || err != nil || count == 0 {
			return 0, 0, 0, n, err
		}
		if len(b) == n {
			return 0, 0, 0, 0, nil
		}
		key, elem = fromCompact[b[n]>>4], fromCompact[b[n]&15]
		n++
	}
	if err = w.element(key, count, err); err == nil {
		err = w.element(elem, count, nil)
	}
	return key, elem, count, n, err
}

// length reads the length of a string or a container, k bytes long; 0: too little has arrived.
func (w *walker) length(b []byte) (n, k int, err error) {
	var u uint64
	if w.compact {
		u, k, err = varint(b)
	} else if len(b) >= 4 {
		u, k = uint64(binary.BigEndian.Uint32(b)), 4
	}
	switch {
	case err != nil || k == 0:
		return 0, 0, err
	case u > 1<<31-1:
		return 0, 0, ErrLength
	case int(u) > w.limit:
		return 0, 0, ErrLimit
	}
	return int(u), k, nil
}

// varint reads an integer of any size, n bytes long; 0: too little has arrived.
func varint(b []byte) (u uint64, n int, err error) {
	u, n = binary.Uvarint(b)
	if n < 0 || n == 0 && len(b) >= binary.MaxVarintLen64 {
		return 0, 0, ErrLength
	}
	return u, n, nil
}
