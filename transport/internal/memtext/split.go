// Package memtext is what the codecs of memcached and Kestrel have in common: commands as lines of words, values as blocks
// of announced length. It knows no socket; in steady state neither direction allocates.
package memtext

import (
	"bytes"

	"github.com/iagoloadgen/iago/load"
)

// Form is the way in which a request stands for a command.
type Form uint8

// The forms. A line end at the end of a one-line body does not count.
const (
	Line  Form = iota // the body is one line: `set KEY FLAGS EXPTIME VALUE…`
	Block             // the body is the command line as it is sent, a line end, and the data
	Parts             // Method is the command, URI or else Key are its words, Body is the data
)

// Command is a request taken apart. Its slices are the request's.
type Command struct {
	Form Form
	Name []byte // the first word
	Args []byte // the rest of its line, from the second word on
	Data []byte // what came after the line, or as the body; empty for Line
}

// Split takes a request apart. It judges nothing.
func Split(req *load.Request) Command {
	if len(req.Method) > 0 {
		args := req.URI
		if len(args) == 0 {
			args = req.Key
		}
		return Command{Parts, req.Method, trimLeft(args), req.Body}
	}
	form, line, data := Line, req.Body, []byte(nil)
	if i := bytes.IndexByte(line, '\n'); i >= 0 {
		if i < len(line)-1 {
			form, data = Block, line[i+1:]
		}
		if line = line[:i]; i > 0 && line[i-1] == '\r' {
			line = line[:i-1]
		}
	}
	name, rest := Word(line)
	return Command{form, name, trimLeft(rest), data}
}

// Word cuts the first word off; rest begins with the space behind it, or is empty.
func Word(line []byte) (word, rest []byte) {
	line = trimLeft(line)
	i := bytes.IndexByte(line, ' ')
	if i < 0 {
		return line, nil
	}
	return line[:i], line[i:]
}

func trimLeft(b []byte) []byte {
	for len(b) > 0 && b[0] == ' ' {
		b = b[1:]
	}
	return b
}

// Words counts the words of a line.
func Words(line []byte) (n int) {
	for {
		var w []byte
		if w, line = Word(line); len(w) == 0 {
			return n
		}
		n++
	}
}

// longestName is the most bytes of a command's name.
const longestName = 32

// Lookup finds a command by its name, whatever the case of its letters; the zero value where there is none.
func Lookup[C any](commands map[string]C, name []byte) (c C) {
	if found, ok := commands[string(name)]; ok || len(name) > longestName {
		return found
	}
	var lower [longestName]byte
	for i, b := range name {
		if 'A' <= b && b <= 'Z' {
			b += 'a' - 'A'
		}
		lower[i] = b
	}
	return commands[string(lower[:len(name)])]
}

// Number reads a decimal number of digits only, of at most most, which is at least 9.
func Number(b []byte, most uint64) (n uint64, ok bool) {
	for _, c := range b {
		d := uint64(c - '0')
		if c < '0' || c > '9' || n > (most-d)/10 {
			return 0, false
		}
		n = n*10 + d
	}
	return n, len(b) > 0
}
