package memcached

import (
	"fmt"
	"slices"
	"strconv"
)

// metaCommand does its work and appends its answer; quiet: the answer is one that the flag q keeps back.
type metaCommand func(s *session, f *flags, dst []byte) (out []byte, quiet bool)

// known are the flags of each meta command.
var known = map[string]string{
	"mg": "bcfhklOqstvENRT", "ms": "bckqCEFIMOST", "md": "bkqCEIOTx", "ma": "bckqtvCDEJMNOT",
}

func meta(run metaCommand) func(*session, []byte) []byte {
	return func(s *session, dst []byte) []byte {
		from := 2
		if s.command.block > 0 {
			from = 3
		}
		f, wrong := parseFlags(s.words[1], s.words[from:], known[s.command.name])
		if name := s.command.name; wrong != "" && wrong != badLine && (name == "ma" || name == "md") {
			wrong = "CLIENT_ERROR invalid or duplicate flag" // they have one word for all
		}
		if wrong != "" {
			return line(dst, wrong)
		}
		before := len(dst)
		dst, quiet := run(s, &f, dst)
		if quiet && f.has['q'] {
			dst = dst[:before]
		}
		return dst
	}
}

// end is the answer of a command that has no more to say than a code and what is asked to be told again.
func (f *flags) end(dst []byte, code string, s *session) []byte {
	return append(f.echo(append(dst, code...), s.words[1]), "\r\n"...)
}

func metaGet(s *session, f *flags, dst []byte) ([]byte, bool) {
	it := s.store.read(f.key)
	won := false
	if it == nil {
		if !f.has['N'] {
			if f.has['k'] || f.has['O'] {
				return f.end(dst, "EN", s), true
			}
			return line(dst, "EN"), true
		}
		it = s.store.vivify(f)
		won, it.won = true, true
	}
	again := it.won && !won
	if !it.won && (it.stale || f.has['R'] && !it.expires.IsZero() && s.store.ttl(it) < f.expiry['R']) {
		it.won, won = true, true
	}
	if f.has['T'] {
		it.expires = s.store.expiry(f.expiry['T'])
	}
	if f.has['v'] {
		dst = strconv.AppendInt(append(dst, "VA "...), int64(len(it.value)), 10)
	} else {
		dst = append(dst, "HD"...)
	}
	dst = f.tell(dst, s.words[1], s.store, it)
	for _, mark := range []struct {
		set  bool
		text string
	}{{again, " Z"}, {it.stale, " X"}, {won, " W"}} {
		if mark.set {
			dst = append(dst, mark.text...)
		}
	}
	dst = append(dst, "\r\n"...)
	if f.has['v'] {
		dst = append(append(dst, it.value...), "\r\n"...)
	}
	s.store.fetch(it)
	return dst, false
}

// vivify makes an empty item that somebody will fill.
func (s *store) vivify(f *flags) *item {
	it := &item{key: string(f.key), expires: s.expiry(f.expiry['N'])}
	s.put(it)
	return it
}

func metaSet(s *session, f *flags, dst []byte) ([]byte, bool) {
	old := s.store.find(f.key)
	stale := false
	if f.has['C'] {
		switch {
		case old == nil:
			return f.end(dst, "NF", s), false
		case old.cas == f.number['C']:
		case f.has['I'] && old.cas > f.number['C']:
			stale = true
		default:
			return f.end(dst, "EX", s), false
		}
	}
	switch f.mode {
	case 0, 'S', 's':
	case 'E', 'e':
		if old != nil {
			return f.end(dst, "NS", s), false
		}
	case 'R', 'r':
		if old == nil {
			return f.end(dst, "NS", s), false
		}
	case 'A', 'a', 'P', 'p':
		return s.metaJoin(f, old, dst)
	default:
		return line(dst, "CLIENT_ERROR invalid mode for ms M token"), false
	}
	it := &item{
		key: string(f.key), value: slices.Clone(s.data), flags: uint32(f.number['F']),
		expires: s.store.expiry(f.expiry['T']), stale: stale,
	}
	s.store.sets++
	s.store.put(it)
	return append(f.tell(append(dst, "HD"...), s.words[1], s.store, it), "\r\n"...), true
}

func (s *session) metaJoin(f *flags, old *item, dst []byte) ([]byte, bool) {
	switch got := s.join(old, f.mode|0x20 == 'p'); got {
	case "STORED":
		return append(f.tell(append(dst, "HD"...), s.words[1], s.store, old), "\r\n"...), true
	case "NOT_STORED":
		return f.end(dst, "NS", s), false
	default:
		return line(dst, got), false
	}
}

func metaDelete(s *session, f *flags, dst []byte) ([]byte, bool) {
	it := s.store.find(f.key)
	switch {
	case it == nil:
		return f.end(dst, "NF", s), false
	case f.has['C'] && it.cas != f.number['C']:
		return f.end(dst, "EX", s), false
	case f.has['I'] || f.has['x']:
		if f.has['x'] {
			s.store.change(it, nil)
			it.flags = 0
		}
		if f.has['I'] {
			s.store.change(it, it.value)
			it.stale, it.won = true, false
		}
		if f.has['T'] {
			it.expires = s.store.expiry(f.expiry['T'])
		}
	default:
		s.store.remove(it)
	}
	return f.end(dst, "HD", s), true
}

func metaCount(s *session, f *flags, dst []byte) ([]byte, bool) {
	up := true
	switch f.mode {
	case 0, 'I', 'i', '+':
	case 'D', 'd', '-':
		up = false
	default:
		return line(dst, "CLIENT_ERROR invalid mode for ma M token"), false
	}
	delta := uint64(1)
	if f.has['D'] {
		delta = f.number['D']
	}
	it := s.store.find(f.key)
	var n uint64
	switch {
	case it == nil && f.has['N']:
		it = s.store.vivify(f)
		n = f.number['J']
		s.store.change(it, strconv.AppendUint(nil, n, 10))
	case it == nil:
		return f.end(dst, "NF", s), false
	case f.has['C'] && it.cas != f.number['C']:
		return f.end(dst, "EX", s), false
	default:
		var ok bool
		if n, ok = s.store.count(it, delta, up); !ok {
			return line(dst, notNumeric), false
		}
		if f.has['T'] {
			it.expires = s.store.expiry(f.expiry['T'])
		}
	}
	if !f.has['v'] {
		return append(f.tell(append(dst, "HD"...), s.words[1], s.store, it), "\r\n"...), true
	}
	text := strconv.FormatUint(n, 10)
	dst = strconv.AppendInt(append(dst, "VA "...), int64(len(text)), 10)
	dst = append(f.tell(dst, s.words[1], s.store, it), "\r\n"...)
	return line(dst, text), false
}

// metaDebug tells what is known of an item.
func metaDebug(s *session, dst []byte) []byte {
	if len(s.words) < 2 {
		return line(dst, badLine)
	}
	it := s.store.find(s.words[1])
	if it == nil {
		return line(dst, "EN")
	}
	fetched := "no"
	if it.fetched {
		fetched = "yes"
	}
	return fmt.Appendf(dst, "ME %s exp=%d la=%d cas=%d fetch=%s cls=1 size=%d\r\n",
		it.key, s.store.ttl(it), int64(s.store.now().Sub(it.touched).Seconds()), it.cas, fetched, it.size())
}
