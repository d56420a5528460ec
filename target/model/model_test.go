package model

import (
	"math"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func newModel(t *testing.T, o Options) *Model {
	t.Helper()
	m, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// A queue of c servers, checked against one that looks at every server each time.
func TestQueueAgainstPlainOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := rapid.IntRange(1, 6).Draw(t, "servers")
		q, plain := NewQueue(c), make([]int64, c)
		now := int64(0)
		for range rapid.IntRange(1, 40).Draw(t, "n") {
			now += rapid.Int64Range(0, 20).Draw(t, "gap")
			service := rapid.Int64Range(0, 50).Draw(t, "service")
			least := 0
			for i := range plain {
				if plain[i] < plain[least] {
					least = i
				}
			}
			plain[least] = max(now, plain[least]) + service
			if got := q.Admit(now, time.Duration(service)); got != plain[least] {
				t.Fatalf("departs at %d, want %d", got, plain[least])
			}
		}
	})
}

// finish against a clock that ticks through every moment.
func TestCalendarAgainstTicking(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var stretches []stretch
		for range rapid.IntRange(0, 4).Draw(t, "stalls") {
			from := rapid.Int64Range(0, 40).Draw(t, "from")
			stretches = append(stretches, stretch{from, from + rapid.Int64Range(1, 10).Draw(t, "length")})
		}
		frozen := func(t int64) bool {
			for _, s := range stretches {
				if t >= s.from && t < s.to {
					return true
				}
			}
			return false
		}
		c := newCalendar(stretches)
		start, work := rapid.Int64Range(0, 60).Draw(t, "start"), rapid.Int64Range(0, 20).Draw(t, "work")
		want, left := start, work
		for ; left > 0 || frozen(want); want++ {
			if !frozen(want) {
				left--
			}
		}
		if got := c.finish(start, work); got != want {
			t.Fatalf("%v: %d of work from %d is done at %d, want %d", c, work, start, got, want)
		}
		if _, inside := c.until(start); inside != frozen(start) {
			t.Fatalf("%v: until(%d) says %v", c, start, inside)
		}
	})
}

// An M/M/1 whose arrivals come in bunches: the last of a bunch has waited for all before it, to the nanosecond.
func TestBusyPeriodIsSumOfServices(t *testing.T) {
	m := newModel(t, Options{Service: Constant{time.Millisecond}, Servers: 1})
	const start = int64(1e9)
	for k := range int64(1000) {
		want := start + (k+1)*1e6
		if got := m.Arrive(start + k*10).Depart; got != want {
			t.Fatalf("request %d departs at %d, want %d", k, got, want)
		}
	}
}

func TestSameSeedSameFates(t *testing.T) {
	play := func(seed uint64, faults ...Fault) (fates []Fate) {
		m := newModel(t, Options{Service: Exponential{time.Millisecond}, Servers: 2, Faults: faults, Seed: seed})
		for k := range int64(500) {
			fates = append(fates, m.Arrive(k*400_000))
		}
		return fates
	}
	faults := []Fault{{Kind: Error, Status: 503, Share: 0.1}, {Kind: Close, Share: 0.1}}
	if d := cmp.Diff(play(7, faults...), play(7, faults...)); d != "" {
		t.Errorf("same seed, other fates:\n%s", d)
	}
	if cmp.Equal(play(7, faults...), play(8, faults...)) {
		t.Error("another seed, same fates")
	}
	departs := func(fates []Fate) (out []int64) {
		for _, f := range fates {
			out = append(out, f.Depart)
		}
		return out
	}
	if d := cmp.Diff(departs(play(7)), departs(play(7, faults...))); d != "" {
		t.Errorf("faults shift the service times:\n%s", d)
	}
}

func TestShares(t *testing.T) {
	faults := []Fault{
		{Kind: Error, Status: 503, Share: 0.05},
		{Kind: Close, Share: 0.2},
		{Kind: Hang, Share: 0.01, At: time.Second, For: time.Second},
	}
	m := newModel(t, Options{Faults: faults, Seed: 3})
	const n = 300_000
	got := map[Kind]float64{}
	for k := range int64(n) {
		got[m.Arrive(k*10_000).Kind]++ // 3 s
	}
	// A later fault only gets what the earlier ones leave. Binomial, 0.1 % two-sided each.
	for kind, p := range map[Kind]float64{Error: 0.05, Close: 0.95 * 0.2, Hang: 0.95 * 0.8 * 0.01 / 3} {
		if z := (got[kind] - n*p) / math.Sqrt(n*p*(1-p)); math.Abs(z) > 3.29 {
			t.Errorf("%v: %v of %d (z = %.2f)", kind, got[kind], n, z)
		}
	}
	for i, f := range m.Fired(3e9) {
		if want := (Fired{faults[i].String(), int64(got[faults[i].Kind])}); f != want {
			t.Errorf("fired %v, want %v", f, want)
		}
	}
}

func TestFaultsInTime(t *testing.T) {
	m := newModel(t, Options{Faults: []Fault{
		{Kind: Error, Status: 500, At: time.Second, For: time.Second},
		{Kind: Reset, At: 3 * time.Second},
	}})
	const first = int64(500e6)
	for _, tt := range []struct {
		after time.Duration
		want  Kind
	}{
		{0, 0},
		{999 * time.Millisecond, 0},
		{time.Second, Error},
		{1999 * time.Millisecond, Error},
		{2 * time.Second, 0},
		{3 * time.Second, Reset},
		{time.Hour, Reset},
	} {
		if got := m.Arrive(first + int64(tt.after)); got.Kind != tt.want {
			t.Errorf("%v after the first: %v, want %v", tt.after, got.Kind, tt.want)
		}
	}
}

func TestStallAndDeath(t *testing.T) {
	m := newModel(t, Options{Service: Constant{100}, Servers: 1, Faults: []Fault{
		{Kind: Stall, At: 1000, For: 500}, {Kind: Die, At: 9000}, {Kind: Die, At: 5000},
	}})
	if _, known := m.Death(); known {
		t.Error("death is known before the first request")
	}
	if _, stalled := m.Stalled(1200); stalled {
		t.Error("stalled before the first request")
	}
	const first = 10_000
	for _, tt := range []struct{ arrive, depart int64 }{
		{0, 100},
		{950, 1550},  // half done when the stall begins
		{1200, 1650}, // in the stall, behind the one before
		{1800, 1900},
	} {
		if got := m.Arrive(first+tt.arrive).Depart - first; got != tt.depart {
			t.Errorf("arrives at %d: departs at %d, want %d", tt.arrive, got, tt.depart)
		}
	}
	for _, tt := range []struct {
		at      int64
		stalled bool
	}{{999, false}, {1000, true}, {1499, true}, {1500, false}} {
		until, stalled := m.Stalled(first + tt.at)
		if stalled != tt.stalled || stalled && until != first+1500 {
			t.Errorf("stalled at %d: %v until %d", tt.at, stalled, until)
		}
	}
	if at, known := m.Death(); !known || at != first+5000 {
		t.Errorf("death at %d, %v", at, known)
	}
	want := []Fired{{"stall:at=1µs,for=500ns", 1}, {"die:at=9µs", 0}, {"die:at=5µs", 1}}
	if d := cmp.Diff(want, m.Fired(first+5000)); d != "" {
		t.Errorf("fired (-want +got):\n%s", d)
	}
}

// A hung request takes no server from the others.
func TestHangTakesNoServer(t *testing.T) {
	m := newModel(t, Options{Service: Constant{100}, Servers: 1, Faults: []Fault{{Kind: Hang, For: 50}}})
	if f := m.Arrive(1000); f.Kind != Hang {
		t.Fatalf("fate %+v, want it to hang", f)
	}
	if f := m.Arrive(1060); f.Kind != 0 || f.Depart != 1160 {
		t.Errorf("fate %+v, want an answer at 1160", f)
	}
}

func TestPlainModelIsUntimed(t *testing.T) {
	for _, tt := range []struct {
		o    Options
		want bool
	}{
		{Options{}, false},
		{Options{Faults: []Fault{{Kind: Close, Share: 0.1}, {Kind: Die, At: 1}}}, false},
		{Options{Service: Constant{1}}, true},
		{Options{Faults: []Fault{{Kind: Stall, For: 1}}}, true},
	} {
		if got := newModel(t, tt.o).Timed(); got != tt.want {
			t.Errorf("%+v: timed %v, want %v", tt.o, got, tt.want)
		}
	}
}

// Every one of many callers gets a place of its own in the queue.
func TestConcurrentArrivals(t *testing.T) {
	m := newModel(t, Options{Service: Constant{10}, Servers: 1, Faults: []Fault{{Kind: Close, Share: 0.5}}})
	const callers, each = 8, 500
	var mu sync.Mutex
	var wg sync.WaitGroup
	seen := map[int64]bool{}
	for range callers {
		wg.Go(func() {
			for range each {
				depart := m.Arrive(1).Depart
				mu.Lock()
				seen[depart] = true
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	<-m.Begun()
	if len(seen) != callers*each || !seen[1+10*callers*each] {
		t.Errorf("%d departures of their own, want %d", len(seen), callers*each)
	}
}

func BenchmarkArrive(b *testing.B) {
	m, err := New(Options{Service: Exponential{time.Millisecond}, Servers: 1, Faults: []Fault{{Kind: Error, Status: 503, Share: 0.01}}})
	if err != nil {
		b.Fatal(err)
	}
	r, now := rand.New(rand.NewPCG(1, 1)), int64(0)
	b.ReportAllocs()
	for b.Loop() {
		now += int64(r.ExpFloat64() * 1.7e6)
		m.Arrive(now)
	}
}
