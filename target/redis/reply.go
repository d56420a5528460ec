package redis

import "strconv"

// reply is an answer being written, in the version of the protocol that the connection asked for.
type reply struct {
	b    []byte
	resp int // 2 or 3
}

func (r *reply) line(kind byte, text string) {
	r.b = append(append(append(r.b, kind), text...), "\r\n"...)
}

func (r *reply) number(kind byte, n int64) {
	r.b = append(strconv.AppendInt(append(r.b, kind), n, 10), "\r\n"...)
}

func (r *reply) simple(text string) { r.line('+', text) }
func (r *reply) ok()                { r.line('+', "OK") }
func (r *reply) err(text string)    { r.line('-', text) }
func (r *reply) int(n int64)        { r.number(':', n) }
func (r *reply) array(n int)        { r.number('*', int64(n)) }

func (r *reply) bool(yes bool) {
	if yes {
		r.int(1)
	} else {
		r.int(0)
	}
}

func (r *reply) bulk(b []byte) {
	r.number('$', int64(len(b)))
	r.b = append(append(r.b, b...), "\r\n"...)
}

func (r *reply) text(s string) {
	r.number('$', int64(len(s)))
	r.b = append(append(r.b, s...), "\r\n"...)
}

// set begins a set of n elements.
func (r *reply) set(n int) {
	if r.resp == 3 {
		r.number('~', int64(n))
		return
	}
	r.array(n)
}

// dict begins a map of n pairs.
func (r *reply) dict(n int) {
	if r.resp == 3 {
		r.number('%', int64(n))
		return
	}
	r.array(2 * n)
}

// null stands for a missing string.
func (r *reply) null() {
	if r.resp == 3 {
		r.line('_', "")
		return
	}
	r.line('$', "-1")
}

// nullArray stands for a missing array.
func (r *reply) nullArray() {
	if r.resp == 3 {
		r.line('_', "")
		return
	}
	r.line('*', "-1")
}

// What several commands say.
const (
	errWrongType = "WRONGTYPE Operation against a key holding the wrong kind of value"
	errNotInt    = "ERR value is not an integer or out of range"
	errRange     = "ERR value is out of range, must be positive"
	errSyntax    = "ERR syntax error"
	errMemory    = "OOM command not allowed when used memory > 'maxmemory'."
	errOverflow  = "ERR increment or decrement would overflow"
)
