package ring

import (
	"runtime"
	"testing"
)

func TestFillsAndEmptiesInOrder(t *testing.T) {
	r := New[int](5)
	if r.Cap() != 8 {
		t.Fatalf("capacity %d, want 8", r.Cap())
	}
	for round := range 3 {
		for i := range 8 {
			if !r.Push(round*8 + i) {
				t.Fatalf("push %d refused", i)
			}
		}
		if r.Push(99) {
			t.Fatal("push into a full ring succeeded")
		}
		if r.Len() != 8 {
			t.Fatalf("length %d, want 8", r.Len())
		}
		for i := range 8 {
			if v, ok := r.Pop(); !ok || v != round*8+i {
				t.Fatalf("pop gave %d, %v; want %d", v, ok, round*8+i)
			}
		}
		if _, ok := r.Pop(); ok {
			t.Fatal("pop from an empty ring succeeded")
		}
	}
	if r.Popped() != 24 {
		t.Fatalf("popped %d, want 24", r.Popped())
	}
}

func TestOneProducerOneConsumer(t *testing.T) {
	const n = 200_000
	r := New[int](64)
	go func() {
		for i := range n {
			for !r.Push(i) {
				runtime.Gosched()
			}
		}
	}()
	for want := range n {
		v, ok := r.Pop()
		for !ok {
			runtime.Gosched()
			v, ok = r.Pop()
		}
		if v != want {
			t.Fatalf("got %d, want %d", v, want)
		}
	}
}

func BenchmarkPushPop(b *testing.B) {
	r := New[*int](1024)
	x := new(int)
	b.ReportAllocs()
	for b.Loop() {
		r.Push(x)
		r.Pop()
	}
}
