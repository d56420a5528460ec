package redis

import (
	"bytes"
	"fmt"

	"github.com/iagoloadgen/iago/target/stream"
)

const (
	mostArgs    = 1 << 20
	longestBulk = 32 << 20
	longestLine = 64 << 10
)

// protocolError words the end of a connection as Redis does; detail is not part of what is counted.
func protocolError(cause, detail string) *stream.Malformed {
	return &stream.Malformed{Cause: cause, Answer: []byte("-ERR Protocol error: " + cause + detail + "\r\n")}
}

// parse reads the command at the beginning of src, an array of bulk strings or an inline one, and appends its arguments, which
// point into src, to args. n is 0 when it is not whole yet. Commands of no arguments are passed over, as Redis does.
func parse(src []byte, args [][]byte) (n int, _ [][]byte, err error) {
	for len(args) == 0 && n < len(src) {
		var m int
		if src[n] == '*' {
			m, args, err = parseArray(src[n:], args)
		} else {
			m, args, err = parseInline(src[n:], args)
		}
		if m == 0 || err != nil {
			return 0, args[:0], err
		}
		n += m
	}
	if len(args) == 0 {
		return 0, args, nil
	}
	return n, args, nil
}

// parseArray reads "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n".
func parseArray(src []byte, args [][]byte) (int, [][]byte, error) {
	count, n, err := parseLength(src, "too big mbulk count string")
	if n == 0 || err != nil {
		return 0, args, err
	}
	if count > mostArgs || count == notANumber {
		return 0, args, protocolError("invalid multibulk length", "")
	}
	for range count {
		if n == len(src) {
			return 0, args, nil
		}
		if src[n] != '$' {
			return 0, args, protocolError("expected '$'", fmt.Sprintf(", got '%c'", src[n]))
		}
		size, m, err := parseLength(src[n:], "too big bulk count string")
		if m == 0 || err != nil {
			return 0, args, err
		}
		if size < 0 || size > longestBulk {
			return 0, args, protocolError("invalid bulk length", "")
		}
		n += m
		if len(src)-n < size+2 {
			return 0, args, nil
		}
		args = append(args, src[n:n+size:n+size])
		n += size + 2 // like Redis, whatever the two bytes are
	}
	return n, args, nil
}

// notANumber is what a length that is none is read as.
const notANumber = -1 << 30

// parseLength reads the number between the first byte and the line's end. n is 0 if the line has not ended.
func parseLength(src []byte, tooLong string) (length, n int, err error) {
	end := bytes.IndexByte(src[:min(len(src), longestLine)], '\r')
	if end < 0 {
		if len(src) >= longestLine {
			return 0, 0, protocolError(tooLong, "")
		}
		return 0, 0, nil
	}
	if end+1 == len(src) {
		return 0, 0, nil
	}
	v, ok := parseInt(src[1:end])
	if !ok || v > mostArgs+longestBulk || v < notANumber { // beyond any limit
		v = notANumber
	}
	return int(v), end + 2, nil
}

// parseInline reads a line of words.
func parseInline(src []byte, args [][]byte) (int, [][]byte, error) {
	end := bytes.IndexByte(src[:min(len(src), longestLine)], '\n')
	if end < 0 {
		if len(src) >= longestLine {
			return 0, args, protocolError("too big inline request", "")
		}
		return 0, args, nil
	}
	words, ok := split(bytes.TrimSuffix(src[:end], []byte("\r")), args)
	if !ok {
		return 0, args, protocolError("unbalanced quotes in request", "")
	}
	return end + 1, words, nil
}
