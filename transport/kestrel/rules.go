package kestrel

import (
	"bytes"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
	"github.com/iagoloadgen/iago/transport/internal/memtext"
)

// kind is a group of commands with the same answers.
type kind uint8

const (
	unknown kind = iota
	get          // an item and END, or END
	finish       // END: get that only closes or aborts
	storage      // STORED, NOT_STORED
	ended        // END
	removal      // END, or DELETED as memcached says it: versions differ
	line         // one line, whatever it says
	number       // a number
	version      // VERSION …
	stats        // STAT… END
	dump         // any lines up to END
	monitor      // items, an END behind each, and a last END
)

// command is what there is to know of a command. words says what its arguments are, a letter each:
//
//	g queue with options  q queue  u number  d number, may be missing  s a word, may be missing
type command struct {
	name  string
	kind  kind
	words string
}

// commands are those of the guide but quit and shutdown.
var commands = func() map[string]command {
	m := map[string]command{}
	for _, c := range []command{
		{"get", get, "g"},
		{"set", storage, ""},
		{"delete", removal, "q"},
		{"flush", ended, "q"},
		{"roll", ended, "q"},
		{"confirm", ended, "qu"},
		{"flush_all", line, ""},
		{"reload", line, ""},
		{"status", line, "s"},
		{"flush_expired", number, "q"},
		{"flush_all_expired", number, ""},
		{"monitor", monitor, "qud"},
		{"stats", stats, ""},
		{"dump_stats", dump, ""},
		{"dump_config", dump, ""},
		{"version", version, ""},
	} {
		m[c.name] = c
	}
	return m
}()

// The outcomes, by number. What a request that asks for no answer ends with comes first, as the engine has it.
const (
	sent = iota
	item
	empty
	stored
	notStored
	okay
	firstError
)

var statusNames = []string{
	sent: "sent", item: "item", empty: "empty", stored: "stored", notStored: "not stored", okay: "ok", firstError: "ERROR",
}

// rules judge the lines of one connection. They implement [memtext.Rules].
type rules struct {
	statuses *transport.Statuses

	kind  kind
	queue []byte // that is read from, options left out
	items int    // that have come
	since int    // items since the last END
}

// Start implements [memtext.Rules].
func (r *rules) Start(req *load.Request) {
	cmd := memtext.Split(req)
	r.kind = memtext.Lookup(commands, cmd.Name).kind
	r.items, r.since = 0, 0
	if r.kind == get || r.kind == monitor {
		word, _ := memtext.Word(cmd.Args)
		var options []byte
		r.queue, options = cutSlash(word)
		if r.kind == get && yieldsNothing(options) {
			r.kind = finish
		}
	}
}

// yieldsNothing tells whether the options end a read without beginning another.
func yieldsNothing(options []byte) bool {
	var all option
	for len(options) > 0 {
		var text []byte
		text, options = cutSlash(options[1:])
		all |= optionOf(text)
	}
	return all&abort != 0 || all&(closing|open) == closing
}

// Line implements [memtext.Rules].
func (r *rules) Line(text []byte, c *memtext.Conn) error {
	word, rest := memtext.Word(text)
	c.Field(word, rest)
	switch string(word) {
	case "ERROR", "CLIENT_ERROR", "SERVER_ERROR":
		// Kestrel hangs up after a get that it refuses, and may take the item of a set that it refuses for commands.
		c.End(r.statuses.Number(text), r.kind == get || r.kind == finish || r.kind == storage)
		return nil
	}
	bare := len(rest) == 0
	switch r.kind {
	case get, monitor:
		return r.read(word, rest, c)
	case finish, ended, removal:
		if bare && (string(word) == "END" || r.kind == removal && string(word) == "DELETED") {
			c.End(okay, false)
			return nil
		}
	case storage:
		switch {
		case bare && string(word) == "STORED":
			c.End(stored, false)
			return nil
		case bare && string(word) == "NOT_STORED":
			c.End(notStored, false)
			return nil
		}
	default:
		return r.report(text, word, rest, c)
	}
	return memtext.ErrWord
}

// read reads an item, or END. A monitor's items have an END each, and a last one says that there are no more.
func (r *rules) read(word, rest []byte, c *memtext.Conn) error {
	switch {
	case string(word) == "END" && len(rest) == 0:
		if r.kind == monitor && r.since > 0 {
			r.since = 0
			return nil
		}
		status := empty
		if r.items > 0 {
			status = item
		}
		c.End(status, false)
		return nil
	case string(word) != "VALUE" || r.since > 0:
		return memtext.ErrWord
	}
	key, rest := memtext.Word(rest)
	if name, _ := cutSlash(key); !bytes.Equal(name, r.queue) {
		return memtext.ErrKey
	}
	r.items++
	r.since++
	_, rest = memtext.Word(rest)
	size, _ := memtext.Word(rest)
	return c.Value(size)
}

// report reads a line of the answers that are text.
func (r *rules) report(text, word, rest []byte, c *memtext.Conn) error {
	switch r.kind {
	case stats, dump:
		if string(text) == "END" {
			c.End(okay, false)
			return nil
		}
		if r.kind == stats && string(word) != "STAT" {
			return memtext.ErrWord
		}
		c.Text(text)
		return nil
	case number:
		if _, ok := memtext.Number(text, 1<<63-1); !ok {
			return memtext.ErrWord
		}
	case version:
		if string(word) != "VERSION" || len(rest) < 2 {
			return memtext.ErrWord
		}
		text = rest[1:]
	}
	c.Text(text)
	c.End(okay, false)
	return nil
}
