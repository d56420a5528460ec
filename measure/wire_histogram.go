package measure

import (
	"encoding/binary"
	"math/bits"
)

// A histogram on the wire is the number of buckets that are not empty and, if there are any, for each a code:
//
//	gap<<1              one value, in the bucket behind gap empty ones
//	(count-2)<<2 | 1    more of them, in the next bucket
//	(count-2)<<2 | 3    the same behind a gap, which follows
//
// then how far the sum lies above the buckets' lowest values, the smallest value above the lowest of the first bucket, and the
// largest above the lowest of the last; all of them as unsigned varints. So the usual bucket takes one byte: of few values they
// lie apart, of many they lie side by side.
const (
	wireHistogramVersion = 1
	wireCounted          = 1
	wireGap              = 2
)

// AppendBinary appends h in a compact form, the same for the same content, and implements [encoding.BinaryAppender]. The error is
// always nil. Counts of a bucket are exact below 2^62.
func (h *Histogram) AppendBinary(b []byte) ([]byte, error) {
	return h.appendWire(append(b, wireHistogramVersion)), nil
}

// UnmarshalBinary implements [encoding.BinaryUnmarshaler]: it replaces h's content by what [Histogram.AppendBinary] wrote. After
// an error h is empty. It keeps no part of b.
func (h *Histogram) UnmarshalBinary(b []byte) error {
	h.Reset()
	r := wireReader{b: b}
	r.version(wireHistogramVersion)
	r.histogram(h)
	err := r.end("histogram")
	if err != nil {
		h.Reset()
	}
	return err
}

func (h *Histogram) appendWire(dst []byte) []byte {
	n := 0
	h.Each(func(int64, int64, uint64) { n++ })
	dst = binary.AppendUvarint(dst, uint64(n))
	if n == 0 {
		return dst
	}
	next := 0
	var least wide
	h.Each(func(lo, _ int64, n uint64) {
		i := bucketOf(lo)
		gap := uint64(i - next)
		switch {
		case n == 1:
			dst = binary.AppendUvarint(dst, gap<<1)
		case gap == 0:
			dst = binary.AppendUvarint(dst, (n-2)<<2|wireCounted)
		default:
			dst = binary.AppendUvarint(dst, (n-2)<<2|wireCounted|wireGap)
			dst = binary.AppendUvarint(dst, gap)
		}
		next = i + 1
		least.addProduct(n, uint64(lo))
	})
	first, _ := bucketRange(bucketOf(h.Min()))
	last, _ := bucketRange(bucketOf(h.max))
	dst = binary.AppendUvarint(dst, h.sum-least.low) // at most 1/1024 of the sum: 64 bits of 74
	dst = binary.AppendUvarint(dst, uint64(h.Min()-first))
	return binary.AppendUvarint(dst, uint64(h.max-last))
}

// histogram reads a histogram and adds it to h; after a fault nothing of it, so that h keeps its invariants. Memory comes with the
// buckets that were read: a block of 1 kB for each of them at most, and 264 blocks in all.
func (r *wireReader) histogram(h *Histogram) {
	n := r.uvarint()
	if n == 0 {
		return
	}
	again := *r
	sum := r.buckets(n)
	if r.err != nil {
		return
	}
	lowest, smallMost := bucketRange(sum.first)
	highest, largeMost := bucketRange(sum.last)
	over, small, large := r.uvarint(), r.uvarint(), r.uvarint()
	smallest, largest := lowest+int64(min(small, uint64(MaxValue))), highest+int64(min(large, uint64(MaxValue)))
	switch {
	case r.err != nil:
	case sum.overflow:
		r.fail(errOverflow)
	case smallest > smallMost, largest > min(largeMost, MaxValue), smallest > largest:
		r.fail(errExtremes)
	case sum.room.high == 0 && over > sum.room.low:
		r.fail(errSum)
	default:
		again.count(h, n)
		h.count += sum.count
		h.addSum(sum.least.high, sum.least.low)
		h.addSum(0, over)
		h.max = max(h.max, largest)
		h.below = max(h.below, MaxValue-smallest)
	}
}

// buckets checks n buckets and adds them up.
func (r *wireReader) buckets(n uint64) (t tally) {
	last := bucketOf(MaxValue)
	t.first, t.last = -1, -1
	for ; n > 0; n-- {
		gap, count := r.bucket()
		if r.err != nil {
			return t
		}
		if gap >= uint64(last-t.last) {
			r.fail(errBucket)
			return t
		}
		t.last += 1 + int(gap)
		if t.first < 0 {
			t.first = t.last
		}
		t.add(t.last, count)
	}
	return t
}

// count adds n buckets, which have been checked, to h's.
func (r *wireReader) count(h *Histogram, n uint64) {
	for i := -1; n > 0; n-- {
		gap, count := r.bucket()
		i += 1 + int(gap)
		h.touch(i >> blockBits)[i&(blockSize-1)] += count
	}
}

// bucket reads a bucket's code: how many empty ones lie before it, and its count.
func (r *wireReader) bucket() (gap, n uint64) {
	code := r.uvarint()
	switch {
	case code&wireCounted == 0:
		return code >> 1, 1
	case code&wireGap == 0:
		return 0, code>>2 + 2
	default:
		return r.uvarint(), code>>2 + 2
	}
}

// wide is a number of 128 bits.
type wide struct{ high, low uint64 }

// addProduct adds a·b.
func (w *wide) addProduct(a, b uint64) {
	high, low := bits.Mul64(a, b)
	sum, carry := bits.Add64(w.low, low, 0)
	w.low, w.high = sum, w.high+high+carry
}

// tally adds up buckets that came in, and sees when they are too many.
type tally struct {
	first, last int // their numbers
	count       uint64
	least       wide // the sum if all values were the lowest of their buckets
	room        wide // by how much it is larger if they are the highest
	overflow    bool
}

func (t *tally) add(i int, n uint64) {
	lo, hi := bucketRange(i)
	count, carry := bits.Add64(t.count, n, 0)
	t.count, t.overflow = count, t.overflow || carry != 0
	t.least.addProduct(n, uint64(lo))
	t.room.addProduct(n, uint64(hi-lo))
}
