package transport

import (
	"fmt"
	"sync"
	"testing"

	"github.com/iagoloadgen/iago/load"
)

func TestStatusesAreNumberedAsTheyCome(t *testing.T) {
	s := NewStatuses("none", "ok")
	for i, name := range []string{"none", "ok", "ERR", "MOVED", "ERR", "ok"} {
		want := []int{0, 1, 2, 3, 2, 1}[i]
		if got := s.Number([]byte(name)); got != want || s.Name(got) != name {
			t.Errorf("%s: number %d, name %q, want %d", name, got, s.Name(got), want)
		}
	}
	if got := s.Name(-1) + s.Name(4); got != "otherother" {
		t.Errorf("numbers that nobody has are called %q", got)
	}
	long := make([]byte, 1000)
	if n := s.Number(long); len(s.Name(n)) != maxStatusName {
		t.Errorf("a name of %d bytes is kept", len(s.Name(n)))
	}
}

// A server that makes up a new word for every answer takes neither memory without end nor a number that cannot be counted.
func TestStatusesAreBounded(t *testing.T) {
	s := NewStatuses("ok")
	for i := range 5000 {
		if n := s.Number(fmt.Append(nil, "E", i)); n < 1 || n > load.MaxStatus {
			t.Fatalf("number %d", n)
		}
	}
	if n := s.Number([]byte("one more")); n != load.MaxStatus || s.Name(n) != otherStatus {
		t.Errorf("number %d, name %q", n, s.Name(n))
	}
	if s.Number([]byte("ok")) != 0 || s.Name(1) != "E0" {
		t.Error("the first ones have lost their numbers")
	}
}

func TestStatusesOfManyGoroutines(t *testing.T) {
	s := NewStatuses()
	numbers := make([][]int, 8)
	var wg sync.WaitGroup
	for g := range numbers {
		wg.Go(func() {
			for i := range 200 {
				numbers[g] = append(numbers[g], s.Number(fmt.Append(nil, i)))
			}
		})
	}
	wg.Wait()
	for g := range numbers {
		for i, n := range numbers[g] {
			if n != numbers[0][i] || s.Name(n) != fmt.Sprint(i) {
				t.Fatalf("goroutine %d: %d is number %d (%q), elsewhere %d", g, i, n, s.Name(n), numbers[0][i])
			}
		}
	}
}

func TestKnownStatusCostsNoAllocation(t *testing.T) {
	s, name := NewStatuses("ok", "ERR"), []byte("ERR")
	if n := testing.AllocsPerRun(100, func() { s.Number(name) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
