package measure

import "testing"

// TestSumsBeyond64Bits: as many seconds as a large job has, doubled until their sum has 70 bits, keep it exactly, on the wire too.
func TestSumsBeyond64Bits(t *testing.T) {
	var h Histogram
	for _, v := range []int64{1, 3, 1_000_000_007, MaxValue - 1} {
		h.Record(v)
	}
	mean := h.Mean()
	high, low := h.Sum()
	for range 28 {
		var twice Histogram
		twice.Add(&h)
		twice.Add(&h)
		h = twice
		high, low = high<<1|low>>63, low<<1
	}
	b, err := h.AppendBinary(nil)
	if err != nil {
		t.Fatal(err)
	}
	var again Histogram
	if err := again.UnmarshalBinary(b); err != nil {
		t.Fatal(err)
	}
	for _, h := range []*Histogram{&h, &again} {
		if gotHigh, gotLow := h.Sum(); gotHigh != high || gotLow != low || high == 0 || h.Mean() != mean || h.Count() != 4<<28 {
			t.Errorf("%d values, sum %d·2^64 + %d, mean %g; want %d·2^64 + %d, mean %g", h.Count(), gotHigh, gotLow, h.Mean(), high, low, mean)
		}
	}
	h.Reset()
	if high, low := h.Sum(); high != 0 || low != 0 {
		t.Errorf("an empty one has the sum %d, %d", high, low)
	}
}
