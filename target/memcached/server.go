package memcached

import (
	"fmt"
	"time"
)

// flushAll empties the store, at once or after some seconds.
func flushAll(s *session, dst []byte) []byte {
	delay := int64(0)
	if n := len(s.words); n > 2 || n == 2 && !s.silent() {
		var ok bool
		if delay, ok = parseInt(s.words[1]); !ok {
			return line(dst, badExpiry)
		}
	}
	if delay > 0 {
		s.store.flush = s.store.expiry(delay)
	} else {
		s.store.clear()
	}
	return line(dst, "OK")
}

func verbosity(s *session, dst []byte) []byte {
	if _, ok := parseUint(s.words[1], 64); !ok && !s.silent() {
		return line(dst, badLine)
	}
	return line(dst, "OK")
}

// stats answers with the general figures; the parts that a further word would ask for are empty.
func stats(s *session, dst []byte) []byte {
	st := s.store
	if len(s.words) > 1 {
		if string(s.words[1]) == "reset" {
			st.hits, st.misses, st.sets, st.evicted, st.expired = 0, 0, 0, 0, 0
			return line(dst, "RESET")
		}
		return line(dst, "END")
	}
	for _, f := range []struct {
		name  string
		value any
	}{
		{"uptime", int64(st.now().Sub(st.begun) / time.Second)},
		{"time", st.now().Unix()},
		{"version", version},
		{"cmd_get", st.hits + st.misses},
		{"cmd_set", st.sets},
		{"get_hits", st.hits},
		{"get_misses", st.misses},
		{"get_expired", st.expired},
		{"limit_maxbytes", st.most},
		{"bytes", st.bytes},
		{"curr_items", len(st.items)},
		{"evictions", st.evicted},
	} {
		dst = fmt.Appendf(dst, "STAT %s %v\r\n", f.name, f.value)
	}
	return line(dst, "END")
}
