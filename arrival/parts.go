package arrival

import "fmt"

// Parts divides a process into parts that any of several owners can take over from each other while the process
// runs. The arrivals of all parts together are those of the whole; each has a due time that depends on the process
// (its seed included), the number of parts and the profile alone, so that anybody can tell how many arrivals of a part
// are due in a window. It is immutable and safe for concurrent use.
//
// A law that is a [Seeker] or a [Splitter] divides itself: parts of the uniform law have the due times of the whole,
// those of the Poisson law are independent Poisson processes whose superposition is one (Kingman, Poisson Processes, 1993,
// section 2.2). Of any other, part i of n has the arrivals i, i+n, i+2n, …; whoever holds parts of it goes through
// all arrivals, at a cost that does not depend on how many parts these are. Going on from any time costs a Seeker next
// to nothing, and others the drawing of all gaps before.
type Parts struct {
	process Process
	n       int
	whole   bool // the law does not divide itself
}

// Parts divides p into n parts. It panics unless n is 1 or more.
func (p Process) Parts(n int) *Parts {
	if n < 1 {
		panic(fmt.Sprintf("arrival: %d parts: expected 1 or more", n))
	}
	law := p.NewLaw()
	_, seeker := law.(Seeker)
	_, splitter := law.(Splitter)
	return &Parts{process: p, n: n, whole: !seeker && !splitter}
}

// N returns the number of parts.
func (ps *Parts) N() int { return ps.n }

// cursors returns what makes the cursor of a part, for one goroutine. recall is what a law that is no Seeker should
// remember.
func (ps *Parts) cursors(recall int) func(part int) Cursor {
	newLaw := ps.process.NewLaw
	if s, ok := newLaw().(Seeker); ok {
		return func(part int) Cursor { return s.Cursor(part, ps.n) }
	}
	return func(part int) Cursor {
		return newGapCursor(func() Law { return Split(newLaw(), part, ps.n) }, recall)
	}
}

// all returns the cursor of a law that does not divide itself; arrival k belongs to part k modulo n.
func (ps *Parts) all(recall int) Cursor { return newGapCursor(ps.process.NewLaw, recall) }

// checkRange panics unless first to last are parts.
func (ps *Parts) checkRange(first, last int) {
	if first < 0 || last < first || last >= ps.n {
		panic(fmt.Sprintf("arrival: parts %d to %d of %d: expected a range within 0 to %d", first, last, ps.n, ps.n-1))
	}
}
