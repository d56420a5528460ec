// Package arrival says when requests are due. It is pure mathematics: no clock, no goroutine, and no global
// state but the tables of names.
//
// A [Law] draws gaps of mean 1; a [Profile] is a rate λ(t) that changes over time, with its integral Λ. A
// [Schedule] puts the two together: the k-th arrival is due at
//
//	due_k = Λ⁻¹(g_1 + … + g_k)
//
// This is the inversion method for non-stationary point processes (Çinlar, Introduction to Stochastic Processes,
// 1975, section 4.7), and it makes every law work with every profile: a Poisson law becomes the Poisson process
// of rate λ(t), the uniform law sends whenever Λ(t) reaches a whole number. Read backwards it is the time-rescaling theorem
// (Brown, Barbieri, Ventura, Kass and Frank, "The time-rescaling theorem and its application to neural spike
// train data analysis", Neural Computation 14, 2002), by which the tests judge schedules.
//
// A schedule begins with a gap, not with an arrival: the first arrival of the uniform law at 1000/s is due after
// 1 ms. It covers the times (0, Duration], so that the uniform law has exactly ⌊Λ(Duration)⌋ arrivals: 10,000 at
// 1000/s in 10 s, the last of them at the very end.
//
// A process that many workers share is divided into [Parts], which they can take over from each other, and its rate
// changed while it runs by [Splice].
//
// Laws and profiles also have names, for the command line and the spec file: see [Register], [RegisterProfile],
// [Parse] and [ParseProfile].
package arrival

import (
	"fmt"
	"math"
)

// Law draws the gaps between arrivals in units of their mean: a stationary process of rate 1.
// A Law is used by one goroutine.
type Law interface {
	// Gap returns the next gap, ≥ 0, with mean 1 over the long run. (The gaps of one of n parts of a law, see
	// [Split], have mean n.)
	Gap() float64
}

// Profile is a rate that changes over time, in arrivals per second against seconds from the start.
// It must be safe for concurrent use (it has no state). A profile that has words for itself is a [fmt.Stringer];
// one that ends is [Finite].
type Profile interface {
	// Rate is λ(t) ≥ 0.
	Rate(t float64) float64
	// Area is Λ(t), the integral of Rate from 0 to t; 0 where t ≤ 0.
	Area(t float64) float64
	// When is Λ⁻¹: the earliest t ≥ 0 with Area(t) ≥ area; +Inf where the area is never reached.
	When(area float64) float64
}

// Finite is a Profile that ends: its rate is 0 from Length on.
type Finite interface {
	Profile
	// Length is in seconds; +Inf says that the profile does not end after all.
	Length() float64
}

// Length returns the length of p in seconds, +Inf where p does not end.
func Length(p Profile) float64 {
	if f, ok := p.(Finite); ok {
		return f.Length()
	}
	return math.Inf(1)
}

// describe says in words what p is.
func describe(p Profile) string {
	if s, ok := p.(fmt.Stringer); ok {
		return s.String()
	}
	return fmt.Sprintf("%T", p)
}
