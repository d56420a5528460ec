package kestrel

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"
)

func set(s *session, dst []byte) []byte {
	seconds, err := strconv.ParseInt(string(s.words[3]), 10, 64)
	name := string(s.words[1])
	switch {
	case err != nil || seconds < 0:
		return append(dst, "CLIENT_ERROR bad expiry of an item\r\n"...)
	case !goodName(name):
		return append(dst, "CLIENT_ERROR bad name of a queue\r\n"...)
	case !s.store.set(name, s.data, s.store.expiry(seconds)):
		return append(dst, "NOT_STORED\r\n"...)
	}
	return append(dst, "STORED\r\n"...)
}

func remove(s *session, dst []byte) []byte {
	s.store.remove(string(s.words[1]))
	return append(dst, "DELETED\r\n"...)
}

func flush(s *session, dst []byte) []byte {
	if q := s.store.queues[string(s.words[1])]; q != nil {
		s.store.flush(q)
	}
	return append(dst, "END\r\n"...)
}

func flushAll(s *session, dst []byte) []byte {
	for _, q := range s.store.queues {
		s.store.flush(q)
	}
	return append(dst, "Flushed all queues.\r\n"...)
}

// stats answers with figures of the whole and of each queue.
func stats(s *session, dst []byte) []byte {
	st := s.store
	items, total, bytes := 0, int64(0), int64(0)
	for _, q := range st.queues {
		items, total, bytes = items+len(q.items), total+q.total, bytes+q.bytes
	}
	for _, f := range []struct {
		name  string
		value any
	}{
		{"uptime", int64(st.now().Sub(st.begun) / time.Second)},
		{"time", st.now().Unix()},
		{"version", version},
		{"curr_items", items},
		{"total_items", total},
		{"bytes", bytes},
		{"cmd_get", st.gets},
		{"cmd_set", st.sets},
		{"cmd_peek", st.peeks},
		{"get_hits", st.hits},
		{"get_misses", st.misses},
		{"queue_creates", st.creates},
		{"queue_deletes", st.deletes},
	} {
		dst = fmt.Appendf(dst, "STAT %s %v\r\n", f.name, f.value)
	}
	for _, name := range slices.Sorted(maps.Keys(st.queues)) {
		q := st.queues[name]
		for _, f := range []struct {
			name  string
			value int64
		}{
			{"items", int64(len(q.items))},
			{"bytes", q.bytes},
			{"total_items", q.total},
			{"expired_items", q.expired},
			{"age", q.age.Milliseconds()},
			{"waiters", int64(len(q.waiters))},
			{"open_transactions", int64(q.open)},
			{"transactions", q.opened},
			{"canceled_transactions", q.canceled},
			{"total_flushes", q.flushes},
		} {
			dst = fmt.Appendf(dst, "STAT queue_%s_%s %d\r\n", name, f.name, f.value)
		}
	}
	return append(dst, "END\r\n"...)
}
