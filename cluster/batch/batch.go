// Package batch puts many records into one message, as feeders send them to workers, and takes them out again. A record comes out
// as it went in; only that nothing is an empty slice or nil is not told apart.
//
// A message is a head and a body. The head is a version, the form of the body, the number of records, the ordinal of the first of
// them, and the body's length when it is plain; the last three as unsigned varints. The body, plain or one block of S2
// (https://github.com/klauspost/compress/tree/master/s2), is one record after the other:
//
//	flags               a byte that says which of the following there are
//	file                number of the file's name, where it is not that of the record before
//	line                where it is not the next one, the distance from that
//	names               number of the names of header and fields, where they are not those of the record before
//	zone, time          number of the time's zone, where it is not that of the time before; seconds since that; nanoseconds
//	raw                 length and bytes
//	method, URI, values of header and fields, body, object
//	                    each the length, doubled, and the bytes; or, since most of them stand in raw, the length, doubled and one
//	                    more, and the distance from the end of the one found before
//
// What repeats from record to record (files, names, zones) is written where it first comes up and has a number from then on.
package batch

import (
	"encoding/binary"
	"errors"
)

const version = 1

// Forms of the body.
const (
	plainBody = 0
	s2Body    = 1
)

// Flags of a record.
const (
	hasFile byte = 1 << iota
	hasLine
	hasNames
	hasTime
	hasZone
	hasNanos
	hasContent // body and object, one of them at least
)

// maxCopies is how often a record's parts may repeat all of its raw entry: a message cannot make much more of its bytes.
const maxCopies = 4

// leastRecord is the fewest bytes that a record takes: flags, raw, method and URI.
const leastRecord = 4

// Faults of a message.
var (
	errCutOff   = errors.New("cut off")
	errVarint   = errors.New("a number of more than 64 bits")
	errNumber   = errors.New("a number that nothing has")
	errPart     = errors.New("a part that lies outside of the raw entry")
	errCopies   = errors.New("parts that are much larger than the raw entry they are of")
	errNames    = errors.New("names that are cut off")
	errFlags    = errors.New("unknown flags")
	errNanos    = errors.New("a second of more than 10^9 nanoseconds")
	errTrailing = errors.New("more bytes than its records take")
)

// zigzag makes small numbers of small distances in either direction, as [binary.AppendVarint] does.
func zigzag(n int64) uint64 { return uint64(n<<1) ^ uint64(n>>63) }

func unzigzag(u uint64) int64 { return int64(u>>1) ^ -int64(u&1) }

// appendUvarint is [binary.AppendUvarint], faster where a byte is enough.
func appendUvarint(dst []byte, n uint64) []byte {
	if n < 0x80 {
		return append(dst, byte(n))
	}
	return binary.AppendUvarint(dst, n)
}
