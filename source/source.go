// Package source reads records: from files and standard input, plain or compressed, in the formats of access logs and lists of URIs.
package source

import "github.com/iagoloadgen/iago/load"

// Source yields records one after the other. It is used by one goroutine, [Stats] apart.
type Source interface {
	// Read fills r with the next record. io.EOF says that there are no more.
	Read(r *load.Record) error
	// Stats counts what has been read so far; safe to call while another goroutine reads.
	Stats() Stats
	Close() error
}

// Stats counts records.
type Stats struct {
	Read     int64    // good records handed out
	Bad      int64    // entries that are no record
	Filtered int64    // good ones left out on purpose
	Loops    int64    // times the source was started over
	FirstBad []string // the first three bad ones: "access.log:17: combined: no closing quote after the request: `…`"
}
