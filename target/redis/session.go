package redis

import (
	"fmt"
	"strings"
)

// session is one connection's state.
type session struct {
	store    *store
	db       *db
	password string
	open     bool // authenticated, or no need to be
	resp     int
	id       int64
	name     string

	args    [][]byte // of the command last read; they point into what was read
	command *command // nil: unknown
	upper   [24]byte
	reply   reply
	last    bool
}

// command is an entry of the table of commands.
type command struct {
	name  string
	arity int  // arguments, the name included; negative: at least so many
	write bool // may need memory
	free  bool // without authentication too
	run   func(s *session, args [][]byte, r *reply)
}

// Next implements stream.Session.
func (s *session) Next(src []byte, _ bool) (n int, kind string, err error) {
	n, s.args, err = parse(src, s.args[:0])
	if n == 0 || err != nil {
		return 0, "", err
	}
	if s.command = s.lookup(s.args[0]); s.command == nil {
		return n, "unknown", nil
	}
	return n, s.command.name, nil
}

// lookup finds a command whatever the case of its letters.
func (s *session) lookup(name []byte) *command {
	if len(name) > len(s.upper) {
		return nil
	}
	for i, b := range name {
		if b >= 'a' && b <= 'z' {
			b -= 'a' - 'A'
		}
		s.upper[i] = b
	}
	return commands[string(s.upper[:len(name)])]
}

// Answer implements stream.Session.
func (s *session) Answer(dst []byte) ([]byte, bool) {
	s.reply = reply{dst, s.resp}
	s.answer(&s.reply)
	return s.reply.b, s.last
}

func (s *session) answer(r *reply) {
	c, n := s.command, len(s.args)
	switch {
	case c == nil:
		r.err(unknown(s.args))
		return
	case c.arity > 0 && n != c.arity || n < -c.arity:
		r.err(wrongCount(strings.ToLower(c.name)))
		return
	case !s.open && !c.free:
		r.err("NOAUTH Authentication required.")
		return
	}
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	if c.write && s.store.full() {
		s.store.refused++
		r.err(errMemory)
		return
	}
	c.run(s, s.args, r)
}

// Fail implements stream.Session.
func (s *session) Fail(dst []byte, status int) []byte {
	return fmt.Appendf(dst, "-ERR fault %d of the target\r\n", status)
}

// Close implements stream.Session.
func (s *session) Close() {}

// unknown words the error about an unknown command as Redis does, with the first 128 bytes of its arguments.
func unknown(args [][]byte) string {
	var b strings.Builder
	fmt.Fprintf(&b, "ERR unknown command '%.128s', with args beginning with: ", args[0])
	begin := b.Len()
	for _, a := range args[1:] {
		left := 128 - (b.Len() - begin)
		if left <= 0 {
			break
		}
		fmt.Fprintf(&b, "'%.*s' ", left, a)
	}
	return clean(b.String())
}

// clean keeps a line a line.
func clean(text string) string {
	return strings.NewReplacer("\r", " ", "\n", " ").Replace(text)
}

func wrongCount(name string) string {
	return "ERR wrong number of arguments for '" + name + "' command"
}
