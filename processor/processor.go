// Package processor makes requests of records: by configuration ([New]), by a Go function ([Func]), or by any [Processor] of a
// user's own, which the suite in processortest holds to the seam's contract. [Labeler] groups requests in figures.
package processor

import "github.com/iagoloadgen/iago/load"

// Processor turns a record into requests. It is used by one goroutine.
type Processor interface {
	// Process calls add once for each request that rec becomes and fills in what add returns (empty, its memory
	// reused) before it calls add again or returns. An error makes rec a bad record: none of its requests are sent, so it
	// is best found before the first add. rec is only read, and its bytes are gone after Process returns: copy with Request.Keep.
	Process(rec *load.Record, add func() *load.Request) error
}

// Func is a Processor made of a function.
type Func func(rec *load.Record, add func() *load.Request) error

// Process calls f.
func (f Func) Process(rec *load.Record, add func() *load.Request) error { return f(rec, add) }
