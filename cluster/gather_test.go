package cluster

import (
	"testing"

	"pgregory.net/rapid"
)

// TestPlaceIsBehindAllThatIsOpen: whatever ends in whatever order, nothing is taken for read before which something is not.
func TestPlaceIsBehindAllThatIsOpen(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var p place
		var open []uint64
		seq, last := uint64(0), uint64(0)
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			if len(open) == 0 || rapid.Bool().Draw(t, "begin") {
				seq += rapid.Uint64Range(1, 3).Draw(t, "gap")
				p.begin(seq)
				open = append(open, seq)
				last = seq
			} else {
				k := rapid.IntRange(0, len(open)-1).Draw(t, "which")
				p.end(open[k])
				open = append(open[:k], open[k+1:]...)
			}
			got := p.reached()
			if len(open) == 0 && got != last || len(open) > 0 && got >= open[0] {
				t.Fatalf("read up to %d of %d, though %v are open", got, last, open)
			}
		}
	})
}
