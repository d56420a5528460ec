package thrift

import (
	"encoding/binary"
	"maps"
	"slices"
)

const (
	lengthSize = 4
	headerMeta = 10 // magic, flags, sequence id, length of the head in words
	magic      = 0x0fff
)

// newPrefix is what comes before each message.
func (c *codec) newPrefix() []byte {
	switch {
	case c.carrier == buffered:
		return nil
	case c.carrier == header:
		info := infoHead(c.protocol, c.config.Info)
		b := make([]byte, lengthSize, lengthSize+headerMeta+len(info))
		b = append(b, magic>>8, magic&0xff, 0, 0, 0, 0, 0, 0)
		return append(binary.BigEndian.AppendUint16(b, uint16(len(info)/4)), info...)
	case c.config.Upgrade:
		return append(make([]byte, lengthSize), c.config.requestHeader()...)
	}
	return make([]byte, lengthSize)
}

// infoHead is the changeable part of a header frame's head: protocol, no transforms, info headers, padding.
func infoHead(p protocol, info map[string]string) []byte {
	b := []byte{p.number(), 0}
	if len(info) > 0 {
		const keyValue = 1
		b = binary.AppendUvarint(append(b, keyValue), uint64(len(info)))
		for _, name := range slices.Sorted(maps.Keys(info)) {
			b = append(binary.AppendUvarint(b, uint64(len(name))), name...)
			b = append(binary.AppendUvarint(b, uint64(len(info[name]))), info[name]...)
		}
	}
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}

// seal fills in what the prefix of wire leaves blank.
func (c *codec) seal(wire []byte, seq int32) {
	if c.carrier == buffered {
		return
	}
	binary.BigEndian.PutUint32(wire, uint32(len(wire)-lengthSize))
	switch {
	case c.carrier == header:
		binary.BigEndian.PutUint32(wire[8:], uint32(seq))
	case c.config.Upgrade:
		c.sealTrace(wire[lengthSize:])
	}
}

// payload returns where the message begins in a frame of the header transport.
func payload(frame []byte, p protocol) (at int, err error) {
	if len(frame) < headerMeta || binary.BigEndian.Uint16(frame) != magic {
		return 0, ErrHeader
	}
	at = headerMeta + 4*int(binary.BigEndian.Uint16(frame[8:]))
	if at > len(frame) {
		return 0, ErrHeader
	}
	b := frame[headerMeta:at]
	id, n, err := varint(b)
	if n == 0 || err != nil {
		return 0, ErrHeader
	}
	if id != uint64(p.number()) {
		return 0, ErrVersion
	}
	transforms, n, err := varint(b[n:])
	if n == 0 || err != nil {
		return 0, ErrHeader
	}
	if transforms > 0 {
		return 0, ErrTransform
	}
	return at, nil
}
