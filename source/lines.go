package source

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

const lineBuffer = 64 << 10

// byteOrderMark is what some editors put before UTF-8 text.
var byteOrderMark = []byte("\xef\xbb\xbf")

// lineReader cuts a stream at each "\n" or "\r\n". It holds one line of up to max bytes at a time.
type lineReader struct {
	buf  *bufio.Reader
	max  int
	long []byte // a line that is longer than buf
	num  int64  // the number of the line last returned, counting from 1
}

func newLineReader(most int) *lineReader {
	return &lineReader{buf: bufio.NewReaderSize(nil, lineBuffer), max: most}
}

// start begins a pass.
func (l *lineReader) start(from io.Reader) {
	l.buf.Reset(from)
	l.num = 0
}

// next returns the next line without its end, valid until the next call. A line longer than max is whole = false and
// only its beginning. A last line without an end is a line; one that an error interrupts is not.
func (l *lineReader) next() (line []byte, whole bool, err error) {
	line, err = l.buf.ReadSlice('\n')
	if err != nil {
		line, whole, err = l.slow(line, err)
	} else {
		line, whole = l.trim(line)
	}
	if err != nil {
		return nil, false, err
	}
	if l.num++; l.num == 1 {
		line = bytes.TrimPrefix(line, byteOrderMark)
	}
	return line, whole, nil
}

// slow goes on where the buffer was full, or the stream at its end, before the line was.
func (l *lineReader) slow(part []byte, err error) ([]byte, bool, error) {
	l.long = l.long[:0]
	most := l.max + len("\r\n")
	for total := 0; ; {
		total += len(part)
		l.long = append(l.long, part[:min(len(part), most-len(l.long))]...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			part, err = l.buf.ReadSlice('\n')
			continue
		case err != nil && (!errors.Is(err, io.EOF) || total == 0):
			return nil, false, err
		case total > most:
			return l.long[:l.max], false, nil
		}
		line, whole := l.trim(l.long)
		return line, whole, nil
	}
}

// trim takes the end off a line that has been read whole.
func (l *lineReader) trim(line []byte) ([]byte, bool) {
	line = trimEnd(line)
	if len(line) > l.max {
		return line[:l.max], false
	}
	return line, true
}

func trimEnd(line []byte) []byte {
	if n := len(line); n > 0 && line[n-1] == '\n' {
		line = line[:n-1]
	}
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	return line
}
