package measure

import "testing"

// A second of 100 labels is filled, merged and emptied again and again without a look at the heap.
func TestLabelsAllocateNothing(t *testing.T) {
	iv, total := NewInterval(), NewInterval()
	round := func() {
		for n := range 1000 {
			l := iv.Label((n * 7) % 100)
			l.Requests.Sent++
			l.Latency.Record(int64(n) * 100_000)
		}
		total.AddLabels(iv)
		iv.Reset()
	}
	for range 3 {
		round()
	}
	if n := testing.AllocsPerRun(20, round); n != 0 {
		t.Errorf("%v allocations a second", n)
	}
}

func TestLabelsAreThoseOfTheInterval(t *testing.T) {
	iv := NewInterval()
	iv.Label(5).Requests.Sent = 1
	if len(iv.Labels) != 6 || iv.Labels[4] != nil || iv.Label(5) != iv.Labels[5] {
		t.Fatalf("%v", iv.Labels)
	}
	former := iv.Labels[5]
	iv.Reset()
	if len(iv.Labels) != 0 {
		t.Fatalf("after Reset: %v", iv.Labels)
	}
	if l := iv.Label(2); l != former || l.Requests != (Requests{}) {
		t.Fatalf("%p with %+v, want the memory that there was, empty", l, l.Requests)
	}
}

// BenchmarkLabels is what 100 labels cost each second beside the requests: merging and emptying.
func BenchmarkLabels(b *testing.B) {
	from := second(10_000, 100)
	iv, total := NewInterval(), NewInterval()
	b.ReportAllocs()
	for b.Loop() {
		iv.AddLabels(from)
		total.AddLabels(iv)
		iv.Reset()
	}
}
