package transport

import (
	"context"
	"io"
	"time"

	"github.com/iagoloadgen/iago/load"
)

// Pather is a Config with paths of files or folders in it. They are relative to the spec file until the run begins.
type Pather interface {
	// Paths are the fields themselves, to be changed in place.
	Paths() []*string
}

// What a Codec may do besides. The engine looks for these once a run.

// Router is a Codec that says itself which target a request goes to (keys spread over servers). A request that is routed
// goes there and nowhere else, also when that target is down.
type Router interface {
	// Route returns the index of the target, or -1 where any will do. It is called from several goroutines at once. When the
	// targets change during a run, another slice is given; for a moment the old and the new one may come in turn.
	Route(req *load.Request, targets []load.Target) int
}

// Labeler is a Codec that knows a good label for requests that have none, such as the command's name. The label must come
// from a bounded set and not be made anew for each request.
type Labeler interface {
	Label(req *load.Request) string
}

// Sequential is a Codec whose answers end in a way that leaves no room for another one behind them, so that a connection cannot
// carry a pipeline.
type Sequential interface {
	Sequential() bool
}

// Discoverer is a Codec that asks the given targets for the ones that there are to load (the nodes of a cluster).
type Discoverer interface {
	// Discover returns the targets of the run, the given ones included where they still count. dial connects as the run would,
	// TLS included; the connection ends with ctx.
	Discover(ctx context.Context, targets []load.Target, dial Dial) ([]load.Target, error)
}

// Dial opens a connection to a target, for [Discoverer].
type Dial func(ctx context.Context, t *load.Target) (io.ReadWriteCloser, error)

// What a Conn may do besides. The engine looks for these on each fresh connection.

// Greeter is a Conn that has something to say and to hear before its first request (a handshake, a login). The time that
// takes is part of the first request's wait.
type Greeter interface {
	// Greet appends what is said first; nothing: no greeting is needed.
	Greet(dst []byte) []byte
	// Welcome consumes the beginning of src as Conn.Parse does and appends to reply what is to be said next. done: requests may
	// follow now. An error ends the connection and the request that waits for it; see [Refused].
	Welcome(src []byte, eof bool, reply []byte) (n int, said []byte, done bool, err error)
}

// Refused is why a server would not have a connection (wrong password, no such database). Codecs bound the causes by naming
// the kind of refusal rather than its whole text. The cause is counted as that of a failed request.
type Refused struct{ Cause string }

func (r *Refused) Error() string { return "refused: " + r.Cause }

// Prefixer is a Conn that hears of bytes that were sent before a request, because of a Response.Redirect elsewhere.
type Prefixer interface {
	// Prefixed is called before the Start of a request that RedirectPrefix went before.
	Prefixed(prefix []byte)
}

// Patient is a Conn whose answers may end by silence.
type Patient interface {
	// Silence is how long nothing must have come, after something has, for the answer to be over; the same for all connections
	// of a run. 0: silence says nothing.
	Silence() time.Duration
	// Silent is called after that long. done: the answer is complete, as if Parse had said so.
	Silent(resp *load.Response) (done bool)
}

// Stamper is a Conn that writes something of its own into each request before it is sent (a sequence number). It gets a copy
// of the bytes that AppendRequest made, and may change but not lengthen them. Start follows, with the same or
// earlier requests, as the answers come.
type Stamper interface {
	Stamp(wire []byte, req *load.Request)
}

// Datagrams is a Codec whose requests and answers are datagrams, one each. NewConn is not used then.
type Datagrams interface {
	Codec
	// Matching says how answers find their requests.
	Matching() Matching
	// Stamp writes a key into the datagram that is about to be sent, where Matching goes by keys. wire is a copy of what
	// AppendRequest made.
	Stamp(wire []byte, key uint64)
	// ParseDatagram reads an answer and returns its key. An error is a [Malformed]; key then counts only if found says so.
	ParseDatagram(b []byte, resp *load.Response) (key uint64, found bool, err error)
}

// Match is a way for answers to find their requests.
type Match uint8

// Ways to match.
const (
	MatchNone  Match = iota // no answers are expected: a datagram has ended when it is handed to the kernel
	MatchOrder              // the next answer on a socket answers its oldest request
	MatchKey                // by a key that the engine draws, unique on its socket for as long as an answer could come
)

// Matching is a Match with its figures.
type Matching struct {
	Match Match
	Bits  int // of a key: 8 to 64. A socket holds at most 2^Bits requests at once
	// Sockets is how many sockets a target is asked from; 0: one for each shard.
	Sockets int
}
