package arrival

import "fmt"

// Splitter is a Law that knows how to divide itself among workers who do not talk to each other.
type Splitter interface {
	Law
	// Split returns part i of n. It is called before the first Gap, with 0 ≤ i < n, and must not change the law.
	// A part counts in the units of the whole, so its gaps have mean n; all n parts laid over each other must have
	// the law of the whole.
	Split(i, n int) Law
}

// Split returns part i of n of a fresh law, whose owner must not use it any further. Each of n workers makes its
// own law from the same seed, takes its part, and uses it with the profile of the whole. A law that is a [Splitter]
// divides itself; of any other, part i has the arrivals i, i+n, i+2n, … It panics unless 0 ≤ i < n.
func Split(law Law, i, n int) Law {
	checkPart("part", i, n)
	if n == 1 {
		return law
	}
	if s, ok := law.(Splitter); ok {
		return s.Split(i, n)
	}
	return &everyNth{law: law, next: i + 1, stride: n}
}

// checkPart panics unless i is one of n.
func checkPart(noun string, i, n int) {
	if i < 0 || i >= n {
		panic(fmt.Sprintf("arrival: %s %d of %d: expected 0 to %d", noun, i, n, n-1))
	}
}

// everyNth draws the whole law and keeps every n-th arrival.
type everyNth struct {
	law    Law
	next   int // gaps of the whole in the gap to come
	stride int
}

func (e *everyNth) Gap() float64 {
	sum := 0.0
	for range e.next {
		sum += e.law.Gap()
	}
	e.next = e.stride
	return sum
}
