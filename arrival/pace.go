package arrival

import "reflect"

// pace turns sums of gaps into due times, as Schedule does.
//
// Due times do not depend on the way that led to an arrival. Rounding in When can make an arrival due a nanosecond
// before its predecessor; the due time of an arrival is therefore the latest of its own and of those before it in its
// part. That is found by going through the arrivals from a little earlier on: slack.
type pace struct {
	profile Profile
	rate    float64 // of a constant profile, which needs no call; else 0
}

// slack in seconds and relative to the time is far more than a profile errs, and far less than it takes to notice.
const (
	slack         = 1e-6
	slackRelative = 1e-9
	areaRelative  = 1e-12
)

func newPace(p Profile) pace { return pace{p, constantRate(p)} }

// due returns when an arrival is due, in ns; Forever where the profile does not get there.
func (p pace) due(area float64) int64 {
	var t float64
	if p.rate > 0 {
		t = area / p.rate
	} else {
		t = p.profile.When(area)
	}
	ns := float64(t*1e9) + 0.5 // the conversion forbids a fused multiply-add, which rounds differently
	if !(ns < farthest) {
		return Forever
	}
	return int64(ns)
}

// before returns an area such that all arrivals with sums up to it are due before ns, by the slack.
func (p pace) before(ns int64) float64 {
	t := float64(ns) / 1e9
	t -= slack + t*slackRelative
	if t <= 0 {
		return -1
	}
	return p.profile.Area(t) * (1 - areaRelative)
}

// after returns an area such that all arrivals with sums above it are due after ns, by the slack.
func (p pace) after(ns int64) float64 {
	t := max(0, float64(ns)/1e9)
	t += slack + t*slackRelative
	return p.profile.Area(t) * (1 + areaRelative)
}

// resume returns an area to go on from after an arrival with that sum.
func (p pace) resume(area float64) float64 {
	if due := p.due(area); due < Forever {
		return min(p.before(due), area*(1-areaRelative))
	}
	return area * (1 - areaRelative)
}

// same tells whether a and b are known to be the same profile.
func same(a, b Profile) bool {
	return a != nil && b != nil && reflect.ValueOf(a).Comparable() && a == b
}
