package redis

import (
	"math"
	"strconv"
)

var keyCommands = []command{
	{name: "DEL", arity: -2, run: del},
	{name: "UNLINK", arity: -2, run: del},
	{name: "EXISTS", arity: -2, run: exists},
	{name: "TYPE", arity: 2, run: typeOf},
	{name: "EXPIRE", arity: 3, run: expireIn("expire", 1000)},
	{name: "PEXPIRE", arity: 3, run: expireIn("pexpire", 1)},
	{name: "PERSIST", arity: 2, run: persist},
	{name: "TTL", arity: 2, run: ttl(1000)},
	{name: "PTTL", arity: 2, run: ttl(1)},
}

// parseInt reads a number as Redis does: no sign +, no zeros before it, nothing around it.
func parseInt(b []byte) (int64, bool) {
	if len(b) == 0 || len(b) > 20 {
		return 0, false
	}
	digits := b
	if digits[0] == '-' {
		digits = digits[1:]
	}
	if len(digits) == 0 || digits[0] == '+' || digits[0] == '0' && (len(digits) > 1 || len(b) > 1) {
		return 0, false
	}
	n, err := strconv.ParseInt(string(b), 10, 64)
	return n, err == nil
}

func del(s *session, args [][]byte, r *reply) {
	n := int64(0)
	for _, key := range args[1:] {
		if s.db.get(key) != nil && s.db.remove(key) {
			n++
		}
	}
	r.int(n)
}

func exists(s *session, args [][]byte, r *reply) {
	n := int64(0)
	for _, key := range args[1:] {
		if s.db.read(key) != nil {
			n++
		}
	}
	r.int(n)
}

func typeOf(s *session, args [][]byte, r *reply) {
	v := s.db.get(args[1])
	if v == nil {
		r.simple("none")
		return
	}
	r.simple(v.kind())
}

// deadline turns a time from now in units of so many ms into ms since 1970.
func (s *store) deadline(n, unit int64) (ms int64, ok bool) {
	now := s.millis()
	if n > math.MaxInt64/unit || n < math.MinInt64/unit || n*unit > math.MaxInt64-now {
		return 0, false
	}
	return now + n*unit, true
}

func expireIn(name string, unit int64) func(*session, [][]byte, *reply) {
	return func(s *session, args [][]byte, r *reply) {
		n, ok := parseInt(args[2])
		if !ok {
			r.err(errNotInt)
			return
		}
		when, ok := s.store.deadline(n, unit)
		if !ok {
			r.err("ERR invalid expire time in '" + name + "' command")
			return
		}
		v := s.db.get(args[1])
		switch {
		case v == nil:
			r.int(0)
			return
		case n <= 0:
			s.db.remove(args[1])
		default:
			v.expires = when
		}
		r.int(1)
	}
}

func persist(s *session, args [][]byte, r *reply) {
	v := s.db.get(args[1])
	r.bool(v != nil && v.expires != 0)
	if v != nil {
		v.expires = 0
	}
}

func ttl(unit int64) func(*session, [][]byte, *reply) {
	return func(s *session, args [][]byte, r *reply) {
		switch v := s.db.get(args[1]); {
		case v == nil:
			r.int(-2)
		case v.expires == 0:
			r.int(-1)
		default:
			r.int((v.expires - s.store.millis() + unit/2) / unit)
		}
	}
}
