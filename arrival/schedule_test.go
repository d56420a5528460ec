package arrival_test

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/arrival"
)

type arrived struct{ index, due int64 }

// all draws a schedule to its end.
func all(t testing.TB, s *arrival.Schedule) []arrived {
	t.Helper()
	var out []arrived
	last := int64(0)
	for due, ok := s.Next(); ok; due, ok = s.Next() {
		if due < last {
			t.Fatalf("arrival %d due at %d ns, before its predecessor at %d ns", s.Index(), due, last)
		}
		last = due
		out = append(out, arrived{s.Index(), due})
	}
	for range 3 {
		if due, ok := s.Next(); ok {
			t.Fatalf("an arrival at %d ns after the end", due)
		}
	}
	return out
}

func process(t testing.TB, text string, rate float64, seed uint64) arrival.Process {
	t.Helper()
	p, err := arrival.Parse(text, rate, seed)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// testProcesses are of every sort; each has some thousands of arrivals in 20 s.
func testProcesses(t testing.TB) map[string]arrival.Process {
	t.Helper()
	out := map[string]arrival.Process{}
	for _, text := range []string{
		"poisson", "uniform", "gamma:shape=0.3", "sinusoidal:min=0,max=600,period=3s,warmup=2s",
		"slow-start:final=500,ramp=5s", "infinite-ramp:warm_rate=200,warmup=3s,increase_per_minute=900",
	} {
		out[text] = process(t, text, 300, 42)
	}
	steps := profile(t, "steps:from=50,step=100,every=2s,count=5", "constant:rate=0,for=3s", "ramp:from=900,to=0,for=4s")
	for name, newLaw := range map[string]func() arrival.Law{
		"weibull": func() arrival.Law { return newWeibull(0.7, 1) },
		"uniform": arrival.Uniform,
	} {
		out[name+" by steps"] = arrival.Process{NewLaw: newLaw, Profile: steps}
	}
	return out
}

func TestUniformConstant(t *testing.T) {
	got := all(t, process(t, "uniform", 1000, 1).Schedule(arrival.Limit{Duration: 10 * time.Second}))
	if len(got) != 10_000 {
		t.Fatalf("%d arrivals in 10 s at 1000/s; expected 10000", len(got))
	}
	for k, a := range got {
		if want := (arrived{int64(k), int64(k+1) * 1e6}); a != want {
			t.Fatalf("arrival %v; expected %v", a, want)
		}
	}
}

// TestUniformCount compares the number of arrivals with ⌊Λ(D)⌋, for rates that binary fractions do not hold exactly.
func TestUniformCount(t *testing.T) {
	for _, d := range []time.Duration{time.Second, 7 * time.Second, time.Minute} {
		for _, rate := range []string{"1", "3", "7/m", "100/m", "0.1", "33.3", "0.7k", "1/s", "12345/h"} {
			v, err := arrival.ParseRate(rate)
			if err != nil {
				t.Fatal(err)
			}
			want := int(math.Floor(v*d.Seconds() + 1e-9))
			limited := all(t, process(t, "uniform", v, 1).Schedule(arrival.Limit{Duration: d}))
			cut := profile(t, fmt.Sprintf("constant:rate=%s,for=%s", rate, d))
			ended := all(t, arrival.New(arrival.Uniform(), cut, arrival.Limit{}))
			if len(limited) != want || len(ended) != want {
				t.Errorf("%s for %v: %d arrivals by duration, %d by profile; expected %d", rate, d, len(limited), len(ended), want)
			}
		}
	}
}

// TestLimits: the first N are the first N, and the arrivals of a shorter time those of a longer one.
func TestLimits(t *testing.T) {
	for name, p := range testProcesses(t) {
		whole := all(t, p.Schedule(arrival.Limit{Duration: 20 * time.Second}))
		if len(whole) < 2000 {
			t.Fatalf("%s: only %d arrivals", name, len(whole))
		}
		for _, n := range []int64{1, 2, 1000, 1999} {
			if got := all(t, p.Schedule(arrival.Limit{N: n})); !slices.Equal(got, whole[:n]) {
				t.Errorf("%s: the first %d are not the first %d", name, n, n)
			}
		}
		half := all(t, p.Schedule(arrival.Limit{Duration: 10 * time.Second, N: 1e6}))
		n, _ := slices.BinarySearchFunc(whole, int64(10e9)+1, func(a arrived, due int64) int { return int(a.due - due) })
		if !slices.Equal(half, whole[:n]) {
			t.Errorf("%s: 10 s have %d arrivals; expected the %d of 20 s that are due by then", name, len(half), n)
		}
	}
}

// TestShards: the number of shards changes nothing.
func TestShards(t *testing.T) {
	for name, p := range testProcesses(t) {
		for _, limit := range []arrival.Limit{{Duration: 20 * time.Second}, {N: 1001}, {N: 2}} {
			whole := all(t, p.Schedule(limit))
			for _, shards := range []int{1, 2, 3, 7} {
				var union []arrived
				for shard := range shards {
					part := all(t, p.Schedule(limit).Deal(shard, shards))
					for _, a := range part {
						if a.index%int64(shards) != int64(shard) {
							t.Fatalf("%s: shard %d of %d has arrival %d", name, shard, shards, a.index)
						}
					}
					union = append(union, part...)
				}
				slices.SortFunc(union, func(a, b arrived) int { return int(a.index - b.index) })
				if !slices.Equal(union, whole) {
					t.Errorf("%s, limit %v: %d shards together differ from the whole", name, limit, shards)
				}
			}
		}
	}
}

// TestSplitUniform: the parts of the uniform law have exactly the due times of the whole, whatever the profile.
func TestSplitUniform(t *testing.T) {
	for name, p := range testProcesses(t) {
		if !strings.HasPrefix(name, "uniform") {
			continue
		}
		due := func(p arrival.Process) (out []int64) {
			for _, a := range all(t, p.Schedule(arrival.Limit{Duration: 20 * time.Second})) {
				out = append(out, a.due)
			}
			return out
		}
		for _, n := range []int{2, 3, 7} {
			var union []int64
			for i := range n {
				union = append(union, due(p.Split(i, n))...)
			}
			slices.Sort(union)
			if !slices.Equal(union, due(p)) {
				t.Errorf("%s: %d parts together differ from the whole", name, n)
			}
		}
	}
}

func TestIndex(t *testing.T) {
	s := process(t, "uniform", 1, 1).Schedule(arrival.Limit{N: 5}).Deal(1, 3)
	got := []int64{s.Index()}
	for _, ok := s.Next(); ok; _, ok = s.Next() {
		got = append(got, s.Index())
	}
	got = append(got, s.Index())
	if want := []int64{-1, 1, 4, 4}; !slices.Equal(got, want) {
		t.Errorf("indexes %v; expected %v", got, want)
	}
}

// TestFarOut puts the schedule where 10⁹ arrivals of the uniform law leave it (TestUniformSteps and TestSmallGaps
// go such ways on foot) and looks for due times that are right to the nanosecond.
func TestFarOut(t *testing.T) {
	for _, rate := range []int64{1e6, 3, 999_983, 7e5} {
		for _, after := range []int64{1e6, 1e9, 1e9 + 12_345, 5e9} {
			s := process(t, "uniform", float64(rate), 1).Schedule(arrival.Limit{})
			s.StartAfter(after)
			for k := after + 1; k < after+1000; k++ {
				due, ok := s.Next()
				want := new(big.Int).Mul(big.NewInt(k), big.NewInt(1e9))
				want.Add(want, big.NewInt(rate/2)).Div(want, big.NewInt(rate))
				bound := 1 + want.Int64()>>53 // 1 ns in the first 104 days
				if diff := due - want.Int64(); !ok || max(diff, -diff) > bound || s.Index() != k-1 {
					t.Fatalf("arrival %d at %d/s due at %d ns; expected %v", k, rate, due, want)
				}
			}
		}
	}
}

// TestFarOutProfiles is the same for rates that change, or might.
func TestFarOutProfiles(t *testing.T) {
	for _, p := range []arrival.Profile{
		profile(t, "ramp:from=0,to=2M,for=1s", "constant:rate=1M"),
		profile(t, "sine:min=1M,max=1M,period=7s"),
		profile(t, "steps:from=1M,step=0,every=1s,count=10", "ramp:from=1M,to=1M,for=10h"),
	} {
		s := arrival.New(arrival.Uniform(), p, arrival.Limit{})
		s.StartAfter(1e9)
		for k := int64(1e9) + 1; k < 1e9+1000; k++ {
			if due, ok := s.Next(); !ok || max(due-k*1000, k*1000-due) > 1 {
				t.Fatalf("%v: arrival %d due at %d ns; expected %d", p, k, due, k*1000)
			}
		}
	}
}

// TestUniformSteps goes a million arrivals, one by one.
func TestUniformSteps(t *testing.T) {
	const n = 1_000_000
	s := process(t, "uniform", 1e6, 1).Schedule(arrival.Limit{N: n})
	k := int64(0)
	for due, ok := s.Next(); ok; due, ok = s.Next() {
		if k++; due != k*1000 {
			t.Fatalf("arrival %d due at %d ns; expected %d", k, due, k*1000)
		}
	}
	if k != n {
		t.Errorf("%d arrivals; expected %d", k, n)
	}
}

type constantGap float64

func (g constantGap) Gap() float64 { return float64(g) }

// TestSmallGaps adds up half a million gaps that binary fractions round in every sum. A plain sum of float64 is
// tens of nanoseconds off by then.
func TestSmallGaps(t *testing.T) {
	const n = 500_000
	for _, gap := range []float64{0.1, 0.7, 2.3} {
		p := checked(t)(arrival.NewConstant(1))
		s := arrival.New(constantGap(gap), p, arrival.Limit{N: n})
		last := int64(0)
		for due, ok := s.Next(); ok; due, ok = s.Next() {
			last = due
		}
		exact := new(big.Float).SetPrec(200).SetFloat64(gap)
		exact.Mul(exact, big.NewFloat(n*1e9))
		want, _ := exact.Int64()
		if diff := last - want; diff < -2 || diff > 2 {
			t.Errorf("gap %v: arrival %d is %d ns off", gap, n, diff)
		}
	}
}

// TestRandomGaps compares 200,000 random gaps with their sum in 200 bits.
func TestRandomGaps(t *testing.T) {
	const n = 200_000
	last := all(t, process(t, "poisson", 1, 8).Schedule(arrival.Limit{N: n}))[n-1]
	law, sum, gap := arrival.NewPoisson(8), new(big.Float).SetPrec(200), new(big.Float)
	for range n {
		sum.Add(sum, gap.SetFloat64(law.Gap()))
	}
	want, _ := sum.Mul(sum, big.NewFloat(1e9)).Int64()
	if diff := last.due - want; diff < -2 || diff > 2 {
		t.Errorf("arrival %d is %d ns off", n, diff)
	}
}

// TestOddLaws: whatever a law does, the schedule goes on forwards or ends.
func TestOddLaws(t *testing.T) {
	p := checked(t)(arrival.NewConstant(1))
	for gap, want := range map[float64]int{0: 100, -1: 100, math.Inf(1): 0, 1e300: 0, math.NaN(): 0, 1e9: 9} {
		if got := all(t, arrival.New(constantGap(gap), p, arrival.Limit{N: 100})); len(got) != want {
			t.Errorf("gap %v: %d arrivals; expected %d", gap, len(got), want)
		}
	}
}

func TestNextDoesNotAllocate(t *testing.T) {
	for name, p := range testProcesses(t) {
		for _, shards := range []int{1, 3} {
			s := p.Schedule(arrival.Limit{}).Deal(0, shards)
			if n := testing.AllocsPerRun(1000, func() { s.Next() }); n != 0 {
				t.Errorf("%s, %d shards: Next allocates %v times; expected 0", name, shards, n)
			}
		}
	}
}

func BenchmarkNext(b *testing.B) {
	for _, text := range []string{
		"poisson", "uniform", "gamma:shape=2", "gamma:shape=0.5", "slow-start:final=1000000,ramp=1s",
		"sinusoidal:min=0,max=1000000,period=10s", "infinite-ramp:warm_rate=1000000,warmup=1s,increase_per_minute=1",
	} {
		b.Run(text, func(b *testing.B) {
			s := process(b, text, 1e6, 1).Schedule(arrival.Limit{})
			b.ReportAllocs()
			for b.Loop() {
				s.Next()
			}
		})
	}
	b.Run("poisson by 100 steps", func(b *testing.B) {
		steps := profile(b, "steps:from=1M,step=1k,every=1s,count=100", "constant:rate=1M")
		s := arrival.New(arrival.NewPoisson(1), steps, arrival.Limit{})
		b.ReportAllocs()
		for b.Loop() {
			s.Next()
		}
	})
}
