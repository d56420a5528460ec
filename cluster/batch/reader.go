package batch

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/iagoloadgen/iago/load"
	"github.com/klauspost/compress/s2"
)

// Reader takes the records out of a batch. It is not safe for concurrent use.
type Reader struct {
	first int64
	count int
	n     int // records read
	plain []byte
	err   error // final

	in    input
	files []string // by number, as all tables
	names []names
	zones []zone
	known struct{ files, names, zones int } // how many of them are of this batch; the others are of earlier ones

	file   int // of the record before, as all that follows
	line   int64
	shape  int
	zone   *time.Location
	second int64
}

// names are those of a kind of records.
type names struct {
	key    []byte
	list   [][]byte // parts of key: headers' names, then fields'
	header int      // how many of them are headers'
}

type zone struct {
	key      []byte
	location *time.Location
}

// Open begins to read a message. It is an error if its records take more than most bytes when they are not compressed. The message
// must not change until the last record has been read.
func Open(message []byte, most int) (*Reader, error) {
	r := new(Reader)
	if err := r.Reset(message, most); err != nil {
		return nil, err
	}
	return r, nil
}

// Reset is [Open] with r's memory: going through one batch after the other allocates nothing.
func (r *Reader) Reset(message []byte, most int) error {
	r.n, r.count, r.first, r.in = 0, 0, 0, input{b: message}
	r.known.files, r.known.names, r.known.zones = 0, 0, 0
	r.file, r.line, r.shape, r.zone, r.second = 0, 0, 0, time.UTC, 0
	if r.err = r.open(most); r.err != nil {
		r.err = fmt.Errorf("cluster/batch: message: %w", r.err)
	}
	return r.err
}

// open reads the head and makes the body plain.
func (r *Reader) open(most int) error {
	in := &r.in
	if v := in.byte(); in.err == nil && v != version {
		return fmt.Errorf("version %d of its form, expected %d; use the same release in all processes of a job", v, version)
	}
	form, count, first, size := in.byte(), in.uvarint(), in.uvarint(), in.uvarint()
	switch {
	case in.err != nil:
		return in.err
	case most < 0 || size > uint64(most):
		return fmt.Errorf("its records take %d bytes, expected at most %d", size, most)
	case count > size/leastRecord:
		return fmt.Errorf("%d records in %d bytes: %w", count, size, errCutOff)
	case first > math.MaxInt64:
		return fmt.Errorf("its first record is number %d: %w", first, errNumber)
	case form > s2Body:
		return fmt.Errorf("form %d of the body, expected %d (plain) or %d (S2)", form, plainBody, s2Body)
	case form == s2Body:
		n, err := s2.DecodedLen(in.b)
		if err == nil && uint64(n) != size {
			err = fmt.Errorf("of %d bytes, expected %d", n, size)
		}
		if err == nil {
			if cap(r.plain) < n {
				r.plain = make([]byte, n+n/4)
			}
			in.b, err = s2.Decode(r.plain[:cap(r.plain)], in.b)
		}
		if err != nil {
			return fmt.Errorf("compressed body: %w", err)
		}
	case uint64(len(in.b)) != size:
		return fmt.Errorf("a body of %d bytes, expected %d", len(in.b), size)
	}
	r.first, r.count = int64(first), int(count)
	return nil
}

// First is the ordinal in its source of the batch's first record.
func (r *Reader) First() int64 { return r.first }

// Len is the number of records in the batch, those included that have been read.
func (r *Reader) Len() int { return r.count }

// Read fills rec with the next record, in rec's own memory. At the end it returns io.EOF, and then as well as after an error the
// same again.
func (r *Reader) Read(rec *load.Record) error {
	rec.Reset()
	switch {
	case r.err != nil:
		return r.err
	case r.n < r.count:
		r.record(rec)
		r.n++
	case len(r.in.b) > 0:
		r.in.fail(errTrailing)
	default:
		r.err = io.EOF
		return r.err
	}
	if r.in.err != nil {
		rec.Reset()
		r.err = fmt.Errorf("cluster/batch: record %d of %d: %w", r.n, r.count, r.in.err)
	}
	return r.err
}

func (r *Reader) record(rec *load.Record) {
	in := &r.in
	flags := in.byte()
	if flags >= hasContent<<1 {
		in.fail(errFlags)
	}
	if flags&hasFile != 0 {
		r.readFile()
	}
	r.line++
	if flags&hasLine != 0 {
		r.line += unzigzag(in.uvarint())
	}
	if flags&hasNames != 0 {
		r.readNames()
	}
	if flags&hasTime != 0 {
		rec.Time = r.readTime(flags)
	}
	if r.known.files == 0 || r.known.names == 0 {
		in.fail(errNumber)
	}
	if in.err != nil {
		return
	}
	rec.File, rec.Line = r.files[r.file], r.line
	rec.Raw = append(rec.Raw, in.take(in.uvarint())...)
	in.begin(rec.Raw)
	rec.Method = in.part(rec.Method)
	rec.URI = in.part(rec.URI)
	s := &r.names[r.shape]
	rec.Header = in.values(rec.Header, s.list[:s.header])
	rec.Fields = in.values(rec.Fields, s.list[s.header:])
	if flags&hasContent != 0 {
		rec.Body = in.part(rec.Body)
		rec.Object = in.part(rec.Object)
	}
}

// readFile, readNames and readZone read a number and, where it is the next one, what it stands for from now on.
func (r *Reader) readFile() {
	i, key, fresh := r.in.entry(r.known.files)
	r.file = i
	if !fresh {
		return
	}
	r.known.files++
	if i == len(r.files) {
		r.files = append(r.files, "")
	}
	if r.files[i] != string(key) {
		r.files[i] = string(key)
	}
}

func (r *Reader) readNames() {
	i, key, fresh := r.in.entry(r.known.names)
	r.shape = i
	if !fresh {
		return
	}
	r.known.names++
	if i == len(r.names) {
		r.names = append(r.names, names{})
	}
	s := &r.names[i]
	if s.list != nil && bytes.Equal(s.key, key) {
		return
	}
	s.key = append(s.key[:0], key...)
	if !s.parse() {
		r.in.fail(errNames)
	}
}

func (s *names) parse() bool {
	in := input{b: s.key}
	header := in.uvarint()
	if s.list == nil {
		s.list = [][]byte{}
	}
	s.list = s.list[:0]
	for len(in.b) > 0 && in.err == nil {
		s.list = append(s.list, in.take(in.uvarint()))
	}
	if in.err != nil || header > uint64(len(s.list)) {
		s.key, s.list = s.key[:0], nil
		return false
	}
	s.header = int(header)
	return true
}

func (r *Reader) readZone() {
	switch r.in.byte() {
	case 0:
		r.zone = time.UTC
		return
	case 1:
	default:
		r.in.fail(errNumber)
		return
	}
	i, key, fresh := r.in.entry(r.known.zones)
	if fresh {
		r.known.zones++
		if i == len(r.zones) {
			r.zones = append(r.zones, zone{})
		}
		z := &r.zones[i]
		if z.location == nil || !bytes.Equal(z.key, key) {
			z.key, z.location = append(z.key[:0], key...), nil
			offset, n := binary.Varint(key)
			if n <= 0 || int64(int32(offset)) != offset {
				r.in.fail(errNumber)
				return
			}
			z.location = time.FixedZone(string(key[n:]), int(offset))
		}
	}
	if r.in.err == nil {
		r.zone = r.zones[i].location
	}
}

func (r *Reader) readTime(flags byte) time.Time {
	if flags&hasZone != 0 {
		r.readZone()
	}
	r.second += unzigzag(r.in.uvarint())
	nanos := uint64(0)
	if flags&hasNanos != 0 {
		if nanos = r.in.uvarint(); nanos >= 1e9 {
			r.in.fail(errNanos)
			return time.Time{}
		}
	}
	return time.Unix(r.second, int64(nanos)).In(r.zone)
}
