package redis

import (
	"math"
	"strconv"
)

var counterCommands = []command{
	{name: "INCR", arity: 2, write: true, run: func(s *session, args [][]byte, r *reply) { add(s, args[1], 1, r) }},
	{name: "DECR", arity: 2, write: true, run: func(s *session, args [][]byte, r *reply) { add(s, args[1], -1, r) }},
	{name: "INCRBY", arity: 3, write: true, run: func(s *session, args [][]byte, r *reply) {
		n, ok := parseInt(args[2])
		if !ok {
			r.err(errNotInt)
			return
		}
		add(s, args[1], n, r)
	}},
	{name: "DECRBY", arity: 3, write: true, run: func(s *session, args [][]byte, r *reply) {
		n, ok := parseInt(args[2])
		switch {
		case !ok:
			r.err(errNotInt)
		case n == math.MinInt64:
			r.err("ERR decrement would overflow")
		default:
			add(s, args[1], -n, r)
		}
	}},
}

// add counts key up by n; its time to live stays.
func add(s *session, key []byte, n int64, r *reply) {
	v := s.db.get(key)
	if v == nil {
		v = &value{str: []byte("0")}
		s.db.put(key, v)
	}
	if !v.isString() {
		r.err(errWrongType)
		return
	}
	old, ok := parseInt(v.str)
	switch {
	case !ok:
		r.err(errNotInt)
		return
	case n > 0 && old > math.MaxInt64-n, n < 0 && old < math.MinInt64-n:
		r.err(errOverflow)
		return
	}
	v.str = strconv.AppendInt(v.str[:0], old+n, 10)
	s.db.resize(v, int64(len(v.str)))
	r.int(old + n)
}
