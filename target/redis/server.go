package redis

import (
	"fmt"
	"strings"
)

// version is the one of Redis whose answers these are.
const version = "7.0.15"

var serverCommands = []command{
	{name: "COMMAND", arity: -1, run: listCommandsOf},
	{name: "CONFIG", arity: -2, run: config},
	{name: "INFO", arity: -1, run: info},
	{name: "DBSIZE", arity: 1, run: func(s *session, _ [][]byte, r *reply) {
		s.db.sweep()
		r.int(int64(len(s.db.values)))
	}},
	{name: "FLUSHDB", arity: -1, run: func(s *session, args [][]byte, r *reply) { flush(args, r, s.db) }},
	{name: "FLUSHALL", arity: -1, run: func(s *session, args [][]byte, r *reply) {
		all := make([]*db, 0, databases)
		for i := range s.store.dbs {
			all = append(all, &s.store.dbs[i])
		}
		flush(args, r, all...)
	}},
}

func flush(args [][]byte, r *reply, dbs ...*db) {
	if len(args) > 2 || len(args) == 2 && !is(args[1], "SYNC") && !is(args[1], "ASYNC") {
		r.err(errSyntax)
		return
	}
	for _, d := range dbs {
		d.flush()
	}
	r.ok()
}

// is compares a word whatever the case of its letters; word is in capitals.
func is(arg []byte, word string) bool {
	return len(arg) == len(word) && strings.EqualFold(string(arg), word)
}

// listCommandsOf answers COMMAND, with no more than names and numbers of arguments.
func listCommandsOf(_ *session, args [][]byte, r *reply) {
	switch {
	case len(args) == 1:
		r.array(len(commands))
		for _, c := range commands {
			r.array(6)
			r.text(strings.ToLower(c.name))
			r.int(int64(c.arity))
			r.set(0)
			r.int(0)
			r.int(0)
			r.int(0)
		}
	case is(args[1], "COUNT"):
		r.int(int64(len(commands)))
	case is(args[1], "DOCS"):
		r.dict(0)
	default:
		r.err("ERR unknown subcommand '" + clean(string(args[1])) + "'. Try COMMAND HELP.")
	}
}

// config answers CONFIG GET with nothing, which is how clients learn that a parameter is not known.
func config(_ *session, args [][]byte, r *reply) {
	if !is(args[1], "GET") {
		r.err("ERR unknown subcommand '" + clean(string(args[1])) + "'. Try CONFIG HELP.")
		return
	}
	r.dict(0)
}

func info(s *session, _ [][]byte, r *reply) {
	var b strings.Builder
	fmt.Fprintf(&b, "# Server\r\nredis_version:%s\r\nredis_mode:standalone\r\n\r\n", version)
	fmt.Fprintf(&b, "# Memory\r\nused_memory:%d\r\nmaxmemory:%d\r\nmaxmemory_policy:noeviction\r\n\r\n", s.store.used, s.store.most)
	fmt.Fprintf(&b, "# Stats\r\nkeyspace_hits:%d\r\nkeyspace_misses:%d\r\nexpired_keys:%d\r\n\r\n# Keyspace\r\n", s.store.hits, s.store.misses, s.store.expired)
	for i := range s.store.dbs {
		if n := len(s.store.dbs[i].values); n > 0 {
			fmt.Fprintf(&b, "db%d:keys=%d\r\n", i, n)
		}
	}
	r.text(b.String())
}
