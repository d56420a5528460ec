package arrival_test

import (
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/iagoloadgen/iago/arrival"
	"github.com/iagoloadgen/iago/arrival/arrivaltest"
)

// gapsOf replays the gaps between places.
type gapsOf struct {
	at []float64
	k  int
}

func (g *gapsOf) Gap() float64 {
	g.k++
	return g.at[g.k] - g.at[g.k-1]
}

// placesOf returns the arrivals of some parts of the Poisson law up to an area.
func placesOf(seed uint64, first, last, n int, area float64) []float64 {
	var out []float64
	law := arrival.NewPoisson(seed).(arrival.Seeker)
	for i := first; i <= last; i++ {
		c := law.Cursor(i, n)
		for _, at := c.Next(); at <= area; _, at = c.Next() {
			out = append(out, at)
		}
	}
	slices.Sort(out)
	return out
}

// TestPoissonParts: single parts are Poisson processes over many of their blocks, and so is any union of them. That the
// gaps are independent is looked at too.
func TestPoissonParts(t *testing.T) {
	for _, tt := range []struct{ first, last, n int }{{0, 0, 1}, {2, 2, 3}, {0, 2, 3}, {0, 63, 64}, {10, 41, 64}, {0, 4095, 4096}} {
		rate := float64(tt.last-tt.first+1) / float64(tt.n)
		at := placesOf(31, tt.first, tt.last, tt.n, 52_000/rate)
		for i := range at {
			at[i] *= rate
		}
		arrivaltest.TestRenewal(t, &gapsOf{at: at}, distuv.Exponential{Rate: 1}.CDF)
	}
}

// TestPoissonBlocks: the counts in blocks, in halves of blocks and across boundaries have the variance that theory says,
// and counts on both sides of a boundary are independent. A block of a part of n is 64·n long.
func TestPoissonBlocks(t *testing.T) {
	const blocks = 4000
	at := placesOf(32, 1, 1, 2, 128*blocks)
	for _, width := range []float64{8, 64, 128} { // with means of 4, 32 and 64
		for _, shift := range []float64{0, width / 2} {
			n := make([]float64, int(128*blocks/width)-1)
			for _, a := range at {
				if i := math.Floor((a - shift) / width); i >= 0 && int(i) < len(n) {
					n[int(i)]++
				}
			}
			mean, squares, products := width/2, 0.0, 0.0
			for i, c := range n {
				squares += (c - mean) * (c - mean) / mean
				if i > 0 {
					products += (c - mean) * (n[i-1] - mean) / mean
				}
			}
			k := float64(len(n))
			if z := (squares - k) / math.Sqrt(k*(2+1/mean)); math.Abs(z) > sigmas {
				t.Errorf("windows of %v from %v: dispersion %.1f standard deviations off", width, shift, z)
			}
			if z := products / math.Sqrt(k-1); math.Abs(z) > sigmas {
				t.Errorf("windows of %v from %v: neighbors are correlated: %.1f standard deviations", width, shift, z)
			}
		}
	}
	// First arrivals after a boundary, and last ones before it, are an exponential time away.
	var before, after []float64
	for boundary := 128.0; boundary < 128*blocks; boundary += 128 {
		i, _ := slices.BinarySearch(at, boundary)
		before, after = append(before, (boundary-at[i-1])/2), append(after, (at[i]-boundary)/2)
	}
	for name, sample := range map[string][]float64{"before": before, "after": after} {
		if p := arrivaltest.KolmogorovSmirnov(sample, distuv.Exponential{Rate: 1}.CDF); p < arrivaltest.Significance {
			t.Errorf("times %s the boundaries of blocks are not exponential: p = %.2g", name, p)
		}
	}
}

// TestChangingShares lays over each other what three workers yield whose parts change hands while the rate changes:
// rescaled, the gaps are those of one Poisson process.
func TestChangingShares(t *testing.T) {
	for name, base := range testProfiles(t) {
		const parts = 64
		law := func() arrival.Law { return arrival.NewPoisson(33) }
		changes := []arrival.Change{
			{At: seconds(4), Kind: arrival.ChangeScale, Value: 2},
			{At: seconds(8), Kind: arrival.ChangePause},
			{At: seconds(10), Kind: arrival.ChangeResume},
			{At: seconds(15), Kind: arrival.ChangeAdd, Value: 1500},
			{At: seconds(20), Kind: arrival.ChangeSet, Value: 3000},
		}
		ps := arrival.Process{NewLaw: law, Profile: base}.Parts(parts)
		shares := []*arrival.Share{ps.Share(0, 1), ps.Share(0, 1), ps.Share(0, 1)}
		now := base
		// cut[k] is where workers 0 and 1, and 1 and 2, divide the parts from second 5k on.
		cut := [][2]int{{10, 40}, {30, 40}, {30, 31}, {5, 60}, {20, 45}, {0, 0}}
		var union []int64
		for k, c := range cut {
			from := seconds(5 * float64(k))
			for _, change := range changes {
				if at := change.At; at >= from && at < from+seconds(5) {
					now = checked(t)(arrival.Splice(now, change))
				}
			}
			bounds := []int{0, c[0], c[1], parts}
			for i, s := range shares {
				union = append(union, drained(t, s, from)...)
				plan := &arrival.Plan{Profile: now, End: int64(statisticsTime)}
				for part := bounds[i]; part < bounds[i+1]; part++ {
					since := from // or, held by the same before, since then
					for j := k - 1; j >= 0 && ownerIn(cut[j], part) == i; j-- {
						since = seconds(5 * float64(j))
					}
					plan.Held = append(plan.Held, held(part, part, since, arrival.Forever))
				}
				if missed := s.Apply(plan, from); missed != 0 {
					t.Errorf("%s: worker %d missed %d arrivals", name, i, missed)
				}
			}
		}
		slices.Sort(union)
		if want := ps.Count(now, 0, parts-1, 0, int64(statisticsTime)); int64(len(union)) != want {
			t.Errorf("%s: %d arrivals; Count says %d", name, len(union), want)
		}
		gaps := rescaledGaps(union, now)
		if got := arrivaltest.KolmogorovSmirnov(gaps, distuv.Exponential{Rate: 1}.CDF); len(gaps) < 15_000 || got < arrivaltest.Significance {
			t.Errorf("%s: %d rescaled gaps, p = %.2g", name, len(gaps), got)
		}
	}
}

func ownerIn(cut [2]int, part int) int {
	switch {
	case part < cut[0]:
		return 0
	case part < cut[1]:
		return 1
	}
	return 2
}

// TestFarOutParts takes parts over after an hour, or a thousand: the due times are those that the owner before would have had.
func TestFarOutParts(t *testing.T) {
	const hour = int64(3600e9)
	for name, law := range partsLaws(t) {
		p := profile(t, "constant:rate=100")
		ps := arrival.Process{NewLaw: law, Profile: p}.Parts(16)
		stays, comes := ps.Share(0, 1), ps.Share(0, 1)
		plan := func(from, end int64) *arrival.Plan {
			return &arrival.Plan{Profile: p, End: end, Held: []arrival.Holding{held(3, 6, from, arrival.Forever)}}
		}
		stays.Apply(plan(0, hour+5e9), 0)
		drained(t, stays, hour)
		comes.Apply(plan(hour, hour+5e9), hour)
		want := drained(t, stays, arrival.Forever)
		if got := drained(t, comes, arrival.Forever); len(want) < 50 || !slices.Equal(got, want) {
			t.Errorf("%s: %d arrivals after the take-over; expected %d, the same", name, len(got), len(want))
		}
		// Back to where it has never been, and to where it must not go again.
		missed := comes.Apply(&arrival.Plan{Profile: p, End: hour + 5e9, Held: []arrival.Holding{held(3, 7, hour-5e9, arrival.Forever)}}, hour-5e9)
		got := drained(t, comes, arrival.Forever)
		if want := ps.Count(p, 7, 7, hour-5e9, hour+5e9); int64(len(got)) != want || missed != 0 {
			t.Errorf("%s: %d arrivals, %d missed, of a part taken over besides; expected %d", name, len(got), missed, want)
		}
	}
	million := profile(t, "constant:rate=1M")
	ps := arrival.Process{NewLaw: arrival.Uniform}.Parts(1000)
	if got := ps.Count(million, 0, 9, 999*hour, 1000*hour); got != 3600*10_000 {
		t.Errorf("%d arrivals in an hour of 1 %% of 1,000,000/s; expected 36,000,000", got)
	}
	s := ps.Share(0, 1)
	s.Apply(&arrival.Plan{Profile: million, Held: []arrival.Holding{held(7, 7, 1000*hour, arrival.Forever)}}, 1000*hour)
	if due, _ := s.Next(); due != 1000*hour+8000 {
		t.Errorf("the first arrival of part 7 after 1000 h at 1,000,000/s is due %d ns later; expected 8000", due-1000*hour)
	}
}

// TestFromMovesBack: a window that begins earlier than was said at first has all that is in it.
func TestFromMovesBack(t *testing.T) {
	for name, law := range partsLaws(t) {
		p := profile(t, "constant:rate=1000")
		ps := arrival.Process{NewLaw: law, Profile: p}.Parts(8)
		s := ps.Share(0, 1)
		for _, from := range []int64{9e9, 3e9, 5e9, 4e9} {
			s.Apply(&arrival.Plan{Profile: p, End: 6e9, Held: []arrival.Holding{held(0, 3, from, arrival.Forever)}}, 1e9)
			s.Next()
			s.Unread()
		}
		if got, want := int64(len(drained(t, s, arrival.Forever))), ps.Count(p, 0, 3, 4e9, 6e9); got != want {
			t.Errorf("%s: %d arrivals; expected %d", name, got, want)
		}
	}
}
