package arrival

import (
	"math"
	"time"
)

// Limit says where a schedule ends; the profile may end it earlier.
type Limit struct {
	Duration time.Duration // only arrivals due within (0, Duration] count; 0: no limit
	N        int64         // only the first N arrivals count; 0: no limit
}

// Schedule yields due times, one after the other: the arrivals of a law at the rate of a profile.
// It is used by one goroutine. Nothing in it allocates after it has been made.
type Schedule struct {
	law     Law
	profile Profile
	rate    float64 // of a constant profile, which needs no call; else 0

	// The sum of all gaps is whole + part, 0 ≤ part < 1: a sum of small gaps that does not lose them as it grows.
	whole, part float64

	index int64 // of the arrival drawn last, -1 at first
	due   int64 // its due time, ns
	own   int64 // index of the arrival yielded last, -1 at first

	pass   int // arrivals of other shards before the next of ours
	shards int

	n   int64   // arrivals
	end float64 // ns, exclusive
}

// farthest is beyond the greatest due time, in ns: some 292 years.
const farthest = 1 << 63

// New makes the schedule of a law and a profile. The law belongs to the schedule from then on and must be fresh.
// Without any limit, and with a profile that does not end, the schedule ends after 292 years.
func New(law Law, p Profile, limit Limit) *Schedule {
	s := &Schedule{
		law: law, profile: p, rate: constantRate(p),
		index: -1, own: -1, shards: 1,
		n: math.MaxInt64, end: farthest,
	}
	if limit.N > 0 {
		s.n = limit.N
	}
	if limit.Duration > 0 {
		s.end = float64(limit.Duration) + 1
	}
	return s
}

// Deal makes a fresh schedule yield only those arrivals whose index leaves the remainder shard when divided by
// shards, and returns it. Every shard has a schedule of its own, made from the same law, seed and profile, and
// goes through all arrivals in it; so each arrival has the same index and due time whatever the number of shards.
// Deal panics unless 0 ≤ shard < shards.
func (s *Schedule) Deal(shard, shards int) *Schedule {
	checkPart("shard", shard, shards)
	s.pass, s.shards = shard, shards
	return s
}

// Next yields the next arrival: when it is due, in nanoseconds from the start. Due times never decrease. Once the
// schedule has ended, ok is false for ever.
func (s *Schedule) Next() (due int64, ok bool) {
	for ; s.pass > 0; s.pass-- {
		if !s.draw() {
			return 0, false
		}
	}
	if !s.draw() {
		return 0, false
	}
	s.own, s.pass = s.index, s.shards-1
	return s.due, true
}

// Index returns the number of the arrival that Next yielded last, counted from 0 over all shards; -1 before the first.
func (s *Schedule) Index() int64 { return s.own }

// draw goes on to the next arrival of the whole. A due time is worked out for those of other shards too: rounding in
// When can make it a nanosecond less than its predecessor's, and what is done about that must not depend on the shards.
func (s *Schedule) draw() bool {
	if s.index+1 >= s.n {
		return false
	}
	s.whole, s.part = addGap(s.whole, s.part, s.law.Gap())
	area := s.whole + s.part
	var t float64
	if s.rate > 0 {
		t = area / s.rate
	} else {
		t = s.profile.When(area)
	}
	ns := float64(t*1e9) + 0.5 // the conversion forbids a fused multiply-add, which rounds differently
	if !(ns < s.end) {
		s.n = 0
		return false
	}
	s.index++
	s.due = max(s.due, int64(ns))
	return true
}

// addGap adds a gap to the sum whole + part.
func addGap(whole, part, gap float64) (float64, float64) {
	part += gap
	if part >= 1 {
		carry := math.Floor(part)
		whole += carry
		part -= carry // exact: the difference has no more bits than part had
	}
	return whole, part
}
