package arrivaltest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sort"

	"github.com/iagoloadgen/iago/arrival"
)

type place struct {
	rank int64
	area float64
}

// checkCursor checks what a law promises that is an arrival.Seeker: ranks that grow and sums that do not decrease in
// each part, the same ones wherever a cursor has been before, and parts that make up the whole, as checkSplit has it.
func checkCursor(newLaw func(uint64) arrival.Law) error {
	if _, ok := newLaw(8).(arrival.Seeker); !ok {
		return nil
	}
	for _, n := range []int{1, 5} {
		var union []float64
		for i := range n {
			law := newLaw(8).(arrival.Seeker)
			var places []place
			c := law.Cursor(i, n)
			for {
				rank, area := c.Next()
				if k := len(places); k > 0 && (rank <= places[k-1].rank || area < places[k-1].area) {
					return fmt.Errorf("part %d of %d: rank %d at %v follows rank %d at %v; expected ranks that grow and sums that do not decrease",
						i, n, rank, area, places[k-1].rank, places[k-1].area)
				}
				if !(area <= gaps) {
					break
				}
				places = append(places, place{rank, area})
				union = append(union, area)
			}
			if err := checkSeek(law.Cursor(i, n), c, places); err != nil {
				return fmt.Errorf("part %d of %d: %w", i, n, err)
			}
		}
		slices.Sort(union)
		if err := sameLaw(union, newLaw, 8); err != nil {
			return fmt.Errorf("cursors of %d parts together: %w", n, err)
		}
	}
	return nil
}

// checkSeek sends two cursors of one part, a fresh one and one that has been far away, to and fro.
func checkSeek(fresh, used arrival.Cursor, places []place) error {
	rng := rand.New(rand.NewPCG(9, 9))
	for step := range 2000 {
		c, area := fresh, rng.Float64()*gaps
		if step%2 == 1 {
			c = used
		}
		k := sort.Search(len(places), func(i int) bool { return places[i].area > area })
		if step%5 == 0 && k > 0 { // exactly on an arrival
			area = places[k-1].area
		}
		c.Seek(area)
		rank, at := c.Next()
		if k < len(places) && rank > places[k].rank {
			return fmt.Errorf("after Seek(%v) Next goes on at %v; expected %v or an earlier one", area, at, places[k].area)
		}
		for at <= area {
			rank, at = c.Next()
		}
		for ; k < len(places) && k%50 > 0; k++ {
			if got := (place{rank, at}); got != places[k] {
				return fmt.Errorf("after Seek(%v): arrival %v; expected %v, as without", area, got, places[k])
			}
			rank, at = c.Next()
		}
	}
	return nil
}

// checkClone checks that the copy of an arrival.Cloner goes on with the same gaps, and that neither disturbs the other.
func checkClone(newLaw func(uint64) arrival.Law) error {
	law, ok := newLaw(10).(arrival.Cloner)
	if !ok {
		return nil
	}
	draw(law, 1001)
	a, b := law.Clone(), law.Clone()
	ahead := draw(a, 1000)
	if !slices.Equal(draw(b, 1000), ahead) || !slices.Equal(draw(law, 1000), ahead) {
		return fmt.Errorf("a clone has other gaps than its law; expected the same ones, whichever is drawn from first")
	}
	return nil
}
