package discoverytest

import (
	"slices"
	"testing"

	"github.com/iagoloadgen/iago/discovery"
)

// What is asked of backends that can be reached.

// empty: a place without members is told as such.
func (s *suite) empty() {
	defer s.leaves()()
	w := s.watch()
	w.await()
	w.end()
}

// first: the first set is complete.
func (s *suite) first() {
	for i := range 5 {
		s.Add(member(i + 1))
	}
	defer s.leaves()()
	w := s.watch()
	w.await(member(1), member(2), member(3), member(4), member(5))
	if sets := w.told(); len(sets) != 1 {
		s.Errorf("told %v; expected one set", sets)
	}
	w.quiet()
	w.end()
}

// changes: members come and go, down to none and up again.
func (s *suite) changes() {
	remove1 := s.Add(member(1))
	defer s.leaves()()
	w := s.watch()
	w.await(member(1))
	remove2 := s.Add(member(2))
	w.await(member(1), member(2))
	remove1()
	w.await(member(2))
	remove2()
	w.await()
	s.Add(member(3))
	w.await(member(3))
	w.quiet()
	w.end()
}

// duplicates: the same host and port twice is one member, until both are gone. Another port is another member.
func (s *suite) duplicates() {
	twice, other := member(1), member(1)
	other.Port++
	first, second := s.Add(twice), s.Add(twice)
	s.Add(other)
	defer s.leaves()()
	w := s.watch()
	w.await(twice, other)
	first()
	w.await(twice, other)
	second()
	w.await(other)
	w.end()
}

// order: the same members are told in the same order, however they came.
func (s *suite) order() {
	defer s.leaves()()
	w := s.watch()
	w.await()
	for _, i := range []int{3, 1, 2} {
		s.Add(member(i))
	}
	w.await(member(1), member(2), member(3))
	again := s.watch()
	again.await(member(1), member(2), member(3))
	a, _ := w.last()
	b, _ := again.last()
	if !slices.EqualFunc(a, b, func(x, y discovery.Member) bool { return x.Endpoint() == y.Endpoint() && x.Name == y.Name }) {
		s.Errorf("two watches of the same members tell %v and %v", a, b)
	}
	w.end()
	again.end()
}

// two: watches do not get into each other's way.
func (s *suite) two() {
	defer s.leaves()()
	one, two := s.watch(), s.watch()
	one.await()
	two.await()
	s.Add(member(1))
	one.await(member(1))
	two.await(member(1))
	one.end()
	s.Add(member(2))
	two.await(member(1), member(2))
	two.end()
}

// end: a watch ends with its context at any moment, also before it has begun, and leaves nothing behind.
func (s *suite) end() {
	defer s.leaves()()
	for range 5 {
		s.watch().end()
	}
}

// runFixed is what is asked of a list that does not change.
func runFixed(t *testing.T, place Place) {
	s := newSuite(t, place)
	defer s.leaves()()
	w := s.watch()
	w.await(place.Fixed...)
	w.quiet()
	if sets := w.told(); len(sets) != 1 {
		t.Errorf("told %v; expected one set", sets)
	}
	w.end()
}
