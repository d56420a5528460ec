// Package transport is the seam between the engine and the protocols: a [Codec] turns requests into bytes and
// bytes into answers, knows no socket, no clock and no goroutine, and so runs on the event loop and under a fuzzer alike.
// Each protocol has a folder below this one; it registers itself under its name.
package transport

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/iagoloadgen/iago/load"
)

// Codec speaks one protocol. Its methods may be called from several goroutines at once.
type Codec interface {
	// AppendRequest appends req, encoded for target, to dst. It sets req.Hold where only a part may be sent at first.
	// The error says what of the request cannot be encoded; the request then counts as a bad record.
	AppendRequest(dst []byte, req *load.Request, target *load.Target) ([]byte, error)
	// NewConn returns the state of one fresh connection.
	NewConn() Conn
	// StatusName is how a status is shown in figures ("200"); ServerError tells whether the protocol calls it
	// an error of the server (HTTP 5xx).
	StatusName(status int) string
	ServerError(status int) bool
}

// Conn reads the answers of one connection, in the order of the requests, one at a time. It is used by one goroutine.
type Conn interface {
	// Start says that req is the one that what follows on the connection answers: when it is about to be written or, where
	// requests were written before its predecessors had their answers, when the last of these has been read.
	Start(req *load.Request)
	// Parse consumes the beginning of src, all that has arrived and not been consumed so far, and returns how many
	// bytes it took and whether the answer is complete. Bytes that it leaves come again, with more behind them.
	// eof says that nothing will follow; Parse is then called once, perhaps with an empty src.
	// An error is one of the protocol's declared malformations ([Malformed]) or [ErrEarlyClose]; the connection is then closed.
	// Parse must not keep src. Whatever the cuts between calls, the result is the same.
	Parse(src []byte, eof bool, resp *load.Response) (n int, done bool, err error)
}

// ErrEarlyClose is returned by Parse at eof in the middle of an answer (or before it).
var ErrEarlyClose = errors.New("closed early")

// Malformed is an answer that breaks the protocol's rules. Codecs declare one variable for each cause, so that
// causes can be counted without allocating.
type Malformed struct{ Cause string }

func (m *Malformed) Error() string { return "malformed answer: " + m.Cause }

// Config configures a protocol: a pointer to a struct with yaml tags, filled with the defaults.
type Config interface {
	// Validate returns all that is wrong, joined; each error begins with the yaml name of the field ("header_limit: …").
	Validate() error
	// NewCodec is called once a run, after Validate.
	NewCodec() (Codec, error)
}

// Protocol is what a registered transport tells of itself.
type Protocol struct {
	Name    string            // "http1"
	Summary string            // one line for `iago list`
	Doc     string            // its README, for `iago help transport NAME`
	Schemes map[string]Scheme // by URL scheme: "http", "https"
	Lines   bool              // a request is a line of text or a block of bytes (Request.Body), not a path with headers
	Config  func() Config     // a fresh configuration with the defaults
}

// Scheme says how a URL scheme is reached.
type Scheme struct {
	Port     int // default port; 0: none, it must be given
	TLS      bool
	Datagram bool // UDP
	Unix     bool // the rest of the address is the path of a Unix socket ("unix:/run/x.sock")
}

var (
	mu        sync.RWMutex
	protocols = map[string]Protocol{}
)

// Register makes a protocol known. It panics on a name or scheme that is taken.
func Register(p Protocol) {
	mu.Lock()
	defer mu.Unlock()
	if _, ok := protocols[p.Name]; ok {
		panic("transport: registered twice: " + p.Name)
	}
	for _, q := range protocols {
		for s := range q.Schemes {
			if _, ok := p.Schemes[s]; ok {
				panic(fmt.Sprintf("transport: %s and %s both claim %s://", q.Name, p.Name, s))
			}
		}
	}
	protocols[p.Name] = p
}

// ByScheme finds the protocol of a URL scheme.
func ByScheme(scheme string) (Protocol, bool) {
	mu.RLock()
	defer mu.RUnlock()
	for _, p := range protocols {
		if _, ok := p.Schemes[scheme]; ok {
			return p, true
		}
	}
	return Protocol{}, false
}

// ByName finds a protocol by its name.
func ByName(name string) (Protocol, bool) {
	mu.RLock()
	defer mu.RUnlock()
	p, ok := protocols[name]
	return p, ok
}

// All returns the registered protocols, sorted by name.
func All() []Protocol {
	mu.RLock()
	defer mu.RUnlock()
	out := make([]Protocol, 0, len(protocols))
	for _, p := range protocols {
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b Protocol) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	return out
}
