package batch

import (
	"bytes"
	"time"

	"github.com/iagoloadgen/iago/load"
)

// Builder makes a batch of records. Its zero value is ready; it is used again, after Reset, for its memory and for what it has
// learned about compression. It is not safe for concurrent use.
type Builder struct {
	Plain bool // never compress: for a bus that is not left by way of a network

	first int64
	n     int
	body  []byte
	packer

	files, names, zones table
	key                 []byte

	file   string // of the record before, as all that follows
	line   int64
	shape  int
	zone   int
	second int64
}

// Reset empties b. The next record is number first of its source.
func (b *Builder) Reset(first int64) {
	b.first, b.n, b.body = first, 0, b.body[:0]
	b.files.reset()
	b.names.reset()
	b.zones.reset()
	b.file, b.line, b.shape, b.zone, b.second = "", 0, 0, 0, 0
}

// Len is the number of records added.
func (b *Builder) Len() int { return b.n }

// Size is about how many bytes the message would take without compression.
func (b *Builder) Size() int { return len(b.body) + 16 }

// Add adds a record. It keeps no part of r.
func (b *Builder) Add(r *load.Record) {
	at := len(b.body)
	buf := append(b.body, 0)
	var flags byte
	if b.n == 0 || r.File != b.file {
		flags |= hasFile
		b.key, b.file = append(b.key[:0], r.File...), r.File
		buf, _ = b.files.append(buf, b.key)
	}
	if d := r.Line - b.line - 1; d != 0 {
		flags |= hasLine
		buf = appendUvarint(buf, zigzag(d))
	}
	b.line = r.Line
	b.key = appendNames(b.key[:0], r)
	if b.n == 0 || !b.names.is(b.shape, b.key) {
		flags |= hasNames
		buf, b.shape = b.names.append(buf, b.key)
	}
	if r.Time != (time.Time{}) {
		var has byte
		buf, has = b.addTime(buf, r.Time)
		flags |= has
	}
	buf = appendUvarint(buf, uint64(len(r.Raw)))
	buf = append(buf, r.Raw...)
	e := entry{raw: r.Raw, left: maxCopies * len(r.Raw)}
	buf = e.append(buf, r.Method)
	buf = e.append(buf, r.URI)
	for i := range r.Header {
		buf = e.append(buf, r.Header[i].Value)
	}
	for i := range r.Fields {
		buf = e.append(buf, r.Fields[i].Value)
	}
	if len(r.Body)+len(r.Object) > 0 {
		flags |= hasContent
		buf = e.append(buf, r.Body)
		buf = e.append(buf, r.Object)
	}
	buf[at] = flags
	b.body = buf
	b.n++
}

// addTime writes t by its distance from the time before.
func (b *Builder) addTime(buf []byte, t time.Time) ([]byte, byte) {
	has := hasTime
	zone := 0
	if t.Location() != time.UTC {
		name, offset := t.Zone()
		b.key = append(appendUvarint(b.key[:0], zigzag(int64(offset))), name...)
		if b.zone == 0 || !b.zones.is(b.zone-1, b.key) {
			has |= hasZone
			buf = append(buf, 1)
			buf, zone = b.zones.append(buf, b.key)
			b.zone = zone + 1
		}
	} else if b.zone != 0 {
		has |= hasZone
		buf, b.zone = append(buf, 0), 0
	}
	second := t.Unix()
	buf = appendUvarint(buf, zigzag(second-b.second))
	b.second = second
	if n := t.Nanosecond(); n > 0 {
		has |= hasNanos
		buf = appendUvarint(buf, uint64(n))
	}
	return buf, has
}

// appendNames writes how many headers r has, their names, and those of its fields: what a kind of records has in common.
func appendNames(key []byte, r *load.Record) []byte {
	key = appendUvarint(key, uint64(len(r.Header)))
	for i := range r.Header {
		key = appendUvarint(key, uint64(len(r.Header[i].Name)))
		key = append(key, r.Header[i].Name...)
	}
	for i := range r.Fields {
		key = appendUvarint(key, uint64(len(r.Fields[i].Name)))
		key = append(key, r.Fields[i].Name...)
	}
	return key
}

const (
	shortest = 3   // a shorter part takes as little by itself
	window   = 512 // so far ahead a part is looked for
	probe    = 56  // by so many of its bytes, which vector instructions look for
)

// entry is a raw entry in which parts are found.
type entry struct {
	raw  []byte
	at   int // the end of the part found last
	left int // bytes that parts may still repeat
}

// append writes part.
func (e *entry) append(buf, part []byte) []byte {
	n := len(part)
	if n >= shortest && n <= min(e.left, len(e.raw)) {
		if i := e.find(part); i >= 0 {
			buf = appendUvarint(buf, uint64(n)<<1|1)
			buf = appendUvarint(buf, zigzag(int64(i-e.at)))
			e.at = i + n
			e.left -= n
			return buf
		}
	}
	buf = appendUvarint(buf, uint64(n)<<1)
	return append(buf, part...)
}

// find looks for part behind the one before, where it stands as a rule, then at the entry's beginning. The search ends soon, so
// that many parts of a large entry do not take forever; what it misses is written out.
func (e *entry) find(part []byte) int {
	if i := e.findFrom(e.at, part); i >= 0 || e.at == 0 {
		return i
	}
	return e.findFrom(0, part)
}

func (e *entry) findFrom(from int, part []byte) int {
	ahead := e.raw[from:min(len(e.raw), from+window+len(part))]
	i := bytes.Index(ahead, part[:min(len(part), probe)])
	if i < 0 || !bytes.HasPrefix(ahead[i:], part) {
		return -1
	}
	return from + i
}
