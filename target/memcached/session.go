package memcached

import (
	"bytes"
	"fmt"

	"github.com/iagoloadgen/iago/target/stream"
)

const (
	longestKey   = 250
	longestValue = 1 << 20
	mostSwallow  = 16 << 20 // larger values are not even read
	longestLine  = 64 << 10
	longestPlain = 2048 // a line that does not end and does not begin like a get
)

// session is one connection's state.
type session struct {
	store *store

	command *command
	words   [][]byte // of the line last read, the command's name first; they point into what was read
	data    []byte   // the block behind it
	wrong   string   // found while reading: the answer
	waiting int      // bytes without an end of line that have been looked at
}

// command is an entry of the table of commands.
type command struct {
	name  string
	least int // words, the name included
	most  int // 0: any number
	block int // the word that says how long the block behind the line is; 0: none follows
	run   func(s *session, dst []byte) []byte
}

// What several commands say.
const (
	badLine   = "CLIENT_ERROR bad command line format"
	badChunk  = "CLIENT_ERROR bad data chunk"
	badExpiry = "CLIENT_ERROR invalid exptime argument"
	tooLarge  = "SERVER_ERROR object too large for cache"
	unknown   = "ERROR"
)

// Next implements stream.Session.
func (s *session) Next(src []byte, _ bool) (n int, kind string, err error) {
	end := bytes.IndexByte(src[min(s.waiting, len(src)):], '\n')
	if end < 0 {
		s.waiting = len(src)
		if plain := !bytes.HasPrefix(src, []byte("get ")) && !bytes.HasPrefix(src, []byte("gets ")); len(src) > longestLine || plain && len(src) > longestPlain {
			return 0, "", &stream.Malformed{Cause: "line too long"}
		}
		return 0, "", nil
	}
	end += min(s.waiting, len(src))
	s.words = split(bytes.TrimSuffix(src[:end], []byte("\r")), s.words[:0])
	s.data, s.wrong = nil, ""
	n, err = s.block(src, end+1)
	if n == 0 || err != nil {
		s.waiting = end
		return 0, "", err
	}
	s.waiting = 0
	if s.command == nil {
		return n, "unknown", nil
	}
	return n, s.command.name, nil
}

// split appends the words between spaces.
func split(line []byte, words [][]byte) [][]byte {
	for len(line) > 0 {
		i := bytes.IndexByte(line, ' ')
		if i < 0 {
			i = len(line)
		}
		if i > 0 {
			words = append(words, line[:i:i])
		}
		line = line[min(i+1, len(line)):]
	}
	return words
}

// block looks the command up and takes the data behind its line, which ends at n. It returns where the request ends, 0: not whole.
func (s *session) block(src []byte, n int) (int, error) {
	s.command = nil
	if len(s.words) > 0 {
		s.command = commands[string(s.words[0])]
	}
	c := s.command
	if c == nil || len(s.words) < c.least || c.most > 0 && len(s.words) > c.most {
		s.wrong = unknown
		return n, nil
	}
	if c.block == 0 {
		return n, nil
	}
	if len(s.words) <= c.block {
		s.wrong = badLine
		return n, nil
	}
	size, ok := parseInt(s.words[c.block])
	if s.wrong = s.check(ok && size >= 0 && size < 1<<31-2); s.wrong != "" {
		return n, nil
	}
	if size > mostSwallow {
		return 0, &stream.Malformed{Cause: "value too large", Answer: []byte(tooLarge + "\r\n")}
	}
	end := n + int(size) + 2
	switch {
	case len(src) < end:
		return 0, nil
	case size > longestValue:
		s.wrong = tooLarge
	case src[end-2] != '\r' || src[end-1] != '\n':
		s.wrong = badChunk
	default:
		s.data = src[n : end-2]
	}
	return end, nil
}

// check refuses a line before which no block is taken.
func (s *session) check(sizeOK bool) string {
	if !sizeOK || len(s.words[1]) > longestKey {
		return badLine
	}
	if s.command.block == 4 { // the classic ones: key flags expiry bytes
		_, ok1 := parseUint(s.words[2], 32)
		_, ok2 := parseInt(s.words[3])
		ok3 := true
		if s.command.name == "cas" {
			_, ok3 = parseUint(s.words[5], 64)
		}
		if !ok1 || !ok2 || !ok3 {
			return badLine
		}
	}
	return ""
}

// Answer implements stream.Session.
func (s *session) Answer(dst []byte) (out []byte, last bool) {
	if s.wrong != "" {
		if s.wrong == tooLarge { // what was there is no longer right
			s.store.mu.Lock()
			if it := s.store.find(s.words[1]); it != nil {
				s.store.remove(it)
			}
			s.store.mu.Unlock()
		}
		if s.wrong != unknown && s.silent() {
			return dst, false
		}
		return line(dst, s.wrong), false
	}
	if s.command.name == "quit" {
		return dst, true
	}
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	before := len(dst)
	dst = s.command.run(s, dst)
	if s.silent() {
		dst = dst[:before]
	}
	return dst, false
}

// silent tells whether the client asked for no answer. What gets takes that word for a key; meta commands have another way.
func (s *session) silent() bool {
	return len(s.command.name) > 2 && s.command.name[0] != 'g' && string(s.words[len(s.words)-1]) == "noreply"
}

// Fail implements stream.Session.
func (s *session) Fail(dst []byte, status int) []byte {
	if s.command != nil && s.silent() {
		return dst
	}
	return fmt.Appendf(dst, "SERVER_ERROR fault %d of the target\r\n", status)
}

// Close implements stream.Session.
func (s *session) Close() {}

func line(dst []byte, text string) []byte {
	return append(append(dst, text...), "\r\n"...)
}
