package measure

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Faults of figures that came in.
var (
	errCutOff   = errors.New("cut off")
	errVarint   = errors.New("a number of more than 64 bits")
	errBucket   = errors.New("a bucket beyond the largest value")
	errOverflow = errors.New("counts whose sum is beyond 64 bits")
	errExtremes = errors.New("a smallest or largest value outside of its bucket")
	errSum      = errors.New("a sum that the buckets cannot have")
	errStatus   = errors.New("a status beyond the largest")
	errTrailing = errors.New("more bytes than belong to it")
)

// wireReader reads what came from another process. After the first fault it stays at it and reads zeros.
type wireReader struct {
	b   []byte
	err error
}

func (r *wireReader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
	r.b = nil
}

// version reads the version of the form, of which there is one so far.
func (r *wireReader) version(want uint64) {
	if v := r.uvarint(); r.err == nil && v != want {
		r.fail(fmt.Errorf("version %d of its form, expected %d; use the same release in all processes of a job", v, want))
	}
}

func (r *wireReader) uvarint() uint64 {
	if len(r.b) > 0 && r.b[0] < 0x80 {
		v := uint64(r.b[0])
		r.b = r.b[1:]
		return v
	}
	v, n := binary.Uvarint(r.b)
	switch {
	case n > 0:
		r.b = r.b[n:]
		return v
	case n < 0:
		r.fail(errVarint)
	default:
		r.fail(errCutOff)
	}
	return 0
}

func (r *wireReader) varint() int64 {
	u := r.uvarint()
	return int64(u>>1) ^ -int64(u&1)
}

// text returns the next text; it is the reader's.
func (r *wireReader) text() []byte {
	n := r.uvarint()
	if n > uint64(len(r.b)) {
		r.fail(errCutOff)
		return nil
	}
	t := r.b[:n]
	r.b = r.b[n:]
	return t
}

// each calls f once for every entry of a list. An entry takes a byte at least, so a count that is too large ends where the bytes do.
func (r *wireReader) each(f func()) {
	for n := r.uvarint(); n > 0 && r.err == nil; n-- {
		f()
	}
}

// end demands that all has been read, and tells the first fault as one of what was to be read.
func (r *wireReader) end(what string) error {
	if r.err == nil && len(r.b) > 0 {
		r.fail(errTrailing)
	}
	if r.err != nil {
		return fmt.Errorf("measure: %s: %w", what, r.err)
	}
	return nil
}

func appendText(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

// appendNumbers writes numbers that are small and not negative as a rule.
func appendNumbers(dst []byte, list ...*int64) []byte {
	for _, n := range list {
		dst = binary.AppendVarint(dst, *n)
	}
	return dst
}

// numbers reads what appendNumbers wrote, and adds.
func (r *wireReader) numbers(list ...*int64) {
	for _, n := range list {
		*n += r.varint()
	}
}
