package dns

import (
	"encoding/binary"

	"github.com/miekg/dns"

	"github.com/iagoloadgen/iago/transport"
)

// What can be wrong with an answer.
var (
	// ErrShort: fewer bytes than the 12 of a header.
	ErrShort = &transport.Malformed{Cause: "message shorter than its header"}
	// ErrQuery: the QR bit says that it is no answer but a question.
	ErrQuery = &transport.Malformed{Cause: "a question instead of an answer"}
	// ErrOpcode: an answer to something else than a query.
	ErrOpcode = &transport.Malformed{Cause: "answer of another opcode"}
	// ErrID: over a stream, the answer to another request, or to none.
	ErrID = &transport.Malformed{Cause: "answer with another id"}
	// ErrName: a label of more than 63 bytes, a name of more than 255, or a pointer that does not point back (RFC 1035, section 4.1.4).
	ErrName = &transport.Malformed{Cause: "bad name"}
	// ErrRecords: the message ends before the questions and records that its header counts.
	ErrRecords = &transport.Malformed{Cause: "message ends within its records"}
)

// survey is what is found out about an answer.
type survey struct {
	rcode     int // extended by EDNS (RFC 6891, section 6.1.3)
	truncated bool
	answers   int
	referral  bool // names servers of a zone below, and no zone of its own
}

// begins checks the header that an answer begins with.
func begins(msg []byte) error {
	flags := binary.BigEndian.Uint16(msg[2:])
	switch {
	case flags&bitQR == 0:
		return ErrQuery
	case flags&opcodes != 0:
		return ErrOpcode
	}
	return nil
}

// The sections of records, in their order.
const (
	answer = iota
	authority
	additional
	sections
)

// inspect looks through an answer of at least a header's length: every name and record must have its place. What follows after a
// cut that the server tells of is not looked at.
func inspect(msg []byte) (s survey, err error) {
	if err := begins(msg); err != nil {
		return s, err
	}
	flags := binary.BigEndian.Uint16(msg[2:])
	s.rcode, s.truncated = int(flags&rcodes), flags&bitTC != 0
	s.answers = int(binary.BigEndian.Uint16(msg[6:]))
	if s.truncated {
		return s, nil
	}
	at, err := skipQuestions(msg)
	ns, soa := false, false
	for section := 0; section < sections && err == nil; section++ {
		for n := binary.BigEndian.Uint16(msg[6+2*section:]); n > 0; n-- {
			var r record
			if r, err = recordAt(msg, at); err != nil {
				break
			}
			at = r.end
			switch {
			case section == authority:
				ns, soa = ns || r.kind == dns.TypeNS, soa || r.kind == dns.TypeSOA
			case section == additional && r.kind == dns.TypeOPT:
				s.rcode = s.rcode&rcodes | int(r.ttl>>24)<<4
			}
		}
	}
	s.referral = ns && !soa
	return s, err
}

// skipQuestions returns where the first record begins.
func skipQuestions(msg []byte) (at int, err error) {
	at = headerLen
	for n := binary.BigEndian.Uint16(msg[4:]); n > 0; n-- {
		if at, err = skipName(msg, at); err != nil {
			return at, err
		}
		if at += 4; at > len(msg) {
			return at, ErrRecords
		}
	}
	return at, nil
}

// record is a resource record's frame (RFC 1035, section 4.1.3).
type record struct {
	kind, class uint16
	ttl         uint32
	data, end   int // where its data is
}

// recordAt reads the record at that place.
func recordAt(msg []byte, at int) (r record, err error) {
	if at, err = skipName(msg, at); err != nil {
		return r, err
	}
	const frame = 10
	if len(msg)-at < frame {
		return r, ErrRecords
	}
	b := msg[at : at+frame]
	r = record{kind: binary.BigEndian.Uint16(b), class: binary.BigEndian.Uint16(b[2:]), ttl: binary.BigEndian.Uint32(b[4:])}
	r.data = at + frame
	if r.end = r.data + int(binary.BigEndian.Uint16(b[8:])); r.end > len(msg) {
		return r, ErrRecords
	}
	return r, nil
}

// skipName returns where the name at that place ends. A pointer is not followed.
func skipName(msg []byte, at int) (end int, err error) {
	for start := at; at < len(msg); {
		n := int(msg[at])
		switch {
		case n == 0:
			return at + 1, nil
		case n >= 0xc0:
			if at+1 >= len(msg) {
				return 0, ErrRecords
			}
			if to := int(binary.BigEndian.Uint16(msg[at:])) & 0x3fff; to >= start {
				return 0, ErrName
			}
			return at + 2, nil
		case n > maxLabel:
			return 0, ErrName
		}
		if at += 1 + n; at-start >= maxName {
			return 0, ErrName
		}
	}
	return 0, ErrRecords
}
