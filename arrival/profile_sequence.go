package arrival

import (
	"errors"
	"fmt"
	"math"
	"sort"
	"strings"
	"time"
)

// Sequence returns the profile that goes through pieces one after the other, each counting its time from its
// own beginning. All but the last must be [Finite], by themselves or by [Cut]. The sequence ends with its last piece,
// if that ends.
func Sequence(pieces ...Profile) (Profile, error) {
	if len(pieces) == 0 {
		return nil, errors.New("arrival: sequence: no pieces; expected at least one profile")
	}
	words := make([]string, len(pieces))
	for i, p := range pieces {
		if i < len(pieces)-1 && math.IsInf(Length(p), 1) {
			return nil, fmt.Errorf("arrival: sequence: piece %d (%s) does not end; expected a length for it, as in for=30s",
				i+1, describe(p))
		}
		words[i] = describe(p)
	}
	return newSequence(strings.Join(words, ", then "), pieces...), nil
}

type sequence struct {
	pieces []Profile
	start  []float64 // s; when each piece begins, and last when all end
	area   []float64 // Λ at those times
	text   string
}

func newSequence(text string, pieces ...Profile) *sequence {
	s := &sequence{pieces: pieces, start: []float64{0}, area: []float64{0}, text: text}
	for i, p := range pieces {
		length, area := Length(p), math.Inf(1)
		if !math.IsInf(length, 1) {
			area = p.Area(length)
		}
		s.start = append(s.start, s.start[i]+length)
		s.area = append(s.area, s.area[i]+area)
	}
	return s
}

func (s *sequence) Rate(t float64) float64 {
	i := s.at(t)
	if i == len(s.pieces) {
		return 0
	}
	return s.pieces[i].Rate(t - s.start[i])
}

func (s *sequence) Area(t float64) float64 {
	i := s.at(t)
	if i == len(s.pieces) {
		return s.area[i]
	}
	return s.area[i] + s.pieces[i].Area(t-s.start[i])
}

// at returns the piece that t is in; the number of pieces from the end on.
func (s *sequence) at(t float64) int {
	return sort.Search(len(s.pieces), func(i int) bool { return t < s.start[i+1] })
}

func (s *sequence) When(area float64) float64 {
	n := len(s.pieces)
	if area > s.area[n] && area <= s.area[n]*reach {
		area = s.area[n]
	}
	i := sort.Search(n, func(i int) bool { return area <= s.area[i+1] })
	if i == n {
		return math.Inf(1)
	}
	return min(s.start[i]+s.pieces[i].When(area-s.area[i]), s.start[i+1])
}

func (s *sequence) Length() float64 { return s.start[len(s.pieces)] }

func (s *sequence) String() string { return s.text }

// Cut returns the first stretch of p as a profile that ends. The error says that length is not above 0, or
// that p ends earlier by itself.
func Cut(p Profile, length time.Duration) (Profile, error) {
	if err := checkSpan("cut", "length", length); err != nil {
		return nil, err
	}
	end := length.Seconds()
	if whole := Length(p); end > whole {
		return nil, fmt.Errorf("arrival: cut: %s has only %s; expected a length up to that, not %v",
			describe(p), formatSeconds(whole), length)
	}
	if rate := constantRate(p); rate > 0 {
		return newLinear(rate, 0, end), nil
	}
	return &cut{Profile: p, length: end, total: p.Area(end)}, nil
}

type cut struct {
	Profile
	length float64 // s
	total  float64 // area up to there
}

func (c *cut) Rate(t float64) float64 {
	if t >= c.length {
		return 0
	}
	return c.Profile.Rate(t)
}

func (c *cut) Area(t float64) float64 {
	if t >= c.length {
		return c.total
	}
	return c.Profile.Area(t)
}

func (c *cut) When(area float64) float64 {
	if area > c.total*reach {
		return math.Inf(1)
	}
	return min(c.Profile.When(area), c.length)
}

func (c *cut) Length() float64 { return c.length }

func (c *cut) String() string {
	return fmt.Sprintf("%s for %s", describe(c.Profile), formatSeconds(c.length))
}
