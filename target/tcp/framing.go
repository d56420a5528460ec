package tcp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/iagoloadgen/iago/target/stream"
)

// Kind is a way to tell where a message ends.
type Kind string

// The kinds of framing.
const (
	Delimiter Kind = "delimiter" // at a sequence of bytes
	Length    Kind = "length"    // after as many bytes as a number before it says
	Fixed     Kind = "fixed"     // after a fixed number of bytes
	Close     Kind = "close"     // where the client ends its side of the connection
)

// Framing tells where messages, and answers, end.
type Framing struct {
	Kind      Kind
	Delimiter string // of Delimiter
	Size      int    // of Length: bytes of the number (1, 2, 4 or 8, big-endian, not counting itself); of Fixed: bytes of a message
}

const (
	longest  = 16 << 20
	examples = `expected delimiter:\n, length:4, fixed:64 or close`
)

// ParseFraming reads a framing as it is written on a command line:
//
//	delimiter        lines
//	delimiter:\r\n   up to a delimiter, with \n, \r, \t, \0, \xHH as in Go
//	length:4         a big-endian number of 1, 2, 4 or 8 bytes before each message
//	fixed:64         64 bytes each
//	close            one message a connection, to its end
func ParseFraming(text string) (Framing, error) {
	name, value, has := strings.Cut(text, ":")
	f := Framing{Kind: Kind(name)}
	var err error
	switch f.Kind {
	case Delimiter:
		f.Delimiter = "\n"
		if has {
			quoted := strings.NewReplacer(`"`, `\"`, `\0`, `\x00`).Replace(value)
			f.Delimiter, err = strconv.Unquote(`"` + quoted + `"`)
		}
	case Length:
		f.Size = 4
		if has {
			f.Size, err = strconv.Atoi(value)
		}
	case Fixed:
		f.Size, err = strconv.Atoi(value)
	case Close:
		if has {
			err = errors.New("takes no value")
		}
	}
	if err == nil {
		err = f.Validate()
	}
	if err != nil {
		return Framing{}, fmt.Errorf("target/tcp: framing %q: %s", text, examples)
	}
	return f, nil
}

// Validate returns what is impossible about f.
func (f Framing) Validate() error {
	ok := false
	switch f.Kind {
	case Delimiter:
		ok = f.Delimiter != ""
	case Length:
		ok = f.Size == 1 || f.Size == 2 || f.Size == 4 || f.Size == 8
	case Fixed:
		ok = f.Size > 0 && f.Size <= longest
	case Close:
		ok = true
	}
	if !ok {
		return errors.New(examples)
	}
	return nil
}

// next returns the length of the message at the beginning of src and its content; 0: not whole. scanned remembers what has no delimiter.
func (f *Framing) next(src []byte, eof bool, scanned *int) (n int, content []byte, err error) {
	switch f.Kind {
	case Delimiter:
		from := max(min(*scanned, len(src))-len(f.Delimiter)+1, 0)
		if i := bytes.Index(src[from:], []byte(f.Delimiter)); i >= 0 {
			*scanned = 0
			return from + i + len(f.Delimiter), src[:from+i], nil
		}
		*scanned = len(src)
	case Length:
		if len(src) < f.Size {
			return 0, nil, nil
		}
		size := readNumber(src[:f.Size])
		if size > longest {
			return 0, nil, &stream.Malformed{Cause: "message too long"}
		}
		if n = f.Size + int(size); len(src) >= n {
			return n, src[f.Size:n], nil
		}
	case Fixed:
		if len(src) >= f.Size {
			return f.Size, src[:f.Size], nil
		}
	case Close:
		if eof {
			return len(src), src, nil
		}
	}
	if len(src) > longest {
		return 0, nil, &stream.Malformed{Cause: "message too long"}
	}
	return 0, nil, nil
}

// append appends a message.
func (f *Framing) append(dst, content []byte) []byte {
	if f.Kind == Length {
		var number [8]byte
		binary.BigEndian.PutUint64(number[:], uint64(len(content)))
		dst = append(dst, number[8-f.Size:]...)
	}
	dst = append(dst, content...)
	if f.Kind == Delimiter {
		dst = append(dst, f.Delimiter...)
	}
	return dst
}

func readNumber(b []byte) (n uint64) {
	for _, d := range b {
		n = n<<8 | uint64(d)
	}
	return n
}
