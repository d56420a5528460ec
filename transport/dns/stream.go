package dns

import (
	"encoding/binary"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
)

// stream is a connection over TCP or TLS. Its requests are numbered, so that an answer out of turn does not pass for another's. It
// implements [transport.Conn] and [transport.Stamper].
type stream struct {
	codec   *codec
	sent    uint16 // id of the last request that was sent
	awaited uint16 // id of the one that is answered now
	reading bool
}

var _ transport.Stamper = (*stream)(nil)

// NewConn implements [transport.Codec].
func (c *codec) NewConn() transport.Conn { return &stream{codec: c} }

// Stamp implements [transport.Stamper].
func (s *stream) Stamp(wire []byte, _ *load.Request) {
	s.sent++
	binary.BigEndian.PutUint16(wire[prefixLen:], s.sent)
}

// Start implements [transport.Conn].
func (s *stream) Start(*load.Request) {
	s.awaited++
	s.reading = true
}

// Parse implements [transport.Conn]. An answer is consumed at once, but a wrong one is refused as soon as its header shows it: a peer
// that speaks another protocol may never send as much as it seems to announce.
func (s *stream) Parse(src []byte, eof bool, resp *load.Response) (n int, done bool, err error) {
	n, done, err = s.parse(src, resp)
	if eof && !done && err == nil {
		err = transport.ErrEarlyClose
	}
	resp.Close = resp.Close || err != nil
	return n, done, err
}

func (s *stream) parse(src []byte, resp *load.Response) (n int, done bool, err error) {
	if !s.reading && len(src) > 0 {
		return 0, false, ErrID
	}
	if len(src) < prefixLen {
		return 0, false, nil
	}
	size := int(binary.BigEndian.Uint16(src))
	if size < headerLen {
		return 0, false, ErrShort
	}
	msg := src[prefixLen:]
	if len(msg) < headerLen {
		return 0, false, nil
	}
	if binary.BigEndian.Uint16(msg) != s.awaited {
		return 0, false, ErrID
	}
	if err = begins(msg); err != nil || len(msg) < size {
		return 0, false, err
	}
	if err = s.codec.read(msg[:size], resp); err != nil {
		return 0, false, err
	}
	s.reading = false
	return prefixLen + size, true, nil
}
