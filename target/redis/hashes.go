package redis

import "slices"

var hashCommands = []command{
	{name: "HSET", arity: -4, write: true, run: hset},
	{name: "HGET", arity: 3, run: hget},
	{name: "HDEL", arity: -3, run: hdel},
	{name: "HLEN", arity: 2, run: func(s *session, args [][]byte, r *reply) {
		if h, ok := s.hash(args[1], r); ok {
			r.int(int64(len(h.fields)))
		}
	}},
	{name: "HGETALL", arity: 2, run: hgetAll},
}

// hash returns what key holds for reading; an empty one for nothing. It is not ok, and said so, when key holds something else.
func (s *session) hash(key []byte, r *reply) (*dict, bool) {
	v := s.db.read(key)
	switch {
	case v == nil:
		return &dict{}, true
	case v.hash == nil:
		r.err(errWrongType)
		return nil, false
	}
	return v.hash, true
}

func hset(s *session, args [][]byte, r *reply) {
	if len(args)%2 != 0 {
		r.err(wrongCount("hset"))
		return
	}
	v := s.db.get(args[1])
	if v == nil {
		v = &value{hash: newDict()}
		s.db.put(args[1], v)
	}
	if v.hash == nil {
		r.err(errWrongType)
		return
	}
	n := int64(0)
	for pair := range slices.Chunk(args[2:], 2) {
		fresh, grown := v.hash.set(pair[0], slices.Clone(pair[1]))
		s.db.resize(v, v.size+grown)
		if fresh {
			n++
		}
	}
	r.int(n)
}

func hget(s *session, args [][]byte, r *reply) {
	h, ok := s.hash(args[1], r)
	if !ok {
		return
	}
	if b, ok := h.get(args[2]); ok {
		r.bulk(b)
		return
	}
	r.null()
}

func hdel(s *session, args [][]byte, r *reply) {
	v := s.db.get(args[1])
	switch {
	case v == nil:
		r.int(0)
	case v.hash == nil:
		r.err(errWrongType)
	default:
		r.int(s.removeFields(args[1], v, v.hash, args[2:]))
	}
}

// removeFields removes names from d, which v consists of, and v when nothing is left. It returns how many there were.
func (s *session) removeFields(key []byte, v *value, d *dict, names [][]byte) (n int64) {
	for _, name := range names {
		was, freed := d.remove(name)
		s.db.resize(v, v.size-freed)
		if was {
			n++
		}
	}
	if len(d.fields) == 0 {
		s.db.remove(key)
	}
	return n
}

func hgetAll(s *session, args [][]byte, r *reply) {
	h, ok := s.hash(args[1], r)
	if !ok {
		return
	}
	r.dict(len(h.fields))
	for _, f := range h.fields {
		r.text(f.name)
		r.bulk(f.value)
	}
}
