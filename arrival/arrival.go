// Package arrival says when requests are due. It is pure mathematics: no clock, no goroutine, no global state.
package arrival

// Law draws the gaps between arrivals in units of their mean: a stationary process of rate 1.
// A Law is used by one goroutine.
type Law interface {
	// Gap returns the next gap, ≥ 0, with mean 1 over the long run.
	Gap() float64
}

// Profile is a rate that changes over time, in arrivals per second against seconds from the start.
// It must be safe for concurrent use (it has no state).
type Profile interface {
	// Rate is λ(t) ≥ 0.
	Rate(t float64) float64
	// Area is Λ(t), the integral of Rate from 0 to t.
	Area(t float64) float64
	// When is Λ⁻¹: the earliest t with Area(t) ≥ area; +Inf where the area is never reached.
	When(area float64) float64
}
