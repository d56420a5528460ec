package udp

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
	"github.com/iagoloadgen/iago/transport/tcp/payload"
)

// ErrShort is an answer that ends before its id does: nothing says which request it answers.
var ErrShort = &transport.Malformed{Cause: "answer too short for its id"}

// matches are the ways to match by their names.
var matches = map[string]transport.Match{
	"none": transport.MatchNone, "order": transport.MatchOrder, "id": transport.MatchKey,
}

// The numbers of the outcomes.
const (
	statusAnswered = iota // no expectation
	statusOK              // begins as it should
	statusOther           // begins otherwise
)

// codec implements [transport.Datagrams]. It does not change, and so may be used by several goroutines.
type codec struct {
	encoding payload.Encoding
	suffix   []byte
	ok       []byte // empty: no expectation
	matching transport.Matching
	offset   int // where the id begins
	end      int // and where it ends; 0: there is none
	little   bool
	statuses *transport.Statuses
}

var _ transport.Datagrams = (*codec)(nil)

// NewCodec implements [transport.Config]; it fails where Validate does.
func (c *Config) NewCodec() (transport.Codec, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	k := &codec{matching: transport.Matching{Match: matches[c.Answers], Sockets: c.Sockets}, little: c.ID.Order == "little"}
	if k.matching.Match == transport.MatchKey {
		k.offset, k.end, k.matching.Bits = c.ID.Offset, c.ID.Offset+c.ID.Size, 8*c.ID.Size
	}
	first := "answered"
	if k.matching.Match == transport.MatchNone {
		first = "sent"
	}
	k.statuses = transport.NewStatuses(first, "ok", "other")
	var errs [3]error
	k.encoding, errs[0] = payload.Named(c.Encoding)
	k.suffix, errs[1] = payload.Unescape(c.Suffix)
	k.ok, errs[2] = payload.Unescape(c.OK)
	return k, errors.Join(errs[:]...)
}

// AppendRequest implements [transport.Codec]. On an error dst comes back as it was.
func (c *codec) AppendRequest(dst []byte, req *load.Request, _ *load.Target) ([]byte, error) {
	req.Hold, req.OneWay = 0, c.matching.Match == transport.MatchNone
	out, err := c.encoding.Append(dst, req.Body)
	if err != nil {
		return dst, fmt.Errorf("transport/udp: request: %w", err)
	}
	out = append(out, c.suffix...)
	switch n := len(out) - len(dst); {
	case n == 0:
		return dst, errNothing
	case n > maxDatagram:
		return dst, fmt.Errorf("transport/udp: request: %d bytes are too many for a datagram; want at most %d", n, maxDatagram)
	case n < c.end:
		return dst, fmt.Errorf("transport/udp: request: %d bytes have no room for an id from byte %d to %d; make it longer or change udp.id", n, c.offset+1, c.end)
	}
	return out, nil
}

var errNothing = errors.New("transport/udp: request: no bytes to send; want a record or request.body")

// NewConn implements [transport.Codec]; a codec of datagrams is not asked for one.
func (c *codec) NewConn() transport.Conn { return nil }

// Matching implements [transport.Datagrams].
func (c *codec) Matching() transport.Matching { return c.matching }

// Stamp implements [transport.Datagrams]: the key's lower bytes are the id.
func (c *codec) Stamp(wire []byte, key uint64) {
	id := wire[c.offset:c.end]
	for i := range id {
		at := i
		if !c.little {
			at = len(id) - 1 - i
		}
		id[at] = byte(key >> (8 * i))
	}
}

// ParseDatagram implements [transport.Datagrams].
func (c *codec) ParseDatagram(b []byte, resp *load.Response) (key uint64, found bool, err error) {
	if len(b) < c.end {
		return 0, false, ErrShort
	}
	resp.Body = int64(len(b))
	resp.AppendContent(b)
	switch {
	case len(c.ok) == 0:
		resp.Status = statusAnswered
	case bytes.HasPrefix(b, c.ok):
		resp.Status = statusOK
	default:
		resp.Status = statusOther
	}
	return c.key(b), c.end > 0, nil
}

// key reads the id.
func (c *codec) key(b []byte) (key uint64) {
	id := b[c.offset:c.end]
	for i := range id {
		at := i
		if c.little {
			at = len(id) - 1 - i
		}
		key = key<<8 | uint64(id[at])
	}
	return key
}

// StatusName implements [transport.Codec].
func (c *codec) StatusName(status int) string { return c.statuses.Name(status) }

// ServerError implements [transport.Codec]: an answer that does not begin as it should.
func (c *codec) ServerError(status int) bool { return status == statusOther }
