package arrival

import (
	"errors"
	"fmt"
	"math"
)

// Forever is the end of what has none, in ns: of an open [Holding]. Nothing is ever due then.
const Forever int64 = math.MaxInt64

// Plan says which arrivals of a divided process are somebody's at present. It must not be changed once it has been
// given to a [Share].
type Plan struct {
	// Profile is that of the whole job as it is now known. It equals that of the plan before up to the moment of a
	// change: see [Splice].
	Profile Profile
	End     int64     // arrivals due in (0, End] count, ns from the start; 0: no end but the profile's
	Held    []Holding // by part, ascending; no part twice
}

// Holding is a stretch of parts, and the time for which they are held: arrivals due in (From, Through], in
// nanoseconds from the start. From 0 takes in what is due at 0 itself, so that windows that follow each other from 0 on
// have every arrival once. Where Through is not after From, the holding is empty.
type Holding struct {
	First, Last   int   // parts, both included
	From, Through int64 // ns; Through is Forever while the end is open
}

// Validate says what is wrong with p for a process of so many parts; nil: nothing.
func (p *Plan) Validate(parts int) error {
	if p.Profile == nil {
		return errors.New("arrival: plan: no profile; expected that of the job")
	}
	if p.End < 0 {
		return fmt.Errorf("arrival: plan: end %d ns: expected 0 (none) or more", p.End)
	}
	next := 0
	for i, h := range p.Held {
		if h.First < next || h.Last < h.First || h.Last >= parts {
			return fmt.Errorf("arrival: plan: holding %d: parts %d to %d: expected parts from %d to %d, ascending",
				i+1, h.First, h.Last, next, parts-1)
		}
		if h.From < 0 {
			return fmt.Errorf("arrival: plan: holding %d: from %d ns: expected 0 or more", i+1, h.From)
		}
		next = h.Last + 1
	}
	return nil
}

// window is a time, in ns: after from, up to and including until.
type window struct{ from, until int64 }

// window returns that of a holding.
func (p *Plan) window(h Holding) window { return newWindow(h.From, p.until(h.Through)) }

// newWindow makes a window of what a user gives; a from of 0 takes in 0.
func newWindow(from, until int64) window {
	w := window{from, min(until, Forever-1)}
	if w.until <= from {
		w.until = -1
	}
	if from == 0 {
		w.from = -1
	}
	return w
}

func (p *Plan) until(through int64) int64 {
	if p.End > 0 {
		return min(through, p.End)
	}
	return through
}

func (w window) has(due int64) bool { return due > w.from && due <= w.until }
