// Package stream serves protocols that run over connections (TCP, TLS, Unix sockets) with a goroutine for each connection, and
// behaves as a [model.Model] says: answers leave when their service time is over, and faults happen when they are due.
//
// A protocol is a [Session]: it cuts requests out of bytes and makes answers of them. Sockets, time, faults and figures are
// this package's.
//
// All whole requests of one read arrive together, and without a latency model their answers leave in one write. With one, a
// second goroutine for the connection sends each answer at its departure while requests go on being read, so that pipelined
// requests are worked on side by side; answers keep the order of their requests. A request takes effect when it arrives.
package stream

import "time"

// Protocol is what a target speaks.
type Protocol struct {
	Name       string // of the kind of target: redis, tcp, …
	Scheme     string // of its address: redis, tcp, …
	SchemeTLS  string // of its address with TLS
	Listen     string // where it listens unless told otherwise
	Garbage    []byte // what the fault of that name answers with: no answer of this protocol
	NewSession func(Waiter) Session
	Figures    func() map[string]int64 // figures of its own; nil: none
}

// Session is the protocol's side of one connection. It is used by one goroutine at a time.
type Session interface {
	// Next looks for a request at the beginning of src and returns how many bytes it is, 0 if it is not whole yet: then the same
	// bytes come again with more behind them. What the session keeps of it may point into src until Answer or Fail has
	// returned. kind is what the request is counted under. eof: no more bytes will come. An error ends the connection; a
	// [*Malformed] says with which answer.
	Next(src []byte, eof bool) (n int, kind string, err error)
	// Answer carries out the request that Next found last, and appends its answer to dst; none means that the protocol gives
	// no answer. last: the connection ends after it.
	Answer(dst []byte) (out []byte, last bool)
	// Fail does not carry it out, and appends the protocol's way to say that the server failed.
	Fail(dst []byte, status int) []byte
	// Close tells that the connection is gone. Nothing is called afterwards.
	Close()
}

// Waiter lets a session's Answer wait for something that other connections do.
type Waiter interface {
	// Wait sends the answers before this one, and returns true when ready is closed, false after the given time, or when the
	// connection or the target has ended.
	Wait(ready <-chan struct{}, atMost time.Duration) bool
}

// Malformed is why bytes are no request. Causes must come from a bounded set.
type Malformed struct {
	Cause  string
	Answer []byte // what the client is told before the connection ends; nil: nothing
}

func (m *Malformed) Error() string { return "malformed: " + m.Cause }
