package http1

// kind is a header that matters here.
type kind uint8

const (
	other kind = iota
	connection
	contentLength
	transferEncoding
)

const versionPrefix = "HTTP/1."

// readStatus reads the status line. It refuses what cannot become one at the first wrong byte: a peer that speaks
// another protocol may never send a line end.
func (c *conn) readStatus(src []byte) (n int, more bool, err error) {
	known := min(len(src), len(versionPrefix))
	if string(src[:known]) != versionPrefix[:known] {
		return 0, false, ErrVersion
	}
	text, n, err := c.line(src, c.room, ErrHeaderLimit)
	if n == 0 {
		return 0, false, err
	}
	if err = c.setStatus(src[:text]); err != nil {
		return 0, false, err
	}
	c.room -= int64(n)
	c.state, c.framing.first = header, true
	return n, true, nil
}

// setStatus takes a status line apart, which begins with versionPrefix: a digit, spaces, three digits and a reason or none.
// More than one space is tolerated (RFC 9112, section 4).
func (c *conn) setStatus(line []byte) error {
	rest := line[len(versionPrefix):]
	if len(rest) == 0 || rest[0] < '0' || rest[0] > '9' {
		return ErrVersion
	}
	c.framing.http10 = rest[0] == '0'
	if len(rest) < 2 || rest[1] != ' ' {
		return ErrStatusLine
	}
	for rest = rest[1:]; len(rest) > 0 && rest[0] == ' '; {
		rest = rest[1:]
	}
	if len(rest) < 3 || len(rest) > 3 && rest[3] != ' ' {
		return ErrStatus
	}
	status, ok := decimal(rest[:3])
	switch {
	case !ok || status < 100:
		return ErrStatus
	case status == 101:
		return ErrUpgrade
	}
	c.status = int(status)
	return nil
}

// readHeader reads header lines, of the head or of a trailer section; more says that the empty line after them was read.
func (c *conn) readHeader(src []byte) (n int, more bool, err error) {
	for n < len(src) {
		if c.pending != other && !blank(src[n]) {
			if err = c.settle(); err != nil {
				return n, false, err
			}
		}
		name, text, size, err := c.headerLine(src[n:])
		if size == 0 {
			return n, false, err
		}
		line := src[n : n+text]
		n += size
		c.room -= int64(size)
		if text == 0 {
			return n, true, nil
		}
		if name == 0 {
			err = c.continuation(line)
		} else {
			c.framing.first = false
			if c.kept != nil && c.status >= 200 {
				c.kept.AddHeader(line[:name], trim(line[name+1:]))
			}
			if k := kindOf(line[:name]); k != other && c.state == header {
				err = c.keep(k, line[name+1:], src[n:])
			}
		}
		if err != nil {
			return n, false, err
		}
	}
	return n, false, nil
}

// headerLine is line for a header: name is the length of the name before the colon, 0 where there is no such thing.
// Nearly every line is whole and ends in CRLF; then name and value are scanned once each.
func (c *conn) headerLine(src []byte) (name, text, size int, err error) {
	if c.scanned == 0 {
		if name = nameLen(src); name > 0 {
			text = control(src, name+1)
		}
		if size = text + 2; endsAt(src, text) && int64(size) <= c.room {
			return name, text, size, nil
		}
	}
	text, size, err = c.line(src, c.room, ErrHeaderLimit)
	return nameLen(src[:text]), text, size, err
}

// nameLen returns the length of the name that line begins with; 0 where it does not begin with a name and a colon.
func nameLen(line []byte) int {
	if i := tokenLen(line); i < len(line) && line[i] == ':' {
		return i
	}
	return 0
}

// keep takes in a header that matters: now, or once it is known that no continuation line follows in what comes next.
func (c *conn) keep(k kind, value, next []byte) error {
	if len(next) > 0 && !blank(next[0]) {
		return c.framing.apply(k, value)
	}
	c.pending, c.value = k, append(c.value[:0], value...)
	return nil
}

// settle applies the pending header: no continuation line follows.
func (c *conn) settle() error {
	k := c.pending
	c.pending = other
	return c.framing.apply(k, c.value)
}

// continuation reads a line that does not begin with a name and a colon. It may continue the value before it by beginning
// with a blank (obs-fold, RFC 9112, section 5.2), which matters where that header is pending.
func (c *conn) continuation(line []byte) error {
	if !blank(line[0]) || c.framing.first {
		return ErrHeaderName
	}
	if c.pending != other {
		c.value = append(append(c.value, ' '), trim(line)...)
	}
	return nil
}

// kindOf looks a header name up. Few names have one of the three lengths, so that most are done without a comparison.
func kindOf(name []byte) kind {
	const lengths = 1<<len("connection") | 1<<len("content-length") | 1<<len("transfer-encoding")
	if uint64(lengths)>>uint(len(name))&1 == 0 {
		return other
	}
	return lookUp(name)
}

func lookUp(name []byte) kind {
	switch {
	case equalFold(name, "content-length"):
		return contentLength
	case equalFold(name, "connection"):
		return connection
	case equalFold(name, "transfer-encoding"):
		return transferEncoding
	}
	return other
}
