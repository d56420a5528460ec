package redis

import (
	"strconv"
	"strings"
)

var connectionCommands = []command{
	{name: "PING", arity: -1, run: ping},
	{name: "ECHO", arity: 2, run: func(_ *session, args [][]byte, r *reply) { r.bulk(args[1]) }},
	{name: "QUIT", arity: -1, free: true, run: quit},
	{name: "RESET", arity: 1, free: true, run: resetSession},
	{name: "AUTH", arity: -2, free: true, run: auth},
	{name: "HELLO", arity: -1, free: true, run: hello},
	{name: "SELECT", arity: 2, run: selectDB},
	{name: "CLIENT", arity: -2, run: client},
}

func ping(_ *session, args [][]byte, r *reply) {
	switch len(args) {
	case 1:
		r.simple("PONG")
	case 2:
		r.bulk(args[1])
	default:
		r.err(wrongCount("ping"))
	}
}

func quit(s *session, _ [][]byte, r *reply) {
	s.last = true
	r.ok()
}

func resetSession(s *session, _ [][]byte, r *reply) {
	s.db, s.open, s.resp, s.name = &s.store.dbs[0], s.password == "", 2, ""
	r.simple("RESET")
}

func auth(s *session, args [][]byte, r *reply) {
	switch {
	case len(args) > 3:
		r.err(errSyntax)
	case len(args) == 2 && s.password == "":
		r.err("ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?")
	case s.login("default", args[1:]):
		r.ok()
	default:
		r.err(errPassword)
	}
}

const errPassword = "WRONGPASS invalid username-password pair or user is disabled."

// login takes a password, or a user and a password. The default user without a password is let in with any.
func (s *session) login(user string, words [][]byte) bool {
	if len(words) == 2 {
		user = string(words[0])
	}
	ok := user == "default" && (s.password == "" || string(words[len(words)-1]) == s.password)
	s.open = s.open || ok
	return ok
}

func hello(s *session, args [][]byte, r *reply) {
	version := s.resp
	if len(args) > 1 {
		v, err := strconv.Atoi(string(args[1]))
		if err != nil {
			r.err("ERR Protocol version is not an integer or out of range")
			return
		}
		if v != 2 && v != 3 {
			r.err("NOPROTO unsupported protocol version")
			return
		}
		version = v
	}
	name := s.name
	for rest := args[min(2, len(args)):]; len(rest) > 0; {
		switch word := strings.ToUpper(string(rest[0])); {
		case word == "AUTH" && len(rest) >= 3:
			if !s.login("", rest[1:3]) {
				r.err(errPassword)
				return
			}
			rest = rest[3:]
		case word == "SETNAME" && len(rest) >= 2:
			name = string(rest[1])
			rest = rest[2:]
		default:
			r.err("ERR Syntax error in HELLO option '" + clean(string(rest[0])) + "'")
			return
		}
	}
	if !s.open {
		r.err("NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time")
		return
	}
	s.name, s.resp, r.resp = name, version, version
	greet(s, r)
}

// greet answers HELLO.
func greet(s *session, r *reply) {
	r.dict(7)
	for _, pair := range [][2]string{{"server", "redis"}, {"version", version}} {
		r.text(pair[0])
		r.text(pair[1])
	}
	r.text("proto")
	r.int(int64(s.resp))
	r.text("id")
	r.int(s.id)
	for _, pair := range [][2]string{{"mode", "standalone"}, {"role", "master"}} {
		r.text(pair[0])
		r.text(pair[1])
	}
	r.text("modules")
	r.array(0)
}

func selectDB(s *session, args [][]byte, r *reply) {
	n, ok := parseInt(args[1])
	switch {
	case !ok:
		r.err(errNotInt)
	case n < 0 || n >= databases:
		r.err("ERR DB index is out of range")
	default:
		s.db = &s.store.dbs[n]
		r.ok()
	}
}

func client(s *session, args [][]byte, r *reply) {
	switch word := strings.ToUpper(string(args[1])); {
	case word == "ID" && len(args) == 2:
		r.int(s.id)
	case word == "GETNAME" && len(args) == 2:
		if s.name == "" {
			r.null()
			return
		}
		r.text(s.name)
	case word == "SETNAME" && len(args) == 3:
		s.name = string(args[2])
		r.ok()
	case word == "SETINFO" && len(args) == 4:
		r.ok()
	default:
		r.err("ERR unknown subcommand '" + clean(string(args[1])) + "'. Try CLIENT HELP.")
	}
}
