package kestrel

import (
	"strconv"
	"strings"
	"time"
)

// read is what a get asks for: the queue's name and the options behind it.
type read struct {
	queue                    string
	open, close, abort, peek bool
	wait                     time.Duration
}

// parseRead reads "queue/open/t=500".
func parseRead(word string) (r read, wrong string) {
	name, options, _ := strings.Cut(word, "/")
	r.queue = name
	if !goodName(name) {
		return r, "CLIENT_ERROR bad name of a queue"
	}
	for o := range strings.SplitSeq(options, "/") {
		ms, timed := strings.CutPrefix(o, "t=")
		n, err := strconv.Atoi(ms)
		switch {
		case o == "":
		case timed && err == nil && n >= 0 && n <= 1<<31-1:
			r.wait = time.Duration(n) * time.Millisecond
		case o == "open":
			r.open = true
		case o == "close":
			r.close = true
		case o == "abort":
			r.abort = true
		case o == "peek":
			r.peek = true
		default:
			return r, "CLIENT_ERROR unknown option of a get"
		}
	}
	if r.peek && (r.open || r.close || r.abort) || r.abort && (r.open || r.close) {
		return r, "CLIENT_ERROR options of a get do not go together"
	}
	return r, ""
}

// goodName refuses what the protocol or the original's files reserve.
func goodName(name string) bool {
	return name != "" && !strings.ContainsAny(name, "/~.")
}

// get answers with an item, if there is one or comes in time.
func get(s *session, dst []byte) []byte {
	r, wrong := parseRead(string(s.words[1]))
	if wrong != "" {
		return append(append(dst, wrong...), "\r\n"...)
	}
	if r.close {
		s.confirm()
	}
	if r.abort {
		s.abort()
	}
	if (r.close || r.abort) && !r.open {
		return append(dst, "END\r\n"...)
	}
	if r.open && s.open != nil {
		return append(dst, "ERROR\r\n"...) // one at a time
	}
	it := s.take(&r)
	if r.peek {
		s.store.peeks++
	} else {
		s.store.gets++
	}
	if it == nil {
		s.store.misses++
		return append(dst, "END\r\n"...)
	}
	s.store.hits++
	dst = append(append(append(dst, "VALUE "...), r.queue...), " 0 "...)
	dst = append(strconv.AppendInt(dst, int64(len(it.data)), 10), "\r\n"...)
	return append(append(dst, it.data...), "\r\nEND\r\n"...)
}

// take returns the head of the queue, once there is one or the time is over; nil for none. The lock is let go while it waits.
func (s *session) take(r *read) *item {
	end := s.store.now().Add(r.wait)
	for {
		q := s.store.queue(r.queue)
		if r.open {
			q.opened++
		}
		if len(q.items) > 0 {
			return s.claim(q, q.head(r.peek, s.store.now()), r)
		}
		left := end.Sub(s.store.now())
		if left <= 0 {
			return nil
		}
		w := q.wait(r.peek)
		s.store.mu.Unlock()
		ready := s.waiter.Wait(w.ready, left)
		s.store.mu.Lock()
		switch {
		case ready && w.item != nil:
			return s.claim(q, w.item, r)
		case ready: // the queue has been deleted: wait for the next of that name
		case w.item != nil && !r.peek: // given at the last moment
			s.store.giveBack(q, w.item)
			return nil
		default:
			q.leave(w)
			return nil
		}
	}
}

// claim takes over an item of q as r says.
func (s *session) claim(q *queue, it *item, r *read) *item {
	switch {
	case r.peek:
	case r.open:
		s.open, s.from = it, q
		q.open++
	default:
		s.store.bytes -= int64(len(it.data))
	}
	return it
}
