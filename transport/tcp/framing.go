package tcp

import (
	"bytes"
	"encoding/binary"

	"github.com/iagoloadgen/iago/load"
)

// reader consumes the beginning of an answer's bytes and says whether its end was among them.
type reader func(c *conn, src []byte, resp *load.Response) (n int, done bool, err error)

// readers are the framings by their names; none has no reader.
var readers = map[string]reader{
	"delimiter": (*conn).readDelimited,
	"length":    (*conn).readAnnounced,
	"fixed":     (*conn).readFixed,
	"silence":   (*conn).readOn,
	"close":     (*conn).readOn,
	"none":      nil,
}

// readDelimited reads up to the delimiter. What may be the beginning of one is left, so that a delimiter is never seen in parts.
func (c *conn) readDelimited(src []byte, resp *load.Response) (n int, done bool, err error) {
	if i := bytes.Index(src, c.delimiter); i >= 0 {
		if n, err = c.take(src[:i], resp); err != nil {
			return n, false, err
		}
		return i + len(c.delimiter), true, nil
	}
	n, err = c.take(src[:len(src)-begun(src, c.delimiter)], resp)
	return n, false, err
}

// begun is the length of the longest end of src that the delimiter begins with.
func begun(src, delimiter []byte) int {
	for n := min(len(src), len(delimiter)-1); n > 0; n-- {
		if bytes.HasPrefix(delimiter, src[len(src)-n:]) {
			return n
		}
	}
	return 0
}

// readAnnounced reads an answer that announces its length.
func (c *conn) readAnnounced(src []byte, resp *load.Response) (n int, done bool, err error) {
	if !c.known {
		head := c.length.Offset + c.length.Size
		if len(src) < head {
			return 0, false, nil
		}
		if c.left, err = c.total(src[c.length.Offset:head]); err != nil {
			return 0, false, err
		}
		c.known = true
	}
	return c.readLeft(src, resp)
}

// total is the length of an answer with that length field, from its first byte on.
func (c *conn) total(field []byte) (int64, error) {
	var b [8]byte
	var announced uint64
	if c.little {
		copy(b[:], field)
		announced = binary.LittleEndian.Uint64(b[:])
	} else {
		copy(b[8-len(field):], field)
		announced = binary.BigEndian.Uint64(b[:])
	}
	head := int64(c.length.Offset + len(field))
	if announced > 1<<62 {
		return 0, ErrLimit
	}
	rest := int64(announced) + c.length.Adjust
	switch {
	case rest < 0:
		return 0, ErrLength
	case rest > c.limit-head:
		return 0, ErrLimit
	}
	return head + rest, nil
}

// readFixed reads an answer of the known size.
func (c *conn) readFixed(src []byte, resp *load.Response) (n int, done bool, err error) {
	if !c.known {
		c.left, c.known = c.size, true
	}
	return c.readLeft(src, resp)
}

func (c *conn) readLeft(src []byte, resp *load.Response) (n int, done bool, err error) {
	n, err = c.take(src[:min(int64(len(src)), c.left)], resp)
	c.left -= int64(n)
	return n, c.left == 0 && err == nil, err
}

// readOn reads all there is: the end shows otherwise.
func (c *conn) readOn(src []byte, resp *load.Response) (n int, done bool, err error) {
	n, err = c.take(src, resp)
	return n, false, err
}
