package thrift

import (
	"encoding/binary"
	"math/rand/v2"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
)

// Finagle's extension of the framed binary protocol: a client calls a method that only servers with it know of. From then on
// each of its messages comes behind a struct RequestHeader, in the same frame, and each answer behind a ResponseHeader. (The
// structs stand in finagle-thrift's tracing.thrift.)
const upgradeMethod = "__can__finagle__trace__v3__"

// The fields of RequestHeader that we write. All but the ids are the same in all requests.
const (
	fieldTrace    = 1
	fieldSpan     = 2
	fieldSampled  = 5
	fieldClient   = 6
	fieldFlags    = 7
	fieldContexts = 8
)

// Where the ids stand in it: behind a field's type and id.
const (
	traceAt = 3
	spanAt  = traceAt + 8 + 3
)

// requestHeader is the struct with blanks for the ids. There is no parent: each request begins a trace.
func (c *Config) requestHeader() []byte {
	e := encoder{protocol: binaryProtocol}
	outer := e.structBegin()
	e.field(tI64, fieldTrace)
	e.integer(tI64, 0)
	e.field(tI64, fieldSpan)
	e.integer(tI64, 0)
	e.boolField(fieldSampled, c.Sampled)
	if c.ClientID != "" {
		e.field(tStruct, fieldClient)
		e.structBegin()
		e.field(tString, 1)
		e.word(c.ClientID)
		e.structEnd(0)
	}
	e.field(tI64, fieldFlags)
	e.integer(tI64, 0)
	e.field(tList, fieldContexts)
	e.list(tStruct, 0)
	e.structEnd(outer)
	return e.b
}

func traceStart() uint64 { return rand.Uint64() }

// sealTrace fills in a trace id, which is the id of its first span too. Ids are a counter put through the finalizer of
// SplitMix64 (Steele, Lea, Flood 2014), which no two numbers share.
func (c *codec) sealTrace(header []byte) {
	const golden = 0x9e3779b97f4a7c15
	z := c.trace.Add(golden)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	z ^= z >> 31
	binary.BigEndian.PutUint64(header[traceAt:], z)
	binary.BigEndian.PutUint64(header[spanAt:], z)
}

// upgradeConn is a connection that asks for the extension first. It implements [transport.Greeter] and [transport.Stamper].
type upgradeConn struct{ conn }

var (
	_ transport.Greeter = (*upgradeConn)(nil)
	_ transport.Stamper = (*upgradeConn)(nil)
)

// Greet implements [transport.Greeter].
func (c *upgradeConn) Greet(dst []byte) []byte {
	start := len(dst)
	e := encoder{protocol: binaryProtocol, b: append(dst, 0, 0, 0, 0)}
	e.messageBegin(upgradeMethod, kindCall, 0)
	e.structEnd(e.structBegin()) // ConnectionOptions, which has no fields
	binary.BigEndian.PutUint32(e.b[start:], uint32(len(e.b)-start-lengthSize))
	return e.b
}

// Welcome implements [transport.Greeter]: a reply means that the server has the extension, an exception that it does not.
func (c *upgradeConn) Welcome(src []byte, eof bool, reply []byte) (n int, said []byte, done bool, err error) {
	from, end, ok, err := c.frame(src)
	switch {
	case err != nil:
		return 0, reply, false, err
	case !ok && eof:
		return 0, reply, false, transport.ErrEarlyClose
	case !ok:
		return 0, reply, false, nil
	}
	h, ok, err := c.codec.readHead(&c.reader, src[from:end])
	switch {
	case err != nil:
		return 0, reply, false, err
	case !ok:
		return 0, reply, false, ErrShort
	case h.kind == kindReply && string(h.name) != upgradeMethod:
		return 0, reply, false, ErrMethod
	case h.kind != kindReply && h.kind != kindException:
		return 0, reply, false, ErrKind
	}
	c.upgraded = h.kind == kindReply
	return end, reply, true, nil
}

// Stamp implements [transport.Stamper]: on a connection without the extension the header must not be there. The frame's
// length cannot change any more, so a last argument that no server knows, and each skips, takes up as many bytes instead.
func (c *upgradeConn) Stamp(wire []byte, _ *load.Request) {
	prefix := len(c.codec.prefix)
	if c.upgraded || len(wire) <= prefix {
		return
	}
	const id, head = 0x7fff, 1 + 2 + 4 // of a field of type string: type, id, length
	end := lengthSize + copy(wire[lengthSize:], wire[prefix:]) - 1
	filler := wire[end : len(wire)-1]
	clear(wire[end:])
	filler[0] = byte(tString)
	binary.BigEndian.PutUint16(filler[1:], id)
	binary.BigEndian.PutUint32(filler[3:], uint32(len(filler)-head))
}
