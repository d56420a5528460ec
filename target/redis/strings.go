package redis

import "slices"

var stringCommands = []command{
	{name: "GET", arity: 2, run: get},
	{name: "GETSET", arity: 3, write: true, run: getSet},
	{name: "GETDEL", arity: 2, run: getDel},
	{name: "SET", arity: -3, write: true, run: set},
	{name: "SETNX", arity: 3, write: true, run: setNX},
	{name: "SETEX", arity: 4, write: true, run: setEX},
	{name: "MGET", arity: -2, run: mget},
	{name: "MSET", arity: -3, write: true, run: mset},
	{name: "APPEND", arity: 3, write: true, run: appendTo},
	{name: "STRLEN", arity: 2, run: strlen},
}

func get(s *session, args [][]byte, r *reply) {
	switch v := s.db.read(args[1]); {
	case v == nil:
		r.null()
	case !v.isString():
		r.err(errWrongType)
	default:
		r.bulk(v.str)
	}
}

func getSet(s *session, args [][]byte, r *reply) {
	v := s.db.read(args[1])
	if v != nil && !v.isString() {
		r.err(errWrongType)
		return
	}
	get(s, args, r)
	s.db.put(args[1], &value{str: slices.Clone(args[2])})
}

func getDel(s *session, args [][]byte, r *reply) {
	get(s, args, r)
	if v := s.db.get(args[1]); v != nil && v.isString() {
		s.db.remove(args[1])
	}
}

// setOptions are what may follow SET key value.
type setOptions struct {
	onlyNew, onlyOld, keep, get bool
	expires                     int64
}

func set(s *session, args [][]byte, r *reply) {
	o, bad := s.setOptions(args[3:])
	if bad != "" {
		r.err(bad)
		return
	}
	old := s.db.get(args[1])
	if o.get && old != nil && !old.isString() {
		r.err(errWrongType)
		return
	}
	write := (!o.onlyNew || old == nil) && (!o.onlyOld || old != nil)
	switch {
	case o.get:
		get(s, args, r)
	case write:
		r.ok()
	default:
		r.null()
	}
	if !write {
		return
	}
	v := &value{str: slices.Clone(args[2]), expires: o.expires}
	if o.keep && old != nil {
		v.expires = old.expires
	}
	s.db.put(args[1], v)
}

func (s *session) setOptions(words [][]byte) (o setOptions, bad string) {
	for i := 0; i < len(words); i++ {
		w := words[i]
		switch {
		case is(w, "NX") && !o.onlyOld:
			o.onlyNew = true
		case is(w, "XX") && !o.onlyNew:
			o.onlyOld = true
		case is(w, "GET"):
			o.get = true
		case is(w, "KEEPTTL") && o.expires == 0:
			o.keep = true
		case (is(w, "EX") || is(w, "PX")) && o.expires == 0 && !o.keep && i+1 < len(words):
			unit := int64(1000)
			if is(w, "PX") {
				unit = 1
			}
			i++
			if o.expires, bad = s.expiry("set", words[i], unit); bad != "" {
				return o, bad
			}
		default:
			return o, errSyntax
		}
	}
	return o, ""
}

// expiry reads a time to live.
func (s *session) expiry(command string, word []byte, unit int64) (ms int64, bad string) {
	n, ok := parseInt(word)
	if !ok {
		return 0, errNotInt
	}
	ms, ok = s.store.deadline(n, unit)
	if n <= 0 || !ok {
		return 0, "ERR invalid expire time in '" + command + "' command"
	}
	return ms, ""
}

func setNX(s *session, args [][]byte, r *reply) {
	fresh := s.db.get(args[1]) == nil
	if fresh {
		s.db.put(args[1], &value{str: slices.Clone(args[2])})
	}
	r.bool(fresh)
}

func setEX(s *session, args [][]byte, r *reply) {
	when, bad := s.expiry("setex", args[2], 1000)
	if bad != "" {
		r.err(bad)
		return
	}
	s.db.put(args[1], &value{str: slices.Clone(args[3]), expires: when})
	r.ok()
}

func mget(s *session, args [][]byte, r *reply) {
	r.array(len(args) - 1)
	for _, key := range args[1:] {
		if v := s.db.read(key); v != nil && v.isString() {
			r.bulk(v.str)
		} else {
			r.null()
		}
	}
}

func mset(s *session, args [][]byte, r *reply) {
	if len(args)%2 == 0 {
		r.err(wrongCount("mset"))
		return
	}
	for pair := range slices.Chunk(args[1:], 2) {
		s.db.put(pair[0], &value{str: slices.Clone(pair[1])})
	}
	r.ok()
}

func appendTo(s *session, args [][]byte, r *reply) {
	v := s.db.get(args[1])
	switch {
	case v == nil:
		v = &value{str: slices.Clone(args[2])}
		s.db.put(args[1], v)
	case !v.isString():
		r.err(errWrongType)
		return
	case len(v.str)+len(args[2]) > longestBulk:
		r.err("ERR string exceeds maximum allowed size (proto-max-bulk-len)")
		return
	default:
		v.str = append(v.str, args[2]...)
		s.db.resize(v, int64(len(v.str)))
	}
	r.int(int64(len(v.str)))
}

func strlen(s *session, args [][]byte, r *reply) {
	switch v := s.db.read(args[1]); {
	case v == nil:
		r.int(0)
	case !v.isString():
		r.err(errWrongType)
	default:
		r.int(int64(len(v.str)))
	}
}
