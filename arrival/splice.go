package arrival

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"strings"
	"time"
)

// Splice returns the profile base with changes made to it while it runs, in ascending order of their moments. Up to
// the moment of each change it is exactly the profile of the changes before: whatever that has due by then, to the
// nearest nanosecond, is due at the same time. What is due later goes on from there with the new rate.
//
// Scale and add change the rate that there is, and keep its shape: a ramp goes on rising, a wave goes on. Set puts a
// constant in its place. A pause makes it 0 and changes nothing else: while it lasts, time goes on in the profile
// below, other changes are made to that, and resume brings it back. A profile that ends does so at the same time
// whatever the changes.
//
// All areas are in closed form if those of base are; so are their inverses, except that of a rate added to a profile
// that is neither linear nor a sine, which is found numerically. The error says that a change is not in order or out of
// bounds, or that less was asked of a profile of the user's own for which no area is known once it is cut off at 0.
func Splice(base Profile, changes ...Change) (Profile, error) {
	if b, ok := base.(*spliced); ok {
		base, changes = b.base, append(slices.Clip(b.changes), changes...)
	}
	s := &spliced{base: base, changes: changes}
	below, paused := base, false
	s.pieces = []piece{{profile: base, after: math.Inf(-1)}}
	for i, c := range changes {
		if i > 0 && c.At < changes[i-1].At || c.At < 0 {
			return nil, fmt.Errorf("arrival: change %q at %v: expected moments from 0 on, in ascending order", c, time.Duration(c.At))
		}
		var err error
		if below, paused, err = c.apply(below, paused, Length(base)); err != nil {
			return nil, fmt.Errorf("arrival: change %q at %v: %w", c, time.Duration(c.At), err)
		}
		now := below
		if paused {
			now = ended(0, Length(base))
		}
		s.add(now, c.At)
	}
	return s, nil
}

// apply returns what is below, and whether it is paused, after c.
func (c Change) apply(below Profile, paused bool, length float64) (Profile, bool, error) {
	if err := c.check(); err != nil {
		return nil, false, err
	}
	var err error
	switch c.Kind {
	case ChangePause:
		paused = true
	case ChangeResume:
		paused = false
	case ChangeSet:
		below = ended(c.Value, length)
	case ChangeScale:
		below = scale(below, c.Value)
	case ChangeAdd:
		below, err = plus(below, c.Value)
	}
	if err != nil {
		return nil, false, err
	}
	if r := below.Rate(float64(c.At) / 1e9); r > maxRate {
		return nil, false, fmt.Errorf("makes the rate %g/s; expected at most %g/s", r, maxRate)
	}
	return below, paused, nil
}

// ended is a constant rate up to a length; +Inf: for ever.
func ended(rate, length float64) *linear { return newLinear(rate, 0, length) }

type spliced struct {
	base    Profile
	changes []Change
	pieces  []piece
}

// piece is what holds from one change to the next. Its profile counts its time from the job's start.
type piece struct {
	profile Profile
	start   float64 // s
	area    float64 // Λ at start
	own     float64 // the area of the piece's profile at start

	// Sums up to after are in earlier pieces: those that are due by the moment of the change when rounded to the
	// nanosecond. All others are due later, earliest at least.
	after    float64
	earliest float64

	rests bool // the profile is known to have stretches of rate 0
}

// add makes a profile begin at a moment; one that begins at the same moment has been in vain.
func (s *spliced) add(p Profile, at int64) {
	start := float64(at) / 1e9
	if last := len(s.pieces) - 1; last > 0 && s.pieces[last].start == start {
		s.pieces = s.pieces[:last]
	}
	before := &s.pieces[len(s.pieces)-1]
	s.pieces = append(s.pieces, piece{
		profile:  p,
		start:    start,
		area:     before.areaAt(start),
		own:      p.Area(start),
		after:    max(before.after, s.dueBy(at, before)),
		earliest: (float64(at) + 0.75) / 1e9,
		rests:    rests(p),
	})
}

// dueBy returns the greatest area that is due by a moment, rounded to the nanosecond, in the last piece.
func (s *spliced) dueBy(at int64, last *piece) float64 {
	pc := newPace(s)
	t := (float64(at) + 0.5) / 1e9
	margin := 1e-12 + 1e-14*t // what rounding does
	lo, hi := last.areaAt(t-margin)*(1-1e-11), last.areaAt(t+margin)*(1+1e-11)
	if pc.due(lo) > at || pc.due(hi) <= at {
		return last.areaAt(t)
	}
	for {
		mid := lo + (hi-lo)/2
		switch {
		case mid <= lo || mid >= hi:
			return lo
		case pc.due(mid) <= at:
			lo = mid
		default:
			hi = mid
		}
	}
}

func (p *piece) areaAt(t float64) float64 { return p.area + (p.profile.Area(t) - p.own) }

// when undoes areaAt. Rounding must not turn the beginning of a stretch of rate 0 into its end.
func (p *piece) when(area float64) float64 {
	own := p.own + (area - p.area)
	t := p.profile.When(own)
	if p.rests && p.start > 0 {
		before := p.profile.When(own - 4e-16*max(own, area))
		if before < t && p.profile.Rate(before+(t-before)/2) == 0 {
			return before
		}
	}
	return t
}

// at returns the piece that t is in.
func (s *spliced) at(t float64) *piece {
	i := sort.Search(len(s.pieces)-1, func(i int) bool { return t < s.pieces[i+1].start })
	return &s.pieces[i]
}

func (s *spliced) Rate(t float64) float64 { return s.at(t).profile.Rate(t) }

func (s *spliced) Area(t float64) float64 {
	if t <= 0 {
		return 0
	}
	return s.at(t).areaAt(t)
}

func (s *spliced) When(area float64) float64 {
	if area <= 0 {
		return 0
	}
	last := len(s.pieces) - 1
	i := sort.Search(last, func(i int) bool { return area <= s.pieces[i+1].after })
	p := &s.pieces[i]
	t := p.when(area)
	if i > 0 {
		t = max(t, p.earliest)
	}
	if i < last {
		t = min(t, s.pieces[i+1].earliest)
	}
	return t
}

func (s *spliced) Length() float64 { return Length(s.base) }

func (s *spliced) String() string {
	var b strings.Builder
	b.WriteString(describe(s.base))
	for _, c := range s.changes {
		fmt.Fprintf(&b, ", at %s %s", formatDuration(time.Duration(c.At)), c)
	}
	return b.String()
}
