package http

import "math"

// body passes over the content of one request, whatever pieces it comes in, and keeps none of it.
type body struct {
	state chunkState
	left  int64 // bytes of content until the end, or until the end of the chunk
	line  int   // bytes of the present size line, or of all trailers
	size  int64 // bytes of content passed over
}

type chunkState uint8

// Where in a body the next byte stands. The states after plain are those of the chunked coding (RFC 9112, section 7.1).
const (
	plain       chunkState = iota
	sizeFirst              // the first digit of a chunk's size
	sizeMore               // further digits
	sizeExt                // the rest of the size line
	sizeEnd                // its LF
	data                   // content
	dataCR                 // the CR behind it
	dataLF                 // the LF behind that
	trailer                // the first byte of a trailer line, or of the empty line at the end
	trailerLine            // further bytes of it
	trailerEnd             // its LF
	lastLF                 // the LF of the empty line
)

// lineLimit bounds what a client may send around its chunks, so that it cannot talk for ever without content.
const lineLimit = 4096

// start makes b ready for the content of r and tells whether there is any.
func (b *body) start(r *request) bool {
	*b = body{left: max(r.length, 0)}
	if r.chunked {
		b.state = sizeFirst
	}
	return r.chunked || r.length > 0
}

// skip passes over the part of the content that src begins with and tells whether it ended there.
func (b *body) skip(src []byte, limit int64) (n int, done bool, bad *refusal) {
	for n < len(src) {
		if b.state == plain || b.state == data {
			m := int(min(b.left, int64(len(src)-n)))
			n += m
			b.left -= int64(m)
			b.size += int64(m)
			if b.left > 0 {
				return n, false, nil
			}
			if b.state == plain {
				return n, true, nil
			}
			b.state = dataCR
			continue
		}
		bad := b.step(src[n])
		n++
		switch {
		case bad != nil:
			return n, false, bad
		case b.size+b.left > limit:
			return n, false, bodyTooLong
		case b.state == plain:
			return n, true, nil
		}
	}
	return n, false, nil
}

// step takes one byte of what stands around the content of chunks; it ends in plain behind the last.
func (b *body) step(c byte) *refusal {
	if b.line++; b.line > lineLimit {
		return badChunk
	}
	switch b.state {
	case sizeFirst, sizeMore, sizeExt:
		return b.stepSize(c)
	case sizeEnd:
		switch {
		case c != '\n':
			return badChunk
		case b.left == 0:
			b.state, b.line = trailer, 0
		default:
			b.state = data
		}
		return nil
	case dataCR:
		return b.expect(c, '\r', dataLF)
	case dataLF:
		b.line = 0
		return b.expect(c, '\n', sizeFirst)
	case trailer, trailerLine:
		switch {
		case c == '\r' && b.state == trailer:
			b.state = lastLF
		case c == '\r':
			b.state = trailerEnd
		case charset[c]&isValue == 0:
			return badChunk
		default:
			b.state = trailerLine
		}
		return nil
	case trailerEnd:
		return b.expect(c, '\n', trailer)
	default:
		return b.expect(c, '\n', plain)
	}
}

// stepSize takes one byte of a chunk's size line before its LF.
func (b *body) stepSize(c byte) *refusal {
	digit := hexDigit(c)
	switch {
	case b.state == sizeExt && c == '\r' || b.state == sizeMore && c == '\r':
		b.state = sizeEnd
	case b.state == sizeExt && charset[c]&isValue != 0:
	case b.state == sizeMore && (c == ';' || c == ' ' || c == '\t'):
		b.state = sizeExt
	case b.state != sizeExt && digit >= 0 && b.left <= math.MaxInt64>>8:
		b.left = b.left<<4 | digit
		b.state = sizeMore
	default:
		return badChunk
	}
	return nil
}

func (b *body) expect(c, want byte, next chunkState) *refusal {
	if c != want {
		return badChunk
	}
	b.state = next
	return nil
}

func hexDigit(c byte) int64 {
	switch {
	case c >= '0' && c <= '9':
		return int64(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int64(c|0x20-'a') + 10
	}
	return -1
}
