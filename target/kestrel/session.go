package kestrel

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/iagoloadgen/iago/target/stream"
)

const (
	longestLine = 4 << 10
	longestItem = 16 << 20
)

// session is one connection's state.
type session struct {
	store  *store
	waiter stream.Waiter

	words [][]byte // of the line last read, the command's name first; they point into what was read
	name  string   // of the command, in small letters; "unknown"
	data  []byte   // of a set
	wrong string   // found while reading: the answer

	open *item // the reliable read under way; nil: none
	from *queue
}

// commands are all that are known, and how many words they have at least.
var commands = map[string]struct {
	least int
	run   func(s *session, dst []byte) []byte
}{
	"get":       {2, get},
	"set":       {5, set},
	"delete":    {2, remove},
	"flush":     {2, flush},
	"flush_all": {1, flushAll},
	"stats":     {1, stats},
	"status":    {1, func(_ *session, dst []byte) []byte { return append(dst, "UP\r\n"...) }},
	"version":   {1, func(_ *session, dst []byte) []byte { return append(dst, "VERSION "+version+"\r\n"...) }},
	"reload":    {1, refuse},
	"shutdown":  {1, refuse},
	"quit":      {1, nil},
}

func refuse(_ *session, dst []byte) []byte {
	return append(dst, "SERVER_ERROR not by a client of this target\r\n"...)
}

// Next implements stream.Session.
func (s *session) Next(src []byte, _ bool) (n int, kind string, err error) {
	end := bytes.IndexByte(src[:min(len(src), longestLine)], '\n')
	if end < 0 {
		if len(src) >= longestLine {
			return 0, "", &stream.Malformed{Cause: "line too long", Answer: []byte("CLIENT_ERROR line too long\r\n")}
		}
		return 0, "", nil
	}
	s.words, s.data, s.wrong, s.name = bytes.Fields(src[:end]), nil, "", "unknown"
	n = end + 1
	if len(s.words) > 0 {
		name := strings.ToLower(string(s.words[0]))
		if c, known := commands[name]; known && len(s.words) >= c.least {
			s.name = name
		}
	}
	switch s.name {
	case "unknown":
		s.wrong = "ERROR"
	case "set":
		n, err = s.item(src, n)
	}
	return n, s.name, err
}

// item takes the data behind the line of a set, which ends at n, and returns where the request ends, 0: not whole.
func (s *session) item(src []byte, n int) (int, error) {
	size, err := strconv.Atoi(string(s.words[4]))
	if err != nil || size < 0 || size > longestItem {
		return 0, &stream.Malformed{Cause: "bad size of an item", Answer: []byte("CLIENT_ERROR bad size of an item\r\n")}
	}
	end := n + size + 2
	if len(src) < end {
		return 0, nil
	}
	if s.data = src[n : n+size]; string(src[n+size:end]) != "\r\n" {
		return 0, &stream.Malformed{Cause: "bad data chunk", Answer: []byte("CLIENT_ERROR bad data chunk\r\n")}
	}
	return end, nil
}

// Answer implements stream.Session.
func (s *session) Answer(dst []byte) (out []byte, last bool) {
	if s.wrong != "" {
		return append(append(dst, s.wrong...), "\r\n"...), false
	}
	if s.name == "quit" {
		return dst, true
	}
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	return commands[s.name].run(s, dst), false
}

// Fail implements stream.Session.
func (s *session) Fail(dst []byte, status int) []byte {
	return fmt.Appendf(dst, "SERVER_ERROR fault %d of the target\r\n", status)
}

// Close implements stream.Session: a read that is still open is undone.
func (s *session) Close() {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	s.abort()
}

// confirm ends the open read, if there is one: the item is gone for good.
func (s *session) confirm() {
	if s.open != nil {
		s.from.open--
		s.store.bytes -= int64(len(s.open.data))
		s.open, s.from = nil, nil
	}
}

// abort undoes the open read, if there is one: the item is the head of its queue again.
func (s *session) abort() {
	if s.open == nil {
		return
	}
	s.from.open--
	s.from.canceled++
	s.store.giveBack(s.from, s.open)
	s.open, s.from = nil, nil
}
