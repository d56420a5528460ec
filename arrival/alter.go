package arrival

import (
	"errors"
	"math"
	"slices"
)

// scale returns p with a rate factor times as high.
func scale(p Profile, factor float64) Profile {
	switch factor {
	case 0:
		return ended(0, Length(p))
	case 1:
		return p
	}
	if s, ok := p.(*scaled); ok {
		p, factor = s.Profile, s.factor*factor
	}
	return &scaled{p, factor}
}

type scaled struct {
	Profile
	factor float64
}

func (s *scaled) Rate(t float64) float64    { return s.factor * s.Profile.Rate(t) }
func (s *scaled) Area(t float64) float64    { return s.factor * s.Profile.Area(t) }
func (s *scaled) When(area float64) float64 { return s.Profile.When(area / s.factor) }
func (s *scaled) Length() float64           { return Length(s.Profile) }

// plus returns p with a rate more at all times up to p's end, cut off at 0.
func plus(p Profile, rate float64) (Profile, error) {
	switch p := p.(type) {
	case *linear:
		return p.plus(rate), nil
	case *sine:
		return p.plus(rate), nil
	case *cut:
		inner, err := plus(p.Profile, rate)
		if err != nil {
			return nil, err
		}
		return &cut{Profile: inner, length: p.length, total: inner.Area(p.length)}, nil
	case *scaled:
		inner, err := plus(p.Profile, rate/p.factor)
		return scale(inner, p.factor), err
	case *sequence:
		pieces := make([]Profile, len(p.pieces))
		for i, piece := range p.pieces {
			var err error
			if pieces[i], err = plus(piece, rate); err != nil {
				return nil, err
			}
		}
		return newSequence(p.text, pieces...), nil
	case *raised:
		if p.by+rate < 0 {
			return plus(p.Profile, p.by+rate)
		}
		return &raised{p.Profile, p.by + rate}, nil
	case *clipped:
		if rate < 0 {
			return newClipped(p.mean+rate, p.amp, p.period), nil
		}
	}
	if rate < 0 {
		return nil, errors.New("there is no telling where " + describe(p) +
			" would reach 0; expected a factor (scale) or a rate without a sign")
	}
	return &raised{p, rate}, nil
}

func (l *linear) plus(rate float64) Profile {
	from, to := l.from+rate, l.to+rate
	switch {
	case l.slope == 0 || from >= 0 && to >= 0:
		if l.slope == 0 {
			return newLinear(max(0, from), 0, l.length)
		}
		return newLinear(from, l.slope, l.length)
	case from <= 0 && to <= 0:
		return newLinear(0, 0, l.length)
	}
	zero := min(max(0, -from/l.slope), l.length) // where the line crosses it
	if from > 0 {
		fall := newLinear(from, l.slope, zero)
		fall.to, fall.total = 0, from/2*zero
		if zero == l.length {
			return fall
		}
		return newSequence(l.String(), fall, newLinear(0, 0, l.length-zero))
	}
	return newSequence(l.String(), newLinear(0, 0, zero), newLinear(0, l.slope, l.length-zero))
}

func (s *sine) plus(rate float64) Profile {
	if s.mean+rate >= s.amp {
		return &sine{mean: s.mean + rate, amp: s.amp, period: s.period, text: s.text}
	}
	return newClipped(s.mean+rate, s.amp, s.period)
}

// raised is a profile of any sort with a rate ≥ 0 added to it.
type raised struct {
	Profile
	by float64 // per second
}

func (r *raised) Rate(t float64) float64 {
	if t >= r.Length() {
		return 0
	}
	return r.Profile.Rate(t) + r.by
}

func (r *raised) Area(t float64) float64 {
	return r.Profile.Area(t) + r.by*max(0, min(t, r.Length()))
}

func (r *raised) When(area float64) float64 {
	if area <= 0 {
		return 0
	}
	end := r.Length()
	if !math.IsInf(end, 1) && area > r.Area(end)*reach {
		return math.Inf(1)
	}
	hi := min(r.Profile.When(area), area/r.by, end)
	return invert(r.Area, r.Rate, area, 0, hi)
}

func (r *raised) Length() float64 { return Length(r.Profile) }

// invert returns the x between lo and hi at which f, which grows with the slope given, reaches a value: Newton's method, kept
// within the bracket by bisection.
func invert(f, slope func(float64) float64, value, lo, hi float64) float64 {
	x := hi
	for range 80 {
		excess := f(x) - value
		if excess < 0 {
			lo = x
		} else {
			hi = x
		}
		next := x - excess/slope(x)
		if math.Abs(next-x) <= 1e-15*x {
			return min(max(next, lo), hi)
		}
		if !(next > lo && next < hi) {
			if next = lo + (hi-lo)/2; next <= lo || next >= hi {
				return hi
			}
		}
		x = next
	}
	return hi
}

// rests tells whether p is known to have stretches of rate 0 before its end.
func rests(p Profile) bool {
	switch p := p.(type) {
	case *linear:
		return p.from == 0 && p.slope == 0
	case *clipped:
		return true
	case *cut:
		return rests(p.Profile)
	case *scaled:
		return rests(p.Profile)
	case *sequence:
		return slices.ContainsFunc(p.pieces, rests)
	}
	return false
}
