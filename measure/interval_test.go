package measure

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/iagoloadgen/iago/load"
	"pgregory.net/rapid"
)

// same compares intervals by all that they say; the histograms' own memory does not matter. It returns what differs.
func same(want, got *Interval) string {
	w, g := imageOf(want), imageOf(got)
	if w.status == g.status && w.numbers == g.numbers && slices.EqualFunc(w.maps[:], g.maps[:], maps.Equal[map[string]int64, map[string]int64]) &&
		slices.EqualFunc(w.times[:], g.times[:], sameContent) &&
		maps.EqualFunc(w.labels, g.labels, func(a, b labelImage) bool { return a.Requests == b.Requests && sameContent(a.Latency, b.Latency) }) {
		return ""
	}
	return fmt.Sprintf("want %+v\ngot  %+v", w, g)
}

func sameContent(a, b content) bool {
	return a.Count == b.Count && a.Sum == b.Sum && a.Min == b.Min && a.Max == b.Max && slices.Equal(a.Buckets, b.Buckets)
}

// image is an interval in a form that can be compared at little cost.
type image struct {
	status  [load.MaxStatus + 1]int64
	numbers struct {
		Index                                                                  int
		Requests                                                               Requests
		Start, End, ServerErrors, Sent, Received, Max, InFlight, Waiting, Conn int64
		DescriptorWaits                                                        int64
		InFlightTime, AttemptTime                                              uint64
		Refused, Bad, CheckFail, Unseen                                        int64
		Followups                                                              Requests
		Datagrams                                                              Datagrams
	}
	maps   [7]map[string]int64
	times  [9]content
	labels map[int]labelImage
}

type labelImage struct {
	Requests Requests
	Latency  content
}

func imageOf(i *Interval) image {
	m := image{status: i.Status, maps: [7]map[string]int64{
		i.Errors, i.DroppedBy, i.UnsentBy, i.Followups.Status, i.Followups.Errors, {}, {},
	}, labels: map[int]labelImage{}}
	n := &m.numbers
	n.Index, n.Requests, n.Start, n.End, n.ServerErrors, n.Sent, n.Received = i.Index, i.Requests, i.Start, i.End, i.ServerErrors, i.BytesSent, i.BytesReceived
	n.Max, n.InFlight, n.Waiting, n.Conn, n.DescriptorWaits = i.MaxInFlight, i.InFlightEnd, i.WaitingEnd, i.MaxConnections, i.DescriptorWaits
	n.InFlightTime, n.AttemptTime = i.InFlightTime, i.AttemptTime
	f := &i.Followups
	n.Refused, n.Bad, n.CheckFail, n.Unseen, n.Followups, n.Datagrams = f.Refused, f.Bad, i.CheckFail, i.Unseen, f.Requests, i.Datagrams
	for name, c := range i.Checks {
		m.maps[5][name], m.maps[6][name] = c.Passed, c.Failed
	}
	for k, h := range histogramsOf(i) {
		m.times[k] = contentOf(h)
	}
	for k, l := range i.Labels {
		if l != nil {
			m.labels[k] = labelImage{l.Requests, contentOf(&l.Latency)}
		}
	}
	return m
}

func histogramsOf(i *Interval) [9]*Histogram {
	t, w := &i.Times, &i.Warmup
	return [9]*Histogram{&t.Latency, &t.Lateness, &t.Wait, &t.Service, &w.Latency, &w.Lateness, &w.Wait, &w.Service, &i.Followups.Latency}
}

// interval draws an interval of the given second.
func interval(t *rapid.T, second int) *Interval {
	i := NewInterval()
	n := func(name string) int64 { return rapid.Int64Range(0, 1000).Draw(t, name) }
	i.Index, i.Start, i.End = second, int64(second)*1e9+n("start"), int64(second+1)*1e9+n("end")
	requests := func() Requests {
		return Requests{
			Scheduled: n("scheduled"), Sent: n("sent"), Completed: n("completed"), Failed: n("failed"), TimedOut: n("timed out"),
			Dropped: n("dropped"), Starved: n("starved"), Unsent: n("unsent"), InFlight: n("in flight"), Lost: n("lost"),
		}
	}
	i.Requests, i.Followups.Requests = requests(), requests()
	for _, h := range histogramsOf(i) {
		for range rapid.IntRange(0, 3).Draw(t, "values") {
			h.Record(rapid.Int64Range(0, MaxValue).Draw(t, "value"))
		}
	}
	i.Status[200], i.Status[503], i.ServerErrors = n("200"), n("503"), n("server errors")
	some := func() map[string]int64 {
		return rapid.MapOf(rapid.SampledFrom([]string{"a", "b", "c"}), rapid.Int64Range(1, 9)).Draw(t, "map")
	}
	i.Errors, i.DroppedBy, i.UnsentBy, i.Followups.Status, i.Followups.Errors = some(), some(), some(), some(), some()
	for name, passed := range some() {
		i.Checks[name] = Check{passed, n("failed checks")}
	}
	for _, k := range rapid.SliceOfN(rapid.IntRange(0, 9), 0, 4).Draw(t, "labels") {
		i.Label(k).Requests = requests()
		i.Label(k).Latency.Record(rapid.Int64Range(0, MaxValue).Draw(t, "label's latency"))
	}
	i.Followups.Refused, i.Followups.Bad, i.CheckFail, i.Unseen = n("refused"), n("bad"), n("check fail"), n("unseen")
	i.Datagrams = Datagrams{n("late"), n("duplicate"), n("unmatched")}
	i.BytesSent, i.BytesReceived = n("bytes sent"), n("bytes received")
	i.InFlightTime, i.AttemptTime = uint64(n("in-flight time")), uint64(n("attempt time"))
	i.MaxInFlight, i.InFlightEnd, i.WaitingEnd = n("most in flight"), n("in flight at end"), n("waiting at end")
	i.MaxConnections, i.DescriptorWaits = n("connections"), n("descriptor waits")
	return i
}

func merged(simultaneous bool, parts ...*Interval) *Interval {
	m := NewInterval()
	for _, p := range parts {
		m.Merge(p, simultaneous)
	}
	return m
}

func TestMergingIntoNothingIsACopy(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		i := interval(t, 7)
		for _, simultaneous := range []bool{true, false} {
			if d := same(i, merged(simultaneous, i)); d != "" {
				t.Fatalf("simultaneous %v:\n%s", simultaneous, d)
			}
			if d := same(i, merged(simultaneous, i, NewInterval())); d != "" {
				t.Fatalf("simultaneous %v, with an empty one:\n%s", simultaneous, d)
			}
		}
	})
}

// Shards hand in in any order; the merge of a second must not show it.
func TestSimultaneousMergeHasNoOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := interval(t, 3), interval(t, 3), interval(t, 3)
		want := merged(true, a, b, c)
		if d := same(want, merged(true, c, b, a)); d != "" {
			t.Fatalf("order shows:\n%s", d)
		}
		if d := same(want, merged(true, a, merged(true, b, c))); d != "" {
			t.Fatalf("grouping shows:\n%s", d)
		}
		if want.MaxInFlight != a.MaxInFlight+b.MaxInFlight+c.MaxInFlight || want.InFlightEnd != a.InFlightEnd+b.InFlightEnd+c.InFlightEnd {
			t.Fatal("what was in flight on different shards at a time does not add up")
		}
	})
}

func TestSuccessiveMerge(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := interval(t, 3), interval(t, 4), interval(t, 5)
		want := merged(false, a, b, c)
		if d := same(want, merged(false, a, merged(false, b, c))); d != "" {
			t.Fatalf("grouping shows:\n%s", d)
		}
		if d := same(want, merged(false, merged(false, b, c), a)); d != "" {
			t.Fatalf("order shows:\n%s", d)
		}
		if want.Index != 3 || want.Start != a.Start || want.End != c.End || want.InFlightEnd != c.InFlightEnd || want.WaitingEnd != c.WaitingEnd {
			t.Fatalf("second %d, %d…%d, %d in flight and %d waiting at its end", want.Index, want.Start, want.End, want.InFlightEnd, want.WaitingEnd)
		}
		if want.MaxInFlight != max(a.MaxInFlight, b.MaxInFlight, c.MaxInFlight) || want.MaxConnections != max(a.MaxConnections, b.MaxConnections, c.MaxConnections) {
			t.Fatal("maxima of successive stretches are not their maximum")
		}
	})
}

// Seconds of shards, or shards' whole runs: the counts are the same.
func TestMergeByShardEqualsMergeBySecond(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a0, a1, b0, b1 := interval(t, 0), interval(t, 1), interval(t, 0), interval(t, 1)
		bySecond := merged(false, merged(true, a0, b0), merged(true, a1, b1))
		byShard := merged(true, merged(false, a0, a1), merged(false, b0, b1))
		// Maxima by shard are a looser bound, and shards may end at different moments.
		if bySecond.MaxInFlight > byShard.MaxInFlight {
			t.Fatalf("%d by second, %d by shard", bySecond.MaxInFlight, byShard.MaxInFlight)
		}
		for _, i := range []*Interval{bySecond, byShard} {
			i.MaxInFlight, i.MaxConnections, i.InFlightEnd, i.WaitingEnd = 0, 0, 0, 0
		}
		if d := same(bySecond, byShard); d != "" {
			t.Fatal(d)
		}
	})
}

func TestIntervalReset(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		i := interval(t, 9)
		i.Reset()
		if d := same(NewInterval(), i); d != "" {
			t.Fatal(d)
		}
	})
}

func TestGeneratorsOwn(t *testing.T) {
	i := NewInterval()
	i.DroppedBy = map[string]int64{DroppedLate: 1, DroppedOverload: 10}
	i.UnsentBy = map[string]int64{UnsentDescriptors: 100, UnsentConnections: 1000}
	i.Errors = map[string]int64{FailedNoPort: 10_000, "connection refused": 100_000}
	if n := i.GeneratorsOwn(); n != 10_101 {
		t.Fatalf("got %d", n)
	}
}
