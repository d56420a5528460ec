// Package source reads records: from files and standard input, plain or compressed, in the formats of access logs and lists of URIs.
//
// [Open] puts four rooms in a row, each with a bounded memory of its own, so that a file of any size costs the same:
//
//	input (file, stdin) ──▶ unpacker (gzip, zstd, plain) ──▶ lineReader (bounded lines) ──▶ Format (a line to a record)
//
// A new format is a value given to [RegisterFormat]; a source of another kind (a queue, a database) implements [Source], is made
// known by [RegisterKind] and is held to the suite in sourcetest.
package source

import "github.com/iagoloadgen/iago/load"

// Source yields records one after the other. It is used by one goroutine, [Stats] apart.
type Source interface {
	// Read fills r with the next record. io.EOF says that there are no more. An error, io.EOF too, is final:
	// further calls return it again.
	Read(r *load.Record) error
	// Stats counts what has been read so far; safe to call while another goroutine reads.
	Stats() Stats
	Close() error
}

// Stats counts records, over all passes through a source that starts over at its end.
type Stats struct {
	Read     int64    // good records handed out
	Bad      int64    // entries that are no record, counted anew in every pass
	Filtered int64    // good ones left out on purpose
	Loops    int64    // times the source was started over
	FirstBad []string // the first three bad ones: "access.log:17: combined: no closing quote after the request: `…`"
}
