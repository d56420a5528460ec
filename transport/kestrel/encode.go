package kestrel

import (
	"bytes"
	"math"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport/internal/memtext"
)

// AppendRequest implements [transport.Codec]. On an error dst comes back as it was.
func (c *codec) AppendRequest(dst []byte, req *load.Request, _ *load.Target) ([]byte, error) {
	req.Hold, req.OneWay = 0, false
	cmd := memtext.Split(req)
	known := memtext.Lookup(commands, cmd.Name)
	start := len(dst)
	var err error
	switch known.kind {
	case unknown:
		err = c.writer.Bad("command", cmd.Name, "want one of get set delete flush flush_all flush_expired flush_all_expired roll monitor "+
			"confirm reload stats dump_stats dump_config version status")
	case storage:
		dst, err = c.appendSet(dst, &cmd)
	default:
		if err = c.writer.CheckNoData(known.name, &cmd); err == nil {
			dst, err = c.appendWords(append(dst, known.name...), &known, cmd.Args)
		}
	}
	if err != nil {
		return dst[:start], err
	}
	return dst, nil
}

func (c *codec) appendSet(dst []byte, cmd *memtext.Command) ([]byte, error) {
	s, err := c.writer.Store(cmd, false)
	if err != nil {
		return dst, err
	}
	if err := c.checkQueue(s.Key); err != nil {
		return dst, err
	}
	return memtext.AppendStore(dst, "set", &s), nil
}

// appendWords writes the words of a command without data, each checked, and the end of the line.
func (c *codec) appendWords(dst []byte, known *command, args []byte) (out []byte, err error) {
	for _, what := range []byte(known.words) {
		word, rest := memtext.Word(args)
		switch what {
		case 'g':
			err = c.checkGet(word)
		case 'q':
			err = c.checkQueue(word)
		case 'u':
			err = c.checkNumber(word)
		case 'd':
			if len(word) > 0 {
				err = c.checkNumber(word)
			}
		case 's':
			err = c.writer.CheckWord(word)
		}
		if err != nil {
			return dst, err
		}
		if len(word) > 0 {
			dst = append(append(dst, ' '), word...)
		}
		args = rest
	}
	if word, _ := memtext.Word(args); len(word) > 0 {
		return dst, c.writer.Bad("word", word, "nothing more was expected after "+known.name)
	}
	return append(dst, "\r\n"...), nil
}

// checkNumber holds a number to 32 bits.
func (c *codec) checkNumber(b []byte) error {
	if _, ok := memtext.Number(b, math.MaxInt32); !ok {
		return c.writer.Bad("number", b, "want one from 0 to 2147483647")
	}
	return nil
}

// checkQueue holds a queue's name to the rules for keys, and to what can be told from options and from the name of a file.
func (c *codec) checkQueue(name []byte) error {
	if err := c.writer.CheckKey(name); err != nil {
		return err
	}
	if bytes.IndexByte(name, '/') >= 0 {
		return c.writer.Bad("queue", name, "want a name without a slash; options belong to get only")
	}
	return nil
}

// option is a bit for each option of get.
type option uint8

const (
	wait option = 1 << iota
	open
	closing
	abort
	peek
)

// checkGet holds QUEUE[/OPTION]… to the combinations that Kestrel takes.
func (c *codec) checkGet(word []byte) error {
	name, rest := cutSlash(word)
	if err := c.writer.CheckKey(name); err != nil {
		return err
	}
	var all option
	for len(rest) > 0 {
		var text []byte
		text, rest = cutSlash(rest[1:])
		o := optionOf(text)
		if o == 0 {
			return c.writer.Bad("option", text, "want open, close, abort, peek or t=MILLISECONDS")
		}
		all |= o
	}
	switch {
	case all&(abort|peek) != 0 && all&(open|closing) != 0, all&abort != 0 && all&peek != 0:
		return c.writer.Bad("options", word, "abort and peek go with neither open nor close nor each other")
	case len(word) > memtext.KeyLimit:
		return c.writer.CheckKey(word)
	}
	return nil
}

// cutSlash cuts b before its first slash.
func cutSlash(b []byte) (before, rest []byte) {
	if i := bytes.IndexByte(b, '/'); i >= 0 {
		return b[:i], b[i:]
	}
	return b, nil
}

// optionOf reads an option; 0: there is none of that name.
func optionOf(text []byte) option {
	switch string(text) {
	case "open":
		return open
	case "close":
		return closing
	case "abort":
		return abort
	case "peek":
		return peek
	}
	if digits, ok := bytes.CutPrefix(text, []byte("t=")); ok {
		if _, ok := memtext.Number(digits, math.MaxInt32); ok {
			return wait
		}
	}
	return 0
}
