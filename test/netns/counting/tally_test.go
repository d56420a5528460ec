package counting

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// failing is a test that notes its failures.
type failing struct {
	testing.TB
	said []string
}

func (f *failing) Helper() {}
func (f *failing) Errorf(format string, args ...any) {
	f.said = append(f.said, fmt.Sprintf(format, args...))
}

func (f *failing) Fatalf(format string, args ...any) {
	f.Errorf(format, args...)
	runtime.Goexit()
}

// filled is a tally of arrivals at these ms since its beginning, by sender.
func filled(t testing.TB, exact int, at map[string][]int64) (y *Tally, base time.Time) {
	y = newTally(t, exact)
	for tag, list := range at {
		for _, ms := range list {
			y.add(y.base+ms*1e6, []byte(tag))
		}
	}
	return y, time.Unix(0, y.base)
}

func TestTally(t *testing.T) {
	y, base := filled(t, 0, map[string][]int64{"a": {0, 5, 995, 1000, 3500}, "b": {999, 1001, 2000}})
	for _, c := range []struct {
		name      string
		got, want any
	}{
		{"total", y.Total(), int64(8)},
		{"total of a", y.Total("a"), int64(5)},
		{"total of a stranger", y.Total("x"), int64(0)},
		{"tags", y.Tags(), []string{"a", "b"}},
		{"counts", y.Counts(base), []int64{4, 2, 1, 1}},
		{"counts of b", y.Counts(base, "b"), []int64{1, 1, 1}},
		{"counts from later on", y.Counts(base.Add(time.Second)), []int64{2, 1, 1}},
		{"counts from before", y.Counts(base.Add(-time.Second)), []int64{0, 4, 2, 1, 1}},
		{"counts from between", y.Counts(base.Add(996 * time.Millisecond)), []int64{4, 1, 1}}, // from 990 ms
		{"rate in a bucket", y.MaxRate(Bucket), 200.0},
		{"rate in two", y.MaxRate(11 * time.Millisecond), 200.0},
		{"rate in a second", y.MaxRate(time.Second, "b"), 2.0},
	} {
		if fmt.Sprint(c.got) != fmt.Sprint(c.want) {
			t.Errorf("%s: %v, expected %v", c.name, c.got, c.want)
		}
	}
	if got := y.Times("b").Counts(base); !slices.Equal(got, []int64{1, 1, 1}) {
		t.Errorf("times of b: %v", got)
	}
	if !slices.IsSorted(y.Times()) || len(y.Times()) != 8 {
		t.Errorf("times: %v", y.Times())
	}
}

func TestTallyForgetsNothingInSilence(t *testing.T) {
	f := &failing{TB: t}
	y, base := filled(f, 2, map[string][]int64{"a": {1, 2, 3}})
	if got := y.Counts(base); !slices.Equal(got, []int64{3}) {
		t.Errorf("counts: %v", got)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		y.Times()
	}()
	<-done
	if len(f.said) != 1 || !strings.Contains(f.said[0], "Options.Exact") {
		t.Errorf("said %q", f.said)
	}
}

// TestTimesAgreeWithTally holds exact figures and those by bucket against each other and against counting by hand.
func TestTimesAgreeWithTally(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		ms := rapid.SliceOfN(rapid.Int64Range(0, 5000), 1, 60).Draw(r, "ms")
		from := time.Duration(rapid.Int64Range(0, 300).Draw(r, "from")) * Bucket
		window := time.Duration(rapid.Int64Range(1, 2000).Draw(r, "window")) * time.Millisecond
		y, base := filled(t, 0, map[string][]int64{"a": ms})
		x := y.Times()
		if got, want := x.Counts(base.Add(from)), y.Counts(base.Add(from)); !slices.Equal(got, want) {
			r.Fatalf("exact %v, by bucket %v", got, want)
		}
		most := 0
		for _, first := range x {
			n := len(x.Between(time.Unix(0, first), time.Unix(0, first).Add(window)))
			most = max(most, n)
		}
		if got := x.MaxRate(window); math.Round(got*window.Seconds()) != float64(most) {
			r.Fatalf("%v/s in windows of %v, expected %d in one", got, window, most)
		}
		whole := window.Truncate(Bucket) + 2*Bucket // holds any window of that length
		if y.MaxRate(whole)*whole.Seconds() < float64(most)-0.5 {
			r.Fatalf("by bucket %v/s in %v, exactly %d in %v", y.MaxRate(whole), whole, most, window)
		}
	})
}

func TestGap(t *testing.T) {
	base := time.Unix(1_700_000_000, 0)
	x := Times{base.UnixNano(), base.UnixNano() + 5, base.UnixNano() + 105, base.UnixNano() + 110}
	if d, at := x.Gap(); d != 100 || !at.Equal(base.Add(5)) {
		t.Errorf("%v at %v", d, at)
	}
	if d, _ := x[:1].Gap(); d != 0 {
		t.Errorf("gap of one: %v", d)
	}
}

func TestBounds(t *testing.T) {
	asked := func(second int) float64 { return []float64{10000, 100, 0, 0}[second] }
	for _, c := range []struct {
		name         string
		counts       []int64
		above, below string // seconds
	}{
		{"as asked", []int64{10000, 100}, "", ""},
		{"just within", []int64{10700, 152, 0}, "", ""}, // 10200 + 500, 102 + 50
		{"just above", []int64{10701, 153, 0}, "0 1", ""},
		{"after the end", []int64{10000, 100, 0, 1}, "3", ""},
		{"just enough", []int64{9300, 48}, "", ""}, // 9800 − 500, 98 − 50
		{"too few", []int64{9299, 47}, "", "0 1"},
	} {
		above, below := &failing{TB: t}, &failing{TB: t}
		NeverAbove(above, c.counts, asked, 1.02, 5)
		NeverBelow(below, c.counts, asked, 0.98, 5)
		for want, got := range map[string]*failing{"above " + c.above: above, "below " + c.below: below} {
			side, list, _ := strings.Cut(want, " ")
			seconds := strings.Fields(list)
			if len(got.said) != len(seconds) {
				t.Errorf("%s: %s: said %q", c.name, side, got.said)
				continue
			}
			for i, s := range seconds {
				if !strings.Contains(got.said[i], "second "+s+",") {
					t.Errorf("%s: %s: said %q, expected second %s", c.name, side, got.said[i], s)
				}
			}
		}
	}
}
