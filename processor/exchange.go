package processor

import (
	"errors"
	"io"
	"time"

	"github.com/iagoloadgen/iago/load"
)

// ErrFiltered is returned by Process for a record that is left out on purpose; it is counted as filtered, not as bad.
var ErrFiltered = errors.New("processor: filtered")

// Responder is a Processor that sees the outcomes of its requests. Respond is called by one goroutine, which is not the one that
// calls Process: guard what both use.
type Responder interface {
	Processor
	// Respond is called once for each request that was made and has had its outcome, follow-ups included, with an answer or,
	// where x.Cause says so, without one. x is gone after it returns.
	Respond(x *Exchange)
}

// BatchResponder is a Responder that is quicker with many exchanges at once (a program beyond a pipe). Respond is not called
// then.
type BatchResponder interface {
	Responder
	RespondAll(batch []*Exchange)
}

// Stage is what a Processor may be instead that works on many records at once: it reads the source by itself. Next is called by
// one goroutine; read, given to Open, by one of the stage's.
type Stage interface {
	// Open begins. read fills its record as Source.Read does and ends with io.EOF.
	Open(read func(*load.Record) error) error
	// Next makes the requests of one record, calling add as in Process. It returns a [*BadRecord], or [ErrFiltered], for records
	// that make none, and io.EOF after the last record. Close makes it return early.
	Next(add func() *load.Request) error
	io.Closer
}

// BadRecord says where a record stands that no requests could be made of, and why.
type BadRecord struct {
	File string
	Line int64
	Err  error
}

func (b *BadRecord) Error() string { return b.Err.Error() }

// Unwrap returns the reason.
func (b *BadRecord) Unwrap() error { return b.Err }

// Exchange is a request with its outcome.
type Exchange struct {
	Request  *load.Request
	Response load.Response // of the answer; void where Cause is set
	Status   string        // the response's status as figures show it
	Cause    string        // why there is no answer, as figures show it ("timeout", "connection refused", "unsent"); "": there is one
	Target   string        // the target's URL
	Due      time.Duration // since the run's start
	Latency  time.Duration // due → last byte, or → failure
	Service  time.Duration // first → last byte; 0 without an answer
	Depth    int           // 0: an arrival of the schedule; else one more than the exchange that this is a follow-up of

	followUps []FollowUp
	checks    []Check
	allowed   int
	blank     func() *load.Request
	refused   int
	scrap     load.Request
}

// FollowUp is a request made of a response.
type FollowUp struct {
	Request *load.Request
	Think   time.Duration
}

// Check is the outcome of a named check of a response.
type Check struct {
	Name   string
	Passed bool
}

// FollowUp adds a request that is due think after the response's end, and returns it, empty, to be filled in before Respond
// returns. Where the run's bounds on follow-ups are reached it returns a request that goes nowhere, which is counted.
func (x *Exchange) FollowUp(think time.Duration) *load.Request {
	if len(x.followUps) >= x.allowed {
		x.refused++
		x.scrap.Reset()
		return &x.scrap
	}
	req := x.blank()
	x.followUps = append(x.followUps, FollowUp{req, max(think, 0)})
	return req
}

// Check counts a check of this response under its name. A request with a failed check counts as an error in objectives and is
// sampled; it is not a failed request.
func (x *Exchange) Check(name string, passed bool) {
	x.checks = append(x.checks, Check{name, passed})
}

// Begin makes x ready for Respond: at most allowed follow-ups, whose requests come from blank. Request, Response and the other
// fields are the caller's to set. For the engine, and for tests of responders.
func (x *Exchange) Begin(allowed int, blank func() *load.Request) {
	x.allowed, x.blank, x.refused = allowed, blank, 0
	x.followUps, x.checks = x.followUps[:0], x.checks[:0]
}

// Result is what Respond asked for, and how many follow-ups beyond the bounds it asked for; valid until the next Begin.
func (x *Exchange) Result() (followUps []FollowUp, checks []Check, refused int) {
	return x.followUps, x.checks, x.refused
}
