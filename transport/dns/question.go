package dns

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/miekg/dns"
)

// Limits of names on the wire (RFC 1035, section 2.3.4).
const (
	maxLabel = 63
	maxName  = 255
)

// question is a line "NAME [TYPE [CLASS]]" taken apart.
type question struct {
	name        []byte // as it was written
	kind, class uint16
}

// parseLine takes a line apart.
func parseLine(line []byte, byDefault uint16) (q question, err error) {
	name, rest := word(line)
	kind, rest := word(rest)
	class, rest := word(rest)
	q = question{name: name, kind: byDefault, class: dns.ClassINET}
	if len(name) == 0 {
		return q, errNoName
	}
	if len(kind) > 0 {
		if q.kind, err = parseType(kind); err != nil {
			return q, fmt.Errorf("transport/dns: type %w", err)
		}
	}
	if len(class) > 0 {
		if q.class, err = parseClass(class); err != nil {
			return q, fmt.Errorf("transport/dns: class %w", err)
		}
	}
	if more, _ := word(rest); len(more) > 0 {
		return q, fmt.Errorf("transport/dns: %.40q after the class: expected name, type and class, no more", more)
	}
	return q, nil
}

var errNoName = errors.New("transport/dns: no name to ask for; want NAME [TYPE [CLASS]]")

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// word cuts the first word off.
func word(line []byte) (first, rest []byte) {
	for len(line) > 0 && isBlank(line[0]) {
		line = line[1:]
	}
	for i, c := range line {
		if isBlank(c) {
			return line[:i], line[i:]
		}
	}
	return line, nil
}

// append appends the question as it stands in a message.
func (q question) append(dst []byte) ([]byte, error) {
	out, err := appendName(dst, q.name)
	if err != nil {
		return dst, fmt.Errorf("transport/dns: name %.80q: %w", q.name, err)
	}
	out = binary.BigEndian.AppendUint16(out, q.kind)
	return binary.BigEndian.AppendUint16(out, q.class), nil
}

// appendName appends a name in the form of zone files (RFC 1035, section 5.1) in that of messages (section 3.1). All names are
// absolute, with a dot at the end or without.
func appendName(dst, name []byte) ([]byte, error) {
	start := len(dst)
	if string(name) == "." {
		name = nil
	}
	for len(name) > 0 {
		out, size, err := appendLabel(dst, name)
		if err != nil {
			return dst, err
		}
		dst, name = out, name[size:]
		if len(dst)-start >= maxName {
			return dst, fmt.Errorf("too long; want at most %d bytes on the wire", maxName)
		}
	}
	return append(dst, 0), nil
}

// appendLabel appends the label that name begins with, and says how many bytes of name it takes, the dot included.
func appendLabel(dst, name []byte) (out []byte, size int, err error) {
	at := len(dst)
	dst = append(dst, 0)
	for size < len(name) && name[size] != '.' {
		c, n := character(name[size:])
		if n == 0 {
			return dst, 0, badCharacter(name[size:])
		}
		dst = append(dst, c)
		size += n
	}
	n := len(dst) - at - 1
	switch {
	case n == 0:
		return dst, 0, errors.New("an empty label; want no dot at the beginning and no two in a row")
	case n > maxLabel:
		return dst, 0, fmt.Errorf("a label of %d bytes; want at most %d", n, maxLabel)
	}
	dst[at] = byte(n)
	return dst, min(size+1, len(name)), nil
}

// character reads one character of a label: itself, \X or \DDD. n is 0 where there is none.
func character(name []byte) (c byte, n int) {
	c = name[0]
	if c != '\\' {
		if c <= ' ' || c >= 0x7f {
			return 0, 0
		}
		return c, 1
	}
	if len(name) < 2 || name[1] <= ' ' || name[1] >= 0x7f {
		return 0, 0
	}
	if !isDigit(name[1]) {
		return name[1], 2
	}
	if len(name) < 4 || !isDigit(name[2]) || !isDigit(name[3]) {
		return 0, 0
	}
	value := int(name[1]-'0')*100 + int(name[2]-'0')*10 + int(name[3]-'0')
	if value > 0xff {
		return 0, 0
	}
	return byte(value), 4
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func badCharacter(name []byte) error {
	switch {
	case name[0] >= 0x80:
		return errors.New("not ASCII; write an international name in its xn-- form (RFC 5890)")
	case name[0] == '\\':
		return fmt.Errorf(`escape %.4q; want \X or \DDD with a decimal number up to 255`, name)
	}
	return fmt.Errorf(`control character %q; write it as \DDD`, name[0])
}
