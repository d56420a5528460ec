package redis

import "math"

// top is the innermost aggregate; nil: there is none.
func (r *reader) top() *frame {
	if len(r.stack) == 0 {
		return nil
	}
	return &r.stack[len(r.stack)-1]
}

func (r *reader) push(f frame) {
	if f.hide {
		r.hidden++
	}
	r.stack = append(r.stack, f)
}

// beginAggregate takes in the length of an array, set, map, attribute or push message.
func (r *reader) beginAggregate(kind byte, rest []byte) (done bool, err error) {
	if kind == '*' && string(rest) == "-1" {
		return r.scalar('_', nil)
	}
	n, ok := digits(rest)
	streamed := !ok && string(rest) == "?" && (kind == '*' || kind == '~' || kind == '%')
	pairs := kind == '%' || kind == '|'
	switch {
	case streamed:
		n = -1
	case !ok || n > math.MaxInt64/2:
		return false, ErrLength
	case pairs:
		n *= 2
	}
	switch {
	case kind == '>' && len(r.stack) > 0:
		return false, ErrPush
	case len(r.stack) >= maxDepth:
		return false, ErrDepth
	}
	f := frame{kind: kind, left: n}
	if kind == '>' || kind == '|' {
		f.hide = true
	} else {
		f.hide = r.isKey()
		r.open(kind)
	}
	r.push(f)
	if n == 0 {
		return r.pop(), nil
	}
	return false, nil
}

// endStreamed takes in the end of a streamed aggregate.
func (r *reader) endStreamed(rest []byte) (done bool, err error) {
	top := r.top()
	if top == nil || top.left >= 0 || len(rest) > 0 || top.kind == '%' && top.n%2 != 0 {
		return false, ErrStream
	}
	return r.pop(), nil
}

// pop ends the innermost aggregate.
func (r *reader) pop() (done bool) {
	f := *r.top()
	r.stack = r.stack[:len(r.stack)-1]
	if f.hide {
		r.hidden--
	}
	switch f.kind {
	case '|':
		return false // the value that it belongs to follows
	case '>':
		r.size, r.content = 0, 0
		return false // the answer follows
	}
	return r.close(f.kind)
}

// close counts a value of the innermost aggregate, which may thereby end; done: it was the answer.
func (r *reader) close(kind byte) (done bool) {
	if (kind == '-' || kind == '!') && r.hidden == 0 && !r.failed {
		r.failed, r.alone = true, len(r.stack) == 0
	}
	r.shut(kind)
	top := r.top()
	if top == nil {
		return true
	}
	top.n++
	if top.left > 0 {
		top.left--
	}
	if top.left == 0 {
		return r.pop()
	}
	return false
}

// isKey tells whether the next value is a key of a map.
func (r *reader) isKey() bool {
	top := r.top()
	return top != nil && top.kind == '%' && top.n%2 == 0
}

// isInteger tells whether b is an integer of 64 bits.
func isInteger(b []byte) bool {
	minus := len(b) > 0 && b[0] == '-'
	if minus || len(b) > 0 && b[0] == '+' {
		b = b[1:]
	}
	_, ok := digits(b)
	return ok || minus && string(b) == "9223372036854775808"
}

// isNumber tells whether b is a big number or, where real says so, a double: digits, a fraction, an exponent, or inf or nan.
func isNumber(b []byte, real bool) bool {
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		b = b[1:]
	}
	if real && (string(b) == "inf" || string(b) == "nan") {
		return true
	}
	whole := span(b)
	b = b[whole:]
	if real && len(b) > 0 && b[0] == '.' {
		fraction := span(b[1:])
		if fraction == 0 {
			return false
		}
		b = b[1+fraction:]
	}
	if real && len(b) > 0 && b[0]|0x20 == 'e' {
		b = b[1:]
		if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
			b = b[1:]
		}
		power := span(b)
		if power == 0 {
			return false
		}
		b = b[power:]
	}
	return whole > 0 && len(b) == 0
}

// span is how many digits b begins with.
func span(b []byte) int {
	i := 0
	for i < len(b) && b[i] >= '0' && b[i] <= '9' {
		i++
	}
	return i
}
