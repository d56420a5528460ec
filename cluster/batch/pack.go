package batch

import "github.com/klauspost/compress/s2"

const (
	leastPacked = 512     // a shorter body is not worth a try
	sampleSize  = 8 << 10 // so much is tried first, unless the batch before was worth it
	mostSkipped = 64
)

// packer compresses bodies while that pays, by an eighth at least. After one that it did not pay for, some are not even tried,
// more and more of them.
type packer struct {
	pays bool
	wait int // so many more are not tried
	skip int // how many that was the last time
	out  []byte
}

// pack returns the body as it is to be sent, valid until the next call.
func (p *packer) pack(body []byte) (packed []byte, form byte) {
	switch {
	case len(body) < leastPacked:
		return body, plainBody
	case p.wait > 0:
		p.wait--
		return body, plainBody
	case !p.pays && len(body) > 2*sampleSize:
		from := (len(body) - sampleSize) / 2
		if !p.try(body[from : from+sampleSize]) {
			return body, plainBody
		}
	}
	if !p.try(body) {
		return body, plainBody
	}
	return p.out, s2Body
}

// try compresses b and remembers whether it paid.
func (p *packer) try(b []byte) bool {
	if most := s2.MaxEncodedLen(len(b)); most < 0 { // of more than 4 GiB
		return false
	} else if cap(p.out) < most {
		p.out = make([]byte, most+most/4)
	}
	p.out = s2.Encode(p.out[:cap(p.out)], b)
	if p.pays = len(p.out) <= len(b)-len(b)/8; p.pays {
		p.skip = 0
		return true
	}
	p.skip = min(max(2*p.skip, 1), mostSkipped)
	p.wait = p.skip
	return false
}

// Append appends the message to dst. The batch stays as it is.
func (b *Builder) Append(dst []byte) []byte {
	body, form := b.body, byte(plainBody)
	if !b.Plain {
		body, form = b.pack(b.body)
	}
	dst = append(dst, version, form)
	dst = appendUvarint(dst, uint64(b.n))
	dst = appendUvarint(dst, uint64(b.first))
	dst = appendUvarint(dst, uint64(len(b.body)))
	return append(dst, body...)
}
