package dns

import (
	"encoding/binary"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
	"github.com/miekg/dns"
)

// codec implements [transport.Codec] for streams and [transport.Datagrams] for UDP. It does not change, and so may be used by
// several goroutines.
type codec struct {
	config    Config
	byDefault uint16 // type
	statuses  *transport.Statuses
}

var (
	_ transport.Datagrams = (*codec)(nil)
	_ transport.Labeler   = (*codec)(nil)
)

// Of the header (RFC 1035, section 4.1.1): its length, and bits of its second two bytes.
const (
	headerLen = 12
	bitQR     = 1 << 15
	opcodes   = 0xf << 11
	bitTC     = 1 << 9
	bitRD     = 1 << 8
	rcodes    = 0xf
)

// bitDO stands in the OPT record's TTL (RFC 3225, section 3).
const bitDO = 1 << 15

// prefixLen is the length of a message's length over a stream (RFC 1035, section 4.2.2).
const prefixLen = 2

// AppendRequest implements [transport.Codec]: a query whose id is yet to be written. On an error dst comes back as it was.
func (c *codec) AppendRequest(dst []byte, req *load.Request, target *load.Target) ([]byte, error) {
	req.Hold, req.OneWay = 0, false
	q, err := parseLine(req.Body, c.byDefault)
	if err != nil {
		return dst, err
	}
	out := dst
	if !target.Datagram {
		out = append(out, 0, 0)
	}
	start := len(out)
	out = c.appendHeader(out)
	if out, err = q.append(out); err != nil {
		return dst, err
	}
	out = c.appendOPT(out)
	if !target.Datagram {
		binary.BigEndian.PutUint16(out[start-prefixLen:], uint16(len(out)-start))
	}
	return out, nil
}

// appendHeader appends the header: one question, and one additional record where there is EDNS.
func (c *codec) appendHeader(dst []byte) []byte {
	flags, additional := uint16(0), byte(0)
	if c.config.Recursion {
		flags |= bitRD
	}
	if c.config.EDNS.Size > 0 {
		additional = 1
	}
	return append(dst, 0, 0, byte(flags>>8), byte(flags), 0, 1, 0, 0, 0, 0, 0, additional)
}

// appendOPT appends the OPT record (RFC 6891, section 6.1.2).
func (c *codec) appendOPT(dst []byte) []byte {
	if c.config.EDNS.Size == 0 {
		return dst
	}
	ttl := uint32(0)
	if c.config.EDNS.DO {
		ttl = bitDO
	}
	dst = append(dst, 0)
	dst = binary.BigEndian.AppendUint16(dst, dns.TypeOPT)
	dst = binary.BigEndian.AppendUint16(dst, uint16(c.config.EDNS.Size))
	dst = binary.BigEndian.AppendUint32(dst, ttl)
	return append(dst, 0, 0)
}

// Matching implements [transport.Datagrams]: by the id of 16 bits.
func (c *codec) Matching() transport.Matching {
	return transport.Matching{Match: transport.MatchKey, Bits: 16, Sockets: c.config.Sockets}
}

// Stamp implements [transport.Datagrams].
func (c *codec) Stamp(wire []byte, key uint64) { binary.BigEndian.PutUint16(wire, uint16(key)) }

// ParseDatagram implements [transport.Datagrams].
func (c *codec) ParseDatagram(b []byte, resp *load.Response) (key uint64, found bool, err error) {
	if len(b) < headerLen {
		return 0, false, ErrShort
	}
	return uint64(binary.BigEndian.Uint16(b)), true, c.read(b, resp)
}

// read reads an answer of at least a header's length into resp.
func (c *codec) read(msg []byte, resp *load.Response) error {
	s, err := inspect(msg)
	if err != nil {
		return err
	}
	resp.Status = s.status(c.statuses)
	resp.Body = int64(len(msg))
	if resp.Keep > 0 {
		keepAnswers(msg, resp)
	}
	return nil
}

// Label implements [transport.Labeler]: the name of the type that is asked for.
func (c *codec) Label(req *load.Request) string {
	q, err := parseLine(req.Body, c.byDefault)
	if err != nil {
		return ""
	}
	if label, ok := typeLabels[q.kind]; ok {
		return label
	}
	return otherLabel
}

// StatusName implements [transport.Codec].
func (c *codec) StatusName(status int) string { return c.statuses.Name(status) }

// ServerError implements [transport.Codec]: the server could not or would not answer.
func (c *codec) ServerError(status int) bool {
	switch status {
	case dns.RcodeFormatError, dns.RcodeServerFailure, dns.RcodeNotImplemented, dns.RcodeRefused:
		return true
	}
	return false
}
