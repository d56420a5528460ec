package memtext

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
)

// Writer writes commands. The zero value refuses every value; its fields are set once.
type Writer struct {
	Package    string // begins the errors: "transport/memcached"
	KeyName    string // what a key is called in errors: "key", "queue"
	ValueLimit int64  // most bytes of a value
	ValueSize  int64  // bytes of the values that are made for commands without one; 0: none are
	NoReply    bool   // the protocol knows a last word noreply
	Silent     bool   // … and every command that may have it gets it
}

// KeyLimit is the most bytes of a key (memcached's protocol.txt, "Keys").
const KeyLimit = 250

// The bounds of numbers, as memcached reads them.
const (
	mostFlags = math.MaxUint32
	mostTime  = math.MaxInt32
)

const noreply = "noreply"

// The line ends that may follow data.
var crlf, newline = []byte("\r\n"), []byte("\n")

// Storage is a command with a value, read.
type Storage struct {
	Key, Flags, Time, Unique []byte // Unique: empty for all but cas
	Value                    []byte
	Fill                     int64 // bytes of a value to be made, instead of Value
	NoReply                  bool
}

var zero = []byte("0")

// Store reads a storage command in any of its forms: set, and with unique cas.
func (w *Writer) Store(c *Command, unique bool) (s Storage, err error) {
	var size, rest []byte
	s.Key, rest = Word(c.Args)
	s.Flags, rest = Word(rest)
	s.Time, rest = Word(rest)
	if c.Form == Block {
		size, rest = Word(rest)
	}
	if c.Form == Parts && len(s.Flags) == 0 {
		s.Flags = zero
	}
	if c.Form == Parts && len(s.Time) == 0 {
		s.Time = zero
	}
	if unique {
		s.Unique, rest = Word(rest)
	}
	switch c.Form {
	case Line:
		s.Value, s.Fill, err = w.lineValue(rest)
	case Block:
		s.Value, err = w.BlockValue(c.Data, size)
	case Parts:
		if s.Value = c.Data; len(s.Value) == 0 {
			s.Fill = w.ValueSize
		}
	}
	if c.Form != Line && err == nil {
		s.NoReply, err = w.noReply(rest)
	}
	s.NoReply = s.NoReply || w.Silent
	if wrong := w.checkStore(&s, unique); wrong != nil {
		return s, wrong
	}
	return s, err
}

// checkStore checks the words, and the value's size.
func (w *Writer) checkStore(s *Storage, unique bool) error {
	if err := w.CheckKey(s.Key); err != nil {
		return err
	}
	if _, ok := Number(s.Flags, mostFlags); !ok {
		return w.Bad("flags", s.Flags, "want a number from 0 to 4294967295")
	}
	if err := w.CheckTime(s.Time); err != nil {
		return err
	}
	if _, ok := Number(s.Unique, math.MaxUint64); unique && !ok {
		return w.Bad("cas unique", s.Unique, "want the number that gets told")
	}
	if n := max(int64(len(s.Value)), s.Fill); n > w.ValueLimit {
		return fmt.Errorf("%s: a value of %d bytes is over value_limit, %d", w.Package, n, w.ValueLimit)
	}
	return nil
}

// lineValue is the value in the Line form: all that follows one space.
func (w *Writer) lineValue(rest []byte) (value []byte, fill int64, err error) {
	switch {
	case len(rest) > 0:
		return rest[1:], 0, nil
	case w.ValueSize == 0:
		return nil, 0, fmt.Errorf("%s: no value; put it at the end of the line, or set value_size to have one made", w.Package)
	}
	return nil, w.ValueSize, nil
}

// BlockValue is the data after a command line that says how long it is; a line end may follow it.
func (w *Writer) BlockValue(data, size []byte) ([]byte, error) {
	n, ok := Number(size, math.MaxInt64)
	if !ok {
		return nil, w.Bad("number of bytes", size, "where data follows on a line of its own, the command line tells its length")
	}
	text := data
	if uint64(len(text)) > n {
		if before, found := bytes.CutSuffix(text, crlf); found {
			text = before
		} else {
			text = bytes.TrimSuffix(text, newline)
		}
	}
	if uint64(len(text)) != n {
		return nil, fmt.Errorf("%s: the command line announces %d bytes of data, but %d follow it", w.Package, n, len(data))
	}
	return text, nil
}

// noReply reads what may stand after the other words.
func (w *Writer) noReply(rest []byte) (bool, error) {
	word, rest := Word(rest)
	switch {
	case len(word) == 0:
		return false, nil
	case w.NoReply && string(word) == noreply && Words(rest) == 0:
		return true, nil
	}
	return false, w.Bad("word", word, "nothing more was expected in this line")
}

// AppendStore writes a storage command.
func AppendStore(dst []byte, name string, s *Storage) []byte {
	dst = append(append(append(dst, name...), ' '), s.Key...)
	dst = append(append(dst, ' '), s.Flags...)
	dst = append(append(dst, ' '), s.Time...)
	dst = strconv.AppendInt(append(dst, ' '), max(int64(len(s.Value)), s.Fill), 10)
	if len(s.Unique) > 0 {
		dst = append(append(dst, ' '), s.Unique...)
	}
	if s.NoReply {
		dst = append(append(dst, ' '), noreply...)
	}
	return AppendValue(append(dst, "\r\n"...), s.Value, s.Fill)
}

// filler is what values are made of.
const filler = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-."

// AppendValue writes a value, or one of fill bytes, and the line end behind it.
func AppendValue(dst, value []byte, fill int64) []byte {
	dst = append(dst, value...)
	for ; fill > 0; fill -= int64(len(filler)) {
		dst = append(dst, filler[:min(fill, int64(len(filler)))]...)
	}
	return append(dst, "\r\n"...)
}
