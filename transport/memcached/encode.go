package memcached

import (
	"fmt"
	"math"
	"strconv"

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
		err = c.writer.Bad("command", cmd.Name, "want one of get gets gat gats set add replace append prepend cas delete incr decr touch "+
			"flush_all verbosity version stats mg ms md ma me mn")
	case storage:
		var s memtext.Storage
		if s, err = c.writer.Store(&cmd, known.name == "cas"); err == nil {
			dst, req.OneWay = memtext.AppendStore(dst, known.name, &s), s.NoReply
		}
	case metaSet:
		dst, err = c.appendMetaSet(dst, &cmd)
	default:
		if err = c.writer.CheckNoData(known.name, &cmd); err == nil {
			dst, req.OneWay, err = c.appendWords(append(dst, known.name...), &known, cmd.Args)
		}
	}
	if err != nil {
		return dst[:start], err
	}
	return dst, nil
}

// appendWords writes the words of a command without data, each checked, and the end of the line.
func (c *codec) appendWords(dst []byte, known *command, args []byte) (out []byte, oneWay bool, err error) {
	quiet := false
	for i := 0; i < len(known.words) && err == nil; i++ {
		what := known.words[i]
		word, rest := memtext.Word(args)
		if !takes(what, word) {
			continue
		}
		switch what {
		case 'k', '*':
			err = c.writer.CheckKey(word)
		case 'e':
			err = c.writer.CheckTime(word)
		case 'u', 'd':
			err = c.writer.CheckNumber(word)
		case 'n':
			oneWay = true
		case 'f', 'w':
			err = c.writer.CheckWord(word)
			quiet = quiet || what == 'f' && word[0] == 'q'
		}
		if what == '*' || what == 'f' || what == 'w' {
			i-- // there may be more of them
		}
		dst = append(append(dst, ' '), word...)
		args = rest
	}
	if word, _ := memtext.Word(args); err == nil && len(word) > 0 {
		err = c.writer.Bad("word", word, "nothing more was expected after "+known.name)
	}
	if c.writer.Silent && !oneWay && err == nil && hasNoReply(known) {
		dst, oneWay = append(dst, " noreply"...), true
	}
	return appendEnd(dst, quiet), oneWay, err
}

// takes tells whether the next word, if there is one, is for this letter of the command's words. Those that must be there take
// what there is, also nothing.
func takes(what byte, word []byte) bool {
	switch what {
	case 'n':
		return string(word) == "noreply"
	case 'z':
		return string(word) == "0"
	case 'd':
		return len(word) > 0 && string(word) != "noreply"
	case '*', 'f', 'w':
		return len(word) > 0
	}
	return true
}

func hasNoReply(known *command) bool {
	n := len(known.words)
	return n > 0 && known.words[n-1] == 'n'
}

// appendEnd ends a command's line. Servers pass over some answers to quiet commands, so a no-op goes behind each: its answer
// says that nothing more will come.
func appendEnd(dst []byte, quiet bool) []byte {
	if quiet {
		return append(dst, "\r\nmn\r\n"...)
	}
	return append(dst, "\r\n"...)
}

// appendMetaSet writes `ms KEY BYTES FLAGS*` and the value.
func (c *codec) appendMetaSet(dst []byte, cmd *memtext.Command) ([]byte, error) {
	key, rest := memtext.Word(cmd.Args)
	if err := c.writer.CheckKey(key); err != nil {
		return dst, err
	}
	value, fill, flags, err := c.metaValue(cmd, rest)
	if err != nil {
		return dst, err
	}
	n := max(int64(len(value)), fill)
	if n > c.config.ValueLimit {
		return dst, fmt.Errorf("transport/memcached: a value of %d bytes is over value_limit, %d", n, c.config.ValueLimit)
	}
	dst = append(append(append(dst, "ms "...), key...), ' ')
	dst = strconv.AppendInt(dst, n, 10)
	quiet := false
	for {
		var flag []byte
		if flag, flags = memtext.Word(flags); len(flag) == 0 {
			break
		}
		if err := c.writer.CheckWord(flag); err != nil {
			return dst, err
		}
		quiet = quiet || flag[0] == 'q'
		dst = append(append(dst, ' '), flag...)
	}
	dst = memtext.AppendValue(append(dst, "\r\n"...), value, fill)
	if quiet {
		dst = append(dst, "mn\r\n"...)
	}
	return dst, nil
}

// metaValue finds the value of ms, given the words after the key. On one line there is its length only, and it is made.
func (c *codec) metaValue(cmd *memtext.Command, rest []byte) (value []byte, fill int64, flags []byte, err error) {
	if cmd.Form == memtext.Parts {
		if len(cmd.Data) == 0 {
			fill = c.config.ValueSize
		}
		return cmd.Data, fill, rest, nil
	}
	size, flags := memtext.Word(rest)
	if cmd.Form == memtext.Block {
		value, err = c.writer.BlockValue(cmd.Data, size)
		return value, 0, flags, err
	}
	n, ok := memtext.Number(size, math.MaxInt64)
	if !ok {
		err = c.writer.Bad("number of bytes", size, "want the length of the value, which is made; or the value on a line of its own")
	}
	return nil, int64(n), flags, err
}
