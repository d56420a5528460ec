package exec

import (
	"bytes"
	"fmt"
	"io"
)

// lineReader reads lines of bounded length. What stands behind the last line end is not a line: it was broken off.
type lineReader struct {
	from  io.Reader
	limit int64
	buf   []byte
	start int // of what has not been handed out
	seen  int // no line end before
	end   int
	count int64
}

func newLineReader(from io.Reader, limit int64) *lineReader {
	return &lineReader{from: from, limit: limit, buf: make([]byte, 64<<10)}
}

// next returns a line without its end, valid until the next call.
func (l *lineReader) next() ([]byte, error) {
	for {
		if at := bytes.IndexByte(l.buf[l.seen:l.end], '\n'); at >= 0 {
			line := l.buf[l.start : l.seen+at]
			l.start = l.seen + at + 1
			l.seen = l.start
			l.count++
			return bytes.TrimSuffix(line, []byte{'\r'}), nil
		}
		l.seen = l.end
		if int64(l.end-l.start) > l.limit {
			l.count++
			return nil, fmt.Errorf("more than %d bytes without a line end (line_limit)", l.limit)
		}
		l.room()
		n, err := l.from.Read(l.buf[l.end:])
		if l.end += n; n == 0 && err != nil {
			return nil, err
		}
	}
}

// room makes place behind what has been read.
func (l *lineReader) room() {
	if l.start > 0 {
		copy(l.buf, l.buf[l.start:l.end])
		l.end -= l.start
		l.seen -= l.start
		l.start = 0
	}
	if l.end == len(l.buf) {
		l.buf = append(l.buf, make([]byte, len(l.buf))...)
	}
}
