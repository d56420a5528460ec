package memtext

import (
	"errors"
	"fmt"
	"math"
)

// CheckKey holds a key to protocol.txt: 1 to 250 bytes, no blanks, no control characters.
func (w *Writer) CheckKey(key []byte) error {
	switch {
	case len(key) == 0:
		return fmt.Errorf("%s: no %s", w.Package, w.KeyName)
	case len(key) > KeyLimit:
		return w.Bad(w.KeyName, key, fmt.Sprintf("it has %d bytes; want at most %d", len(key), KeyLimit))
	case !visible(key):
		return w.Bad(w.KeyName, key, "it holds a control character")
	}
	return nil
}

// CheckTime holds a time to 32 bits; negative ones mean "expired already".
func (w *Writer) CheckTime(t []byte) error {
	digits := t
	if len(t) > 0 && t[0] == '-' {
		digits = t[1:]
	}
	if _, ok := Number(digits, mostTime); !ok {
		return w.Bad("expiry time", t, "want a number of seconds, or a Unix time")
	}
	return nil
}

// CheckNumber holds a number to 64 bits.
func (w *Writer) CheckNumber(b []byte) error {
	if _, ok := Number(b, math.MaxUint64); !ok {
		return w.Bad("number", b, "want one from 0 to 18446744073709551615")
	}
	return nil
}

// CheckWord holds any other word to visible characters.
func (w *Writer) CheckWord(b []byte) error {
	if !visible(b) {
		return w.Bad("word", b, "it holds a control character")
	}
	return nil
}

// CheckNoData refuses data after a command that has none.
func (w *Writer) CheckNoData(name string, c *Command) error {
	switch {
	case len(c.Data) == 0:
		return nil
	case c.Form == Parts:
		return w.Bad("body", c.Data, name+" has no data; leave the body out")
	}
	return w.Bad("second line", c.Data, name+" has no data; make one request of each command")
}

// visible tells whether b has no blanks and no control characters. Bytes beyond ASCII may be in it.
func visible(b []byte) bool {
	for _, c := range b {
		if c <= ' ' || c == 0x7f {
			return false
		}
	}
	return true
}

// Bad says what cannot be sent. The value is shown up to 80 bytes.
func (w *Writer) Bad(what string, value []byte, want string) error {
	const most = 80
	more := ""
	if len(value) > most {
		value, more = value[:most], "…"
	}
	return fmt.Errorf("%s: %s %q%s: %s", w.Package, what, value, more, want)
}

// CheckSizes checks the configuration fields value_limit and value_size.
func CheckSizes(limit, size int64) error {
	var errs []error
	if limit < 1 {
		errs = append(errs, fmt.Errorf("value_limit: %d is too small; want at least 1 byte", limit))
	}
	if size < 0 || size > limit {
		errs = append(errs, fmt.Errorf("value_size: %d; want 0 for none, or a size up to value_limit, %d", size, limit))
	}
	return errors.Join(errs...)
}
