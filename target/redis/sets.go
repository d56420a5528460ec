package redis

var setCommands = []command{
	{name: "SADD", arity: -3, write: true, run: sadd},
	{name: "SREM", arity: -3, run: srem},
	{name: "SCARD", arity: 2, run: func(s *session, args [][]byte, r *reply) {
		if d, ok := s.set(args[1], r); ok {
			r.int(int64(len(d.fields)))
		}
	}},
	{name: "SISMEMBER", arity: 3, run: func(s *session, args [][]byte, r *reply) {
		if d, ok := s.set(args[1], r); ok {
			_, member := d.get(args[2])
			r.bool(member)
		}
	}},
	{name: "SMEMBERS", arity: 2, run: func(s *session, args [][]byte, r *reply) {
		if d, ok := s.set(args[1], r); ok {
			r.set(len(d.fields))
			for _, f := range d.fields {
				r.text(f.name)
			}
		}
	}},
	{name: "SPOP", arity: 2, write: true, run: spop},
}

// set returns what key holds for reading; an empty one for nothing. It is not ok, and said so, when key holds something else.
func (s *session) set(key []byte, r *reply) (*dict, bool) {
	v := s.db.read(key)
	switch {
	case v == nil:
		return &dict{}, true
	case v.set == nil:
		r.err(errWrongType)
		return nil, false
	}
	return v.set, true
}

func sadd(s *session, args [][]byte, r *reply) {
	v := s.db.get(args[1])
	if v == nil {
		v = &value{set: newDict()}
		s.db.put(args[1], v)
	}
	if v.set == nil {
		r.err(errWrongType)
		return
	}
	n := int64(0)
	for _, member := range args[2:] {
		if fresh, grown := v.set.set(member, nil); fresh {
			s.db.resize(v, v.size+grown)
			n++
		}
	}
	r.int(n)
}

func srem(s *session, args [][]byte, r *reply) {
	v := s.db.get(args[1])
	switch {
	case v == nil:
		r.int(0)
	case v.set == nil:
		r.err(errWrongType)
	default:
		r.int(s.removeFields(args[1], v, v.set, args[2:]))
	}
}

// spop takes the member that came last: any will do.
func spop(s *session, args [][]byte, r *reply) {
	d, ok := s.set(args[1], r)
	switch {
	case !ok:
	case len(d.fields) == 0:
		r.null()
	default:
		name := d.fields[len(d.fields)-1].name
		r.text(name)
		s.removeFields(args[1], s.db.get(args[1]), d, [][]byte{[]byte(name)})
	}
}
