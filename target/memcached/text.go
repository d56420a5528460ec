package memcached

import (
	"slices"
	"strconv"
)

// commands are all that are known, by name.
var commands = map[string]*command{}

func init() {
	for _, c := range []command{
		{name: "get", least: 2, run: get(false)},
		{name: "gets", least: 2, run: get(true)},
		{name: "gat", least: 2, run: getAndTouch(false)},
		{name: "gats", least: 2, run: getAndTouch(true)},
		{name: "set", least: 5, most: 6, block: 4, run: storing((*session).set)},
		{name: "add", least: 5, most: 6, block: 4, run: storing((*session).add)},
		{name: "replace", least: 5, most: 6, block: 4, run: storing((*session).replace)},
		{name: "append", least: 5, most: 6, block: 4, run: storing((*session).append)},
		{name: "prepend", least: 5, most: 6, block: 4, run: storing((*session).prepend)},
		{name: "cas", least: 6, most: 7, block: 4, run: storing((*session).cas)},
		{name: "incr", least: 3, most: 4, run: count(true)},
		{name: "decr", least: 3, most: 4, run: count(false)},
		{name: "touch", least: 3, most: 4, run: touch},
		{name: "delete", least: 2, most: 4, run: remove},
		{name: "flush_all", least: 1, most: 3, run: flushAll},
		{name: "stats", least: 1, run: stats},
		{name: "version", least: 1, run: func(_ *session, dst []byte) []byte { return line(dst, "VERSION "+version) }},
		{name: "verbosity", least: 2, most: 3, run: verbosity},
		{name: "quit", least: 1},
		{name: "mn", least: 1, run: func(_ *session, dst []byte) []byte { return line(dst, "MN") }},
		{name: "mg", least: 2, run: meta(metaGet)},
		{name: "ms", least: 2, block: 2, run: meta(metaSet)},
		{name: "md", least: 2, run: meta(metaDelete)},
		{name: "ma", least: 2, run: meta(metaCount)},
		{name: "me", least: 1, run: metaDebug},
	} {
		commands[c.name] = &c
	}
}

// get answers with the items of keys that there are.
func get(cas bool) func(*session, []byte) []byte {
	return func(s *session, dst []byte) []byte { return s.items(dst, s.words[1:], cas, nil) }
}

func getAndTouch(cas bool) func(*session, []byte) []byte {
	return func(s *session, dst []byte) []byte {
		seconds, ok := parseInt(s.words[1])
		if !ok {
			return line(dst, badExpiry)
		}
		return s.items(dst, s.words[2:], cas, &seconds)
	}
}

// items appends the items of keys; touch, if there is one, is their new expiry.
func (s *session) items(dst []byte, keys [][]byte, cas bool, touch *int64) []byte {
	before := len(dst)
	for _, key := range keys {
		if len(key) > longestKey {
			return line(dst[:before], badLine)
		}
		it := s.store.read(key)
		if it == nil {
			continue
		}
		if touch != nil {
			it.expires = s.store.expiry(*touch)
		}
		s.store.fetch(it)
		dst = append(append(append(dst, "VALUE "...), key...), ' ')
		dst = append(strconv.AppendUint(dst, uint64(it.flags), 10), ' ')
		dst = strconv.AppendInt(dst, int64(len(it.value)), 10)
		if cas {
			dst = strconv.AppendUint(append(dst, ' '), it.cas, 10)
		}
		dst = append(append(append(dst, "\r\n"...), it.value...), "\r\n"...)
	}
	return line(dst, "END")
}

// storing makes a command of a way to store.
func storing(how func(s *session, old *item) string) func(*session, []byte) []byte {
	return func(s *session, dst []byte) []byte { return line(dst, how(s, s.store.find(s.words[1]))) }
}

func (s *session) set(*item) string {
	flags, _ := parseUint(s.words[2], 32)
	expires, _ := parseInt(s.words[3])
	s.store.sets++
	s.store.put(&item{
		key: string(s.words[1]), value: slices.Clone(s.data), flags: uint32(flags), expires: s.store.expiry(expires),
	})
	return "STORED"
}

func (s *session) add(old *item) string {
	if old != nil {
		return "NOT_STORED"
	}
	return s.set(old)
}

func (s *session) replace(old *item) string {
	if old == nil {
		return "NOT_STORED"
	}
	return s.set(old)
}

func (s *session) append(old *item) string  { return s.join(old, false) }
func (s *session) prepend(old *item) string { return s.join(old, true) }

func (s *session) join(old *item, before bool) string {
	switch {
	case old == nil:
		return "NOT_STORED"
	case len(old.value)+len(s.data) > longestValue:
		return tooLarge
	case before:
		s.store.change(old, slices.Concat(s.data, old.value))
	default:
		s.store.change(old, slices.Concat(old.value, s.data))
	}
	s.store.sets++
	return "STORED"
}

func (s *session) cas(old *item) string {
	unique, _ := parseUint(s.words[5], 64)
	switch {
	case old == nil:
		return "NOT_FOUND"
	case old.cas != unique:
		return "EXISTS"
	}
	return s.set(old)
}

// count makes incr and decr.
func count(up bool) func(*session, []byte) []byte {
	return func(s *session, dst []byte) []byte {
		if len(s.words[1]) > longestKey {
			return line(dst, badLine)
		}
		delta, ok := parseUint(s.words[2], 64)
		if !ok {
			return line(dst, "CLIENT_ERROR invalid numeric delta argument")
		}
		it := s.store.find(s.words[1])
		if it == nil {
			return line(dst, "NOT_FOUND")
		}
		n, ok := s.store.count(it, delta, up)
		if !ok {
			return line(dst, notNumeric)
		}
		return append(strconv.AppendUint(dst, n, 10), "\r\n"...)
	}
}

const notNumeric = "CLIENT_ERROR cannot increment or decrement non-numeric value"

// count changes the number in it, around the end upward and down to 0, and returns it. A shorter number is filled up with spaces.
func (s *store) count(it *item, delta uint64, up bool) (n uint64, ok bool) {
	n, ok = parseValue(it.value)
	if !ok {
		return 0, false
	}
	if up {
		n += delta
	} else {
		n -= min(n, delta)
	}
	text := strconv.AppendUint(make([]byte, 0, 20), n, 10)
	for len(text) < len(it.value) {
		text = append(text, ' ')
	}
	s.change(it, text)
	return n, true
}

func touch(s *session, dst []byte) []byte {
	seconds, ok := parseInt(s.words[2])
	if !ok {
		return line(dst, badExpiry)
	}
	it := s.store.find(s.words[1])
	if it == nil {
		return line(dst, "NOT_FOUND")
	}
	it.expires = s.store.expiry(seconds)
	return line(dst, "TOUCHED")
}

func remove(s *session, dst []byte) []byte {
	if len(s.words) > 2 && string(s.words[2]) != "0" && !s.silent() {
		return line(dst, badLine+".  Usage: delete <key> [noreply]")
	}
	it := s.store.find(s.words[1])
	if it == nil {
		return line(dst, "NOT_FOUND")
	}
	s.store.remove(it)
	return line(dst, "DELETED")
}
