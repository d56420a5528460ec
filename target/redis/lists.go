package redis

import "slices"

var listCommands = []command{
	{name: "LPUSH", arity: -3, write: true, run: push((*deque).pushHead)},
	{name: "RPUSH", arity: -3, write: true, run: push((*deque).pushTail)},
	{name: "LPOP", arity: -2, run: pop("lpop", (*deque).popHead)},
	{name: "RPOP", arity: -2, run: pop("rpop", (*deque).popTail)},
	{name: "LLEN", arity: 2, run: func(s *session, args [][]byte, r *reply) {
		switch v := s.db.read(args[1]); {
		case v == nil:
			r.int(0)
		case v.list == nil:
			r.err(errWrongType)
		default:
			r.int(int64(v.list.n))
		}
	}},
	{name: "LRANGE", arity: 4, run: lrange},
}

func push(at func(*deque, []byte)) func(*session, [][]byte, *reply) {
	return func(s *session, args [][]byte, r *reply) {
		v := s.db.get(args[1])
		if v == nil {
			v = &value{list: &deque{}}
			s.db.put(args[1], v)
		}
		if v.list == nil {
			r.err(errWrongType)
			return
		}
		for _, b := range args[2:] {
			at(v.list, slices.Clone(b))
			s.db.resize(v, v.size+int64(len(b))+overhead)
		}
		r.int(int64(v.list.n))
	}
}

func pop(name string, from func(*deque) []byte) func(*session, [][]byte, *reply) {
	return func(s *session, args [][]byte, r *reply) {
		count, many := int64(1), len(args) == 3
		if len(args) > 3 {
			r.err(wrongCount(name))
			return
		}
		if many {
			var ok bool
			if count, ok = parseInt(args[2]); !ok || count < 0 {
				r.err(errRange)
				return
			}
		}
		v := s.db.read(args[1])
		switch {
		case v == nil && many:
			r.nullArray()
			return
		case v == nil:
			r.null()
			return
		case v.list == nil:
			r.err(errWrongType)
			return
		}
		count = min(count, int64(v.list.n))
		if many {
			r.array(int(count))
		}
		for range count {
			b := from(v.list)
			s.db.resize(v, v.size-int64(len(b))-overhead)
			r.bulk(b)
		}
		if v.list.n == 0 {
			s.db.remove(args[1])
		}
	}
}

func lrange(s *session, args [][]byte, r *reply) {
	from, ok1 := parseInt(args[2])
	to, ok2 := parseInt(args[3])
	if !ok1 || !ok2 {
		r.err(errNotInt)
		return
	}
	v := s.db.read(args[1])
	switch {
	case v == nil:
		r.array(0)
		return
	case v.list == nil:
		r.err(errWrongType)
		return
	}
	n := int64(v.list.n)
	if from < 0 {
		from = max(from+n, 0)
	}
	if to < 0 {
		to += n
	}
	to = min(to, n-1)
	if from > to {
		r.array(0)
		return
	}
	r.array(int(to - from + 1))
	for i := from; i <= to; i++ {
		r.bulk(v.list.at(int(i)))
	}
}
