// Package arrivaltest is the contract of package arrival as tests: whoever writes a law or a profile calls
// [TestLaw] or [TestProfile] on it, and [TestRenewal] where the distribution of the gaps is known.
//
// The statistical tests draw from fixed seeds, so that they pass or fail for good. For a law that keeps the
// contract, the probability that one of them fails anyway is below [Significance].
package arrivaltest

// Significance is the probability, at most, that a statistical test rejects a law that is right.
const Significance = 1e-5

// sigmas is how many standard deviations a normal variable stays within but for Significance (4.42), with room for
// the heavier tails of 50 batch means (Student's t with 49 degrees of freedom: 4.92).
const sigmas = 5
