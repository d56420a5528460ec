package memcached

import (
	"bytes"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
	"github.com/iagoloadgen/iago/transport/internal/memtext"
)

// The outcomes, by number. What a request that asks for no answer ends with comes first, as the engine has it.
const (
	sent = iota
	hit
	miss
	partial
	stored
	notStored
	exists
	notFound
	deleted
	touched
	number
	ok
	noop
	quiet
	firstError
)

var statusNames = []string{
	sent: "sent", hit: "hit", miss: "miss", partial: "partial", stored: "stored", notStored: "not stored", exists: "exists", notFound: "not found",
	deleted: "deleted", touched: "touched", number: "number", ok: "ok", noop: "no-op", quiet: "quiet", firstError: "ERROR",
}

// rules judge the lines of one connection. They implement [memtext.Rules].
type rules struct {
	statuses *transport.Statuses

	// The request that is being answered.
	command command
	quiet   bool   // a no-op went behind it
	keys    []byte // what it asks for, in order
	left    []byte // … and has not been told of so far

	values  int // that have come
	outcome int // of a quiet command, once there is one; else sent
	closes  bool
}

// Start implements [memtext.Rules].
func (r *rules) Start(req *load.Request) {
	cmd := memtext.Split(req)
	r.command = memtext.Lookup(commands, cmd.Name)
	r.quiet, r.values, r.outcome, r.closes = false, 0, sent, false
	switch r.command.kind {
	case retrieval:
		if r.keys = cmd.Args; r.command.timeFirst() {
			_, r.keys = memtext.Word(r.keys)
		}
		r.left = r.keys
	case metaGet, metaSet, metaDelete, metaArith, metaDebug:
		r.quiet = isQuiet(&cmd)
	}
}

// isQuiet tells whether a meta command has the flag q.
func isQuiet(cmd *memtext.Command) bool {
	word, rest := memtext.Word(cmd.Args)
	for len(word) > 0 {
		if word, rest = memtext.Word(rest); len(word) > 0 && word[0] == 'q' {
			return true
		}
	}
	return false
}

// Line implements [memtext.Rules].
func (r *rules) Line(line []byte, c *memtext.Conn) error {
	word, rest := memtext.Word(line)
	if r.quiet && string(word) == "MN" && len(rest) == 0 {
		r.endQuiet(c)
		return nil
	}
	if r.outcome != sent {
		return memtext.ErrWord
	}
	c.Field(word, rest)
	switch string(word) {
	case "ERROR", "CLIENT_ERROR", "SERVER_ERROR":
		r.fail(line, word, c)
		return nil
	}
	switch r.command.kind {
	case retrieval:
		return r.retrieved(word, rest, c)
	case stats:
		return r.stats(line, word, c)
	case arithmetic:
		if _, isNumber := memtext.Number(line, 1<<64-1); isNumber {
			c.Text(line)
			r.end(number, c)
			return nil
		}
	case version:
		if string(word) == "VERSION" && len(rest) > 1 {
			c.Text(rest[1:])
			r.end(ok, c)
			return nil
		}
		return memtext.ErrWord
	case metaGet, metaSet, metaDelete, metaArith, metaDebug, metaNoop:
		return r.meta(word, rest, c)
	}
	if n := textOutcome(r.command.kind, word); n != sent && len(rest) == 0 {
		r.end(n, c)
		return nil
	}
	return memtext.ErrWord
}

// end notes the outcome, which is final unless a no-op's answer is still to come.
func (r *rules) end(status int, c *memtext.Conn) {
	if r.quiet {
		r.outcome = status
		return
	}
	c.End(status, r.closes)
}

// endQuiet ends a quiet command: what was passed over is the miss of mg, and what went well of others.
func (r *rules) endQuiet(c *memtext.Conn) {
	switch {
	case r.outcome != sent:
	case r.command.kind == metaGet:
		r.outcome = miss
	default:
		r.outcome = quiet
	}
	c.End(r.outcome, r.closes)
}

// fail ends with an error, whose name is the whole line. Where a server refuses a storage command's line, it may take the
// data for commands and answer those too.
func (r *rules) fail(line, word []byte, c *memtext.Conn) {
	data := r.command.kind == storage || r.command.kind == metaSet
	if r.closes = data && string(word) != "SERVER_ERROR"; r.closes {
		r.quiet = false
	}
	r.end(r.statuses.Number(line), c)
}

// retrieved reads VALUE KEY FLAGS BYTES [CAS], or END.
func (r *rules) retrieved(word, rest []byte, c *memtext.Conn) error {
	switch {
	case string(word) == "END" && len(rest) == 0:
		r.end(r.found(), c)
		return nil
	case string(word) != "VALUE":
		return memtext.ErrWord
	}
	key, rest := memtext.Word(rest)
	_, rest = memtext.Word(rest)
	size, _ := memtext.Word(rest)
	for {
		var asked []byte
		if asked, r.left = memtext.Word(r.left); len(asked) == 0 {
			return memtext.ErrKey
		}
		if bytes.Equal(asked, key) {
			break
		}
	}
	r.values++
	return c.Value(size)
}

// found compares the values that came with the keys that were asked for.
func (r *rules) found() int {
	switch r.values {
	case 0:
		return miss
	case memtext.Words(r.keys):
		return hit
	}
	return partial
}

// stats reads lines up to END; `stats reset` and `stats detail` are answered by a word.
func (r *rules) stats(line, word []byte, c *memtext.Conn) error {
	switch string(line) {
	case "END":
		r.end(ok, c)
		return nil
	case "RESET", "OK":
		if r.values == 0 {
			r.end(ok, c)
			return nil
		}
	}
	switch string(word) {
	case "STAT", "ITEM", "PREFIX":
		r.values++
		c.Text(line)
		return nil
	}
	return memtext.ErrWord
}

// textOutcome is what a word says of a text command; sent where it says nothing.
func textOutcome(k kind, word []byte) int {
	switch k {
	case storage:
		switch string(word) {
		case "STORED":
			return stored
		case "NOT_STORED":
			return notStored
		case "EXISTS":
			return exists
		}
	case deletion:
		if string(word) == "DELETED" {
			return deleted
		}
	case touching:
		if string(word) == "TOUCHED" {
			return touched
		}
	case plain:
		if string(word) == "OK" {
			return ok
		}
		return sent
	}
	if string(word) == "NOT_FOUND" {
		return notFound
	}
	return sent
}
