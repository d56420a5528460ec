package redis

// How the answer itself is shown, where it is wanted: an answer that is one value, by its bytes; an aggregate, as JSON.

// open begins a value that is shown.
func (r *reader) open(kind byte) {
	if r.skip = 0; kind == '=' {
		r.skip = 4 // what kind of text it is: "txt:"
	}
	if r.show == nil || r.hidden > 0 {
		return
	}
	top, key := r.top(), r.isKey()
	switch {
	case top == nil:
	case top.kind == '%' && !key:
		r.put(":")
	case top.n > 0:
		r.put(",")
	}
	switch kind {
	case '*', '~':
		r.put(either(key, `"…"`, "["))
	case '%':
		r.put(either(key, `"…"`, "{"))
	case '-', '!':
		if top != nil && !key {
			r.put(`{"error":"`)
			return
		}
		fallthrough
	case '$', '=', '+':
		r.put(either(top != nil, `"`, ""))
	default:
		r.put(either(key, `"`, ""))
	}
}

// shut ends a value that is shown.
func (r *reader) shut(kind byte) {
	if r.show == nil || r.hidden > 0 {
		return
	}
	top, key := r.top(), r.isKey()
	switch kind {
	case '*', '~':
		r.put(either(key, "", "]"))
	case '%':
		r.put(either(key, "", "}"))
	case '-', '!':
		r.endText(top)
		if top != nil {
			r.put(either(key, `"`, `"}`))
		}
	case '$', '=', '+':
		r.endText(top)
		r.put(either(top != nil, `"`, ""))
	default:
		r.put(either(key, `"`, ""))
	}
}

func (r *reader) endText(top *frame) {
	if top != nil {
		r.text.end(r.show)
	}
}

// value takes in bytes of a value: all of them or, of a string, some.
func (r *reader) value(kind byte, b []byte) {
	r.content += int64(len(b))
	if skip := min(r.skip, len(b)); skip > 0 {
		r.skip -= skip
		b = b[skip:]
	}
	if r.hidden > 0 {
		return
	}
	nested := len(r.stack) > 0
	switch {
	case (kind == '-' || kind == '!') && !r.failed:
		r.failure = append(r.failure, b[:min(len(b), maxFailure-len(r.failure))]...)
	case kind == '_':
		r.null = !nested
	}
	if r.show == nil {
		return
	}
	switch kind {
	case '#':
		r.put(either(b[0] == 't', "true", "false"))
	case '_':
		r.put(either(nested, "null", ""))
	case ':', ',', '(':
		r.number(b)
	default:
		if !nested {
			r.show.AppendContent(b)
			return
		}
		r.text.write(r.show, b)
	}
}

// number shows a number as JSON has it, which knows no plus, no zeros in front, no infinity; by itself, as it stands.
func (r *reader) number(b []byte) {
	if len(r.stack) == 0 {
		r.show.AppendContent(b)
		return
	}
	minus := b[0] == '-'
	if minus || b[0] == '+' {
		b = b[1:]
	}
	for len(b) > 1 && b[0] == '0' && b[1] >= '0' && b[1] <= '9' {
		b = b[1:]
	}
	quoted := b[0] > '9' && !r.isKey()
	r.put(either(quoted, `"`, ""))
	r.put(either(minus, "-", ""))
	r.show.AppendContent(b)
	r.put(either(quoted, `"`, ""))
}

// put shows some of JSON's own marks.
func (r *reader) put(marks string) {
	room := max(0, r.show.Keep-int64(len(r.show.Content)))
	r.show.Content = append(r.show.Content, marks[:min(int64(len(marks)), room)]...)
}

func either(first bool, a, b string) string {
	if first {
		return a
	}
	return b
}
