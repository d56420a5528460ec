package thrift

import (
	"encoding/binary"
	"math"
)

// head is the beginning of a message.
type head struct {
	name    []byte // a part of the message; JSON's escapes are left as they are
	kind    uint8
	seq     int32
	seqFrom int // where the sequence id stands
	seqTo   int
	body    int // where the arguments or the result begin; JSON: behind the sequence id
}

// readHead reads the head of the message b, of which JSON must have come whole; r is what it may use. ok is false where too little has arrived.
func (c *codec) readHead(r *reader, b []byte) (h head, ok bool, err error) {
	switch c.protocol {
	case binaryProtocol:
		return c.binaryHead(b)
	case compactProtocol:
		return c.compactHead(b)
	}
	return jsonHead(r, b)
}

func (c *codec) binaryHead(b []byte) (h head, ok bool, err error) {
	if len(b) < 4 {
		return h, false, nil
	}
	first := binary.BigEndian.Uint32(b)
	at, loose := 0, false
	switch {
	case first&versionMask == strictVersion:
		h.kind, at = b[3], 4
	case c.config.Strict || first&(1<<31) != 0:
		return h, false, ErrVersion
	default:
		loose = true // the name comes first, the kind behind it
	}
	if len(b) < at+4 {
		return h, false, nil
	}
	n := binary.BigEndian.Uint32(b[at:])
	if at += 4; int64(n) > c.config.FrameLimit {
		return h, false, ErrLimit
	}
	end := at + int(n)
	tail := end
	if loose {
		tail++
	}
	if len(b) < tail+4 {
		return h, false, nil
	}
	if h.name = b[at:end]; loose {
		h.kind = b[end]
	}
	h.seq = int32(binary.BigEndian.Uint32(b[tail:]))
	h.seqFrom, h.seqTo, h.body = tail, tail+4, tail+4
	return h, true, nil
}

func (c *codec) compactHead(b []byte) (h head, ok bool, err error) {
	if len(b) > 0 && b[0] != compactID || len(b) > 1 && b[1]&31 != compactVersion {
		return h, false, ErrVersion
	}
	if len(b) < 3 {
		return h, false, nil
	}
	h.kind = b[1] >> 5
	seq, k, err := varint(b[2:])
	if k == 0 || err != nil {
		return h, false, err
	}
	h.seq, h.seqFrom, h.seqTo = int32(uint32(seq)), 2, 2+k
	n, k, err := varint(b[h.seqTo:])
	if k == 0 || err != nil {
		return h, false, err
	}
	at := h.seqTo + k
	if n > uint64(c.config.FrameLimit) {
		return h, false, ErrLimit
	}
	if h.body = at + int(n); len(b) < h.body {
		return h, false, nil
	}
	h.name = b[at:h.body]
	return h, true, nil
}

// jsonHead reads the head of a whole message.
func jsonHead(r *reader, b []byte) (h head, ok bool, err error) {
	r.begin(jsonProtocol, b, 0)
	r.open(false)
	if v := r.number(); r.err == nil && v != jsonVersion {
		return h, false, ErrVersion
	}
	h.name = r.quoted()
	kind := r.number()
	r.separate()
	h.seqFrom = r.at
	seq := r.digits()
	if kind < 0 || kind > math.MaxUint8 || seq != int64(int32(seq)) {
		r.fail(ErrJSON)
	}
	h.kind, h.seq, h.seqTo, h.body = uint8(kind), int32(seq), r.at, r.at
	return h, r.err == nil, r.err
}
