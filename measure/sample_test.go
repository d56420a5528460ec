package measure

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// offer lets n failures of a cause happen, one each ns from at on, and returns how many were wanted.
func offer(s *Sample, cause string, at, n int64) (wanted int) {
	for i := range n {
		if s.Want(cause) {
			s.Put(Failure{At: at + i, Cause: cause})
			wanted++
		}
	}
	return wanted
}

func countCauses(list []Failure) map[string]int {
	m := map[string]int{}
	for _, f := range list {
		m[f.Cause]++
	}
	return m
}

func TestSampleKeepsFewWhole(t *testing.T) {
	s := NewSample(1)
	offer(s, "refused", 0, 300)
	offer(s, "reset", 300, 100)
	if d := cmp.Diff(map[string]int{"refused": 300, "reset": 100}, countCauses(s.Failures())); d != "" {
		t.Fatal(d)
	}
}

func TestSampleIsBounded(t *testing.T) {
	s := NewSample(1)
	for c := range 100 {
		offer(s, fmt.Sprint("cause ", c), int64(c)*10_000, 10_000)
	}
	list := s.Failures()
	if len(list) > sampleSize || len(list) < sampleSize/2 {
		t.Fatalf("%d kept", len(list))
	}
	if !slices.IsSortedFunc(list, func(a, b Failure) int { return int(a.At - b.At) }) {
		t.Fatal("not in the order of time")
	}
	for c, n := range countCauses(list) {
		if i := slices.IndexFunc(list, func(f Failure) bool { return f.Cause == c }); n >= firstPerCause && list[i].At%10_000 != 0 {
			t.Errorf("the first %q kept is number %d", c, list[i].At%10_000)
		}
	}
}

// A rare cause is not drowned by a frequent one, and its first ones are there.
func TestSampleKeepsTheRareCause(t *testing.T) {
	s := NewSample(1)
	offer(s, "timeout", 0, 200_000)
	offer(s, "malformed", 200_000, 3)
	offer(s, "timeout", 200_003, 200_000)
	if n := countCauses(s.Failures())["malformed"]; n != 3 {
		t.Fatalf("%d of 3 kept", n)
	}
	for i, f := range s.Failures()[:firstPerCause] {
		if f.At != int64(i) {
			t.Fatalf("failure %d is of %d", i, f.At)
		}
	}
}

func TestSampleIsDeterministic(t *testing.T) {
	run := func(seed uint64) []Failure {
		s := NewSample(seed)
		offer(s, "timeout", 0, 50_000)
		return s.Failures()
	}
	if d := cmp.Diff(run(7), run(7)); d != "" {
		t.Fatalf("same seed, other sample:\n%s", d)
	}
	if cmp.Equal(run(7), run(8)) {
		t.Fatal("other seed, same sample")
	}
}

func TestSampleMergesInAnyOrder(t *testing.T) {
	shards := func() []*Sample {
		var list []*Sample
		for i := range int64(4) {
			s := NewSample(uint64(i))
			for c := range int64(12) { // 4 × 12 causes, more than are kept
				offer(s, fmt.Sprint("cause ", i*12+c), c*1000+i*17, 500)
			}
			offer(s, "timeout", 5_000_000+i, 20_000)
			list = append(list, s)
		}
		return list
	}
	merge := func(order ...int) []Failure {
		parts, m := shards(), NewSample(99)
		for _, i := range order {
			m.Merge(parts[i])
		}
		return m.Failures()
	}
	want := merge(0, 1, 2, 3)
	if len(want) > sampleSize {
		t.Fatalf("%d kept", len(want))
	}
	if d := cmp.Diff(want, merge(3, 1, 0, 2)); d != "" {
		t.Fatalf("the order of merging shows:\n%s", d)
	}
}

// Drawn failures are spread evenly over the run, also after a merge of unequal shards: a chi-square test over 20
// stretches; 43.8 is exceeded with a probability of 0.001 (19 degrees of freedom).
func TestSampleIsDrawnEvenly(t *testing.T) {
	const n, stretches = 200_000, 20
	a, b := NewSample(1), NewSample(2)
	for i := range int64(n) {
		s := a
		if i%10 == 0 {
			s = b
		}
		if s.Want("timeout") {
			s.Put(Failure{At: i, Cause: "timeout"})
		}
	}
	a.Merge(b)
	var seen [stretches]float64
	for _, k := range a.drawn {
		seen[k.At*stretches/n]++
	}
	chi, expected := 0.0, float64(drawnSize)/stretches
	for _, o := range seen {
		chi += (o - expected) * (o - expected) / expected
	}
	if chi > 43.8 {
		t.Fatalf("chi-square %v: %v", chi, seen)
	}
	ofB := 0.0
	for _, k := range a.drawn {
		if k.At%10 == 0 {
			ofB++
		}
	}
	// Binomial(500, 0.1): 3.3 standard deviations, probability 0.001.
	if math.Abs(ofB-50) > 3.3*math.Sqrt(45) {
		t.Fatalf("%v of %d drawn come from the shard that had a tenth", ofB, drawnSize)
	}
}

func TestWantCostsLittle(t *testing.T) {
	s := NewSample(1)
	offered := 200_000
	wanted := offer(s, "timeout", 0, int64(offered))
	// 500 · (1 + ln(n/500)) are wanted on average; what is not costs no memory.
	if limit := 500 * (1 + math.Log(float64(offered)/500)) * 1.2; float64(wanted) > limit {
		t.Fatalf("%d of %d wanted", wanted, offered)
	}
	causes := []string{"timeout", "reset"}
	r := rand.New(rand.NewPCG(1, 1))
	if n := testing.AllocsPerRun(1000, func() { s.Want(causes[r.IntN(2)]) }); n != 0 {
		t.Fatalf("%v allocations", n)
	}
}
