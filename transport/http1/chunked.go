package http1

// chunkLineLimit is the most bytes of a chunk's size line. The protocol sets no bound to its extensions, but a line
// without an end would fill the reader's buffer.
const chunkLineLimit = 4096

// stepChunked is step for the states of a chunked body (RFC 9112, section 7.1).
func (c *conn) stepChunked(src []byte) (n int, more bool, err error) {
	switch c.state {
	case chunkSize:
		return c.readChunkSize(src)
	case chunkData:
		n = c.take(src)
		if c.left > 0 {
			return n, false, nil
		}
		c.state = chunkEnd
		return n, true, nil
	case chunkEnd:
		return c.readChunkEnd(src)
	default:
		n, more, err = c.readHeader(src)
		if more {
			c.state = idle
		}
		return n, more, err
	}
}

// readChunkSize reads a chunk's size line: the size, extensions, CRLF.
func (c *conn) readChunkSize(src []byte) (n int, more bool, err error) {
	text, n, err := c.line(src, chunkLineLimit, ErrChunkLine)
	if n == 0 {
		return 0, false, err
	}
	if src[text] != '\r' {
		return 0, false, ErrChunkSize // RFC 9112 tolerates a lone LF in heads only (section 2.2, erratum 7633)
	}
	size, err := parseChunkSize(src[:text])
	if err != nil {
		return 0, false, err
	}
	if size == 0 {
		c.state, c.room, c.framing.first = trailer, c.config.HeaderLimit, true
		return n, true, nil
	}
	if err = c.announce(size); err != nil {
		return 0, false, err
	}
	c.state = chunkData
	return n, true, nil
}

// readChunkEnd reads the CRLF that follows a chunk's data.
func (c *conn) readChunkEnd(src []byte) (n int, more bool, err error) {
	switch {
	case len(src) > 0 && src[0] != '\r', len(src) > 1 && src[1] != '\n':
		return 0, false, ErrChunkEnd
	case len(src) < 2:
		return 0, false, nil
	}
	c.state = chunkSize
	return 2, true, nil
}

// parseChunkSize takes a size line apart: at most 16 digits, then extensions, which are skipped unread.
func parseChunkSize(line []byte) (size int64, err error) {
	const digits = 16
	i := 0
	for ; i < len(line); i++ {
		d := hexValue(line[i])
		if d < 0 {
			break
		}
		if i == digits || size > (1<<63-1)>>4 {
			return 0, ErrChunkOverflow
		}
		size = size<<4 | int64(d)
	}
	rest := trim(line[i:])
	if i == 0 || len(rest) > 0 && rest[0] != ';' {
		return 0, ErrChunkSize
	}
	return size, nil
}

// hexValue returns the value of a hexadecimal digit; -1 if c is none.
func hexValue(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}
