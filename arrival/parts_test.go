package arrival_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/arrival"
)

// TestPartsWhole: all parts in one hand are the whole, whatever the number of parts and shards; those of a law without
// a random division are that of the schedule.
func TestPartsWhole(t *testing.T) {
	const end = 20 * time.Second
	for name, law := range partsLaws(t) {
		for profileName, p := range testProfiles(t) {
			process := arrival.Process{NewLaw: law, Profile: p}
			for _, n := range []int{1, 3, 64} {
				ps := process.Parts(n)
				want := flat(dueByPart(law, n, p, int64(end)))
				if name != "poisson" && name != "half poisson" && name != "splitter" {
					schedule := dueTimes(t, law(), p, end)
					if !slices.Equal(want, schedule) {
						t.Fatalf("%s × %s: %d parts have %d arrivals, and the schedule %d others", name, profileName, n, len(want), len(schedule))
					}
				}
				for shards := 1; shards <= 4 && (n == 64 || shards == 1); shards++ {
					var union []int64
					for shard := range shards {
						s := ps.Share(shard, shards)
						missed := s.Apply(&arrival.Plan{
							Profile: p, End: int64(end), Held: []arrival.Holding{held(0, n-1, 0, arrival.Forever)},
						}, 0)
						if missed != 0 {
							t.Errorf("%s × %s: %d missed at the start", name, profileName, missed)
						}
						union = append(union, drained(t, s, arrival.Forever)...)
					}
					slices.Sort(union)
					if !slices.Equal(union, want) {
						t.Errorf("%s × %s: %d parts on %d shards: %d arrivals; expected %d, the same", name, profileName, n, shards, len(union), len(want))
					}
				}
			}
		}
	}
}

func TestPartsPanics(t *testing.T) {
	p := process(t, "poisson", 100, 1)
	ps := p.Parts(4)
	for name, f := range map[string]func(){
		"no parts":  func() { p.Parts(0) },
		"no shard":  func() { ps.Share(2, 2) },
		"bad range": func() { ps.Count(p.Profile, 2, 4, 0, 1) },
		"bad plan":  func() { ps.Share(0, 1).Apply(&arrival.Plan{}, 0) },
		"bad holding": func() {
			ps.Share(0, 1).Apply(&arrival.Plan{Profile: p.Profile, Held: []arrival.Holding{held(3, 4, 0, 1)}}, 0)
		},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
}

func TestPlanValidate(t *testing.T) {
	p := profile(t, "constant:rate=1")
	good := arrival.Plan{Profile: p, End: 5, Held: []arrival.Holding{held(0, 3, 0, 9), held(5, 5, 7, 7), held(6, 9, 1, arrival.Forever)}}
	if err := good.Validate(10); err != nil {
		t.Error(err)
	}
	for name, bad := range map[string]arrival.Plan{
		"no profile":    {},
		"end":           {Profile: p, End: -1},
		"beyond":        {Profile: p, Held: []arrival.Holding{held(3, 10, 0, 1)}},
		"reversed":      {Profile: p, Held: []arrival.Holding{held(3, 2, 0, 1)}},
		"below":         {Profile: p, Held: []arrival.Holding{held(-1, 2, 0, 1)}},
		"twice":         {Profile: p, Held: []arrival.Holding{held(0, 2, 0, 1), held(2, 3, 0, 1)}},
		"descending":    {Profile: p, Held: []arrival.Holding{held(5, 6, 0, 1), held(2, 3, 0, 1)}},
		"negative from": {Profile: p, Held: []arrival.Holding{held(5, 6, -1, 1)}},
	} {
		if bad.Validate(10) == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestCount compares with counting one by one, in windows with edges on arrivals and beside them.
func TestCount(t *testing.T) {
	const n, end = 5, int64(25e9)
	for name, law := range partsLaws(t) {
		for profileName, p := range testProfiles(t) {
			ps := arrival.Process{NewLaw: law, Profile: p}.Parts(n)
			due := dueByPart(law, n, p, end+1e9)
			all, middle := flat(due), flat(due[1:4])
			edges := []int64{0, 1, seconds(1.5), due[1][40], due[1][40] + 1, seconds(9), seconds(11), due[2][700] - 1, due[2][700], end}
			slices.Sort(edges)
			for i, from := range edges {
				to := edges[(i*7+3)%len(edges)]
				want := int64(len(within(middle, from, to)))
				if got := ps.Count(p, 1, 3, from, to); got != want {
					t.Errorf("%s × %s: %d arrivals in (%d, %d]; expected %d", name, profileName, got, from, to, want)
				}
			}
			series := ps.CountBySecond(p, 0, n-1, seconds(3.5), seconds(20.25))
			for i, got := range series {
				from, to := max(seconds(3.5), int64(i+3)*1e9), min(seconds(20.25), int64(i+4)*1e9)
				if want := int64(len(within(all, from, to))); got != want {
					t.Errorf("%s × %s: %d arrivals in second %d; expected %d", name, profileName, got, i+3, want)
				}
			}
			if len(series) != 18 {
				t.Errorf("%d seconds; expected 18, from 3 to 20", len(series))
			}
		}
	}
}

// TestDueOf compares with the sorted due times of all parts, and looks beyond the end of a profile.
func TestDueOf(t *testing.T) {
	const parts, end = 7, int64(25e9)
	for name, law := range partsLaws(t) {
		for profileName, p := range testProfiles(t) {
			ps := arrival.Process{NewLaw: law, Profile: p}.Parts(parts)
			due := flat(dueByPart(law, parts, p, end))
			for _, n := range []int{1, 2, 1023, 1024, 1025, 5000, len(due) - 1} {
				if got := ps.DueOf(p, int64(n)); got != due[n-1] {
					t.Errorf("%s × %s: arrival %d due at %d ns; expected %d ns", name, profileName, n, got, due[n-1])
				}
			}
		}
		ps := arrival.Process{NewLaw: law}.Parts(parts)
		if got := ps.DueOf(profile(t, "constant:rate=1000,for=10s"), 20_000); got != arrival.Forever {
			t.Errorf("%s: arrival 20000 of 10 s at 1000/s due at %d ns; expected Forever", name, got)
		}
		if got := ps.DueOf(profile(t, "constant:rate=1"), 0); got != 0 {
			t.Errorf("%s: arrival 0 due at %d ns; expected 0", name, got)
		}
	}
}

// TestPartsConcurrently counts and makes schedules of one Parts in several goroutines; the race detector sees what they
// share.
func TestPartsConcurrently(t *testing.T) {
	for name, law := range partsLaws(t) {
		p := profile(t, "sine:min=0,max=500,period=2s")
		ps := arrival.Process{NewLaw: law, Profile: p}.Parts(8)
		want := ps.Count(p, 2, 5, 0, 3e9)
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				s := ps.Share(0, 1)
				s.Apply(&arrival.Plan{Profile: p, End: 3e9, Held: []arrival.Holding{held(2, 5, 0, arrival.Forever)}}, 0)
				n := int64(0)
				for _, ok := s.Next(); ok; _, ok = s.Next() {
					n++
				}
				if got := ps.Count(p, 2, 5, 0, 3e9); got != want || n != want {
					t.Errorf("%s: Count %d, yielded %d; expected %d", name, got, n, want)
				}
			})
		}
		wg.Wait()
	}
}
