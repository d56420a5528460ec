// Package processor makes requests of records.
package processor

import "github.com/iagoloadgen/iago/load"

// Processor turns a record into requests. It is used by one goroutine.
type Processor interface {
	// Process calls add once for each request that rec becomes and fills in what add returns (empty, its memory
	// reused) before it calls add again or returns. An error makes rec a bad record: none of its requests are sent.
	// rec's bytes are gone after Process returns: copy with Request.Keep.
	Process(rec *load.Record, add func() *load.Request) error
}

// Func is a Processor made of a function.
type Func func(rec *load.Record, add func() *load.Request) error

// Process calls f.
func (f Func) Process(rec *load.Record, add func() *load.Request) error { return f(rec, add) }
