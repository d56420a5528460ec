// Package poller is the one place that talks to the kernel about connections: it opens them without blocking,
// waits for what happens on any of them, and moves bytes. One small file for each way to do that.
//
// A Poller belongs to one goroutine, which may be locked to its thread; only Wake may be called from others.
package poller

import (
	"errors"
	"net"
	"net/netip"
)

// Handle names an open connection within its poller.
type Handle int

// Flags say what happened on a connection. They are hints: Read and Write tell the truth.
type Flags uint8

// What an Event can say.
const (
	Readable Flags = 1 << iota // Read has bytes, an end or an error to give
	Writable                   // connected, or room for more bytes
	Ended                      // nothing comes after what there is to read: the peer has closed, or the connection failed
)

// Event is one thing that happened. Token is what the connection was opened with.
type Event struct {
	Token uint64
	Flags Flags
}

// Addr is where to connect to: an address and port or, if Unix is set, the path of a socket.
type Addr struct {
	netip.AddrPort
	Unix string
}

// Sockets moves bytes. After a Readable event the caller reads until ErrAgain or until a read gives less than
// it had room for; it hears of a connection again only when more has arrived after that. If the event said Ended, it
// reads on to the end. Events may say Writable when nobody has asked.
type Sockets interface {
	// Open begins to connect; the first event on the connection tells that it is done. Connected then says how it went.
	// An error here means that no attempt could be begun (no descriptor, no local port) or that it was refused at once.
	Open(a Addr, token uint64) (Handle, error)
	Connected(h Handle) error
	// Adopt takes over a connection that something else has opened; it is closed if that fails.
	Adopt(c net.Conn, token uint64) (Handle, error)
	// Read and Write never block: ErrAgain. Read gives io.EOF at the orderly end. What is written goes out with the next
	// Wait at the latest, and must not change until the connection has given something back or is closed.
	Read(h Handle, b []byte) (int, error)
	Write(h Handle, b []byte) (int, error)
	// WriteNow is Write whose b may change as soon as it returns. A connection uses either this or Write for requests that
	// can be under way at the same time.
	WriteNow(h Handle, b []byte) (int, error)
	// WantWrite asks for a Writable event when there is room again (or no more), after a Write that gave ErrAgain.
	WantWrite(h Handle, token uint64, on bool) error
	Close(h Handle)
	// Abort is Close that takes back what the kernel has not sent yet, and resets the connection.
	Abort(h Handle)
}

// Datagrams moves datagrams, many at a time.
type Datagrams interface {
	// OpenDatagram makes a UDP socket that talks to a alone. It may be used at once; events come as for connections.
	OpenDatagram(a Addr, token uint64) (Handle, error)
	// SendBatch sends the datagrams of out in order, and returns how many the kernel took: fewer than all beside ErrAgain (ask
	// with WantWrite) or beside the error of the first one that it did not take. An error may be an earlier datagram's (refused).
	SendBatch(h Handle, out [][]byte) (int, error)
	// RecvBatch fills as many of in as there are datagrams, and sizes with their lengths; ErrAgain when there is none.
	RecvBatch(h Handle, in [][]byte, sizes []int) (int, error)
}

// Poller is a set of connections that can be waited for.
type Poller interface {
	Sockets
	Datagrams
	// Wait fills events with what has happened, and returns how many. It waits at most timeout nanoseconds: 0 only
	// looks, below 0 waits for ever. 0 events and no error: the time is over, Wake was called, or a signal came.
	Wait(events []Event, timeout int64) (int, error)
	// Wake makes the present or next Wait return early; safe from any goroutine, also after Shut.
	Wake()
	// Raw tells that handles are plain byte streams of the kernel, so that TLS must be done by the caller.
	Raw() bool
	// Shut closes everything that is still open.
	Shut()
}

// ErrAgain says that nothing can be read or written now.
var ErrAgain = errors.New("poller: would block")
