package arrival_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/arrival"
)

// splitter is a law as a user would write it: it divides itself, and cannot go on from anywhere.
type splitter struct{ arrival.Law }

func (s splitter) Split(i, n int) arrival.Law { return arrival.Split(s.Law, i, n) }

// partsLaws are laws of each way of division.
func partsLaws(t testing.TB) map[string]func() arrival.Law {
	t.Helper()
	return map[string]func() arrival.Law{
		"poisson":      func() arrival.Law { return arrival.NewPoisson(21) },
		"half poisson": func() arrival.Law { return arrival.Split(arrival.NewPoisson(21), 1, 2) },
		"uniform":      arrival.Uniform,
		"gamma":        func() arrival.Law { return newGamma(t, 0.3, 22) },
		"weibull":      func() arrival.Law { return newWeibull(0.7, 23) },
		"splitter":     func() arrival.Law { return splitter{arrival.NewPoisson(24)} },
		"batches":      func() arrival.Law { return &batches{} },
	}
}

// batches has three arrivals at once.
type batches struct{ k int }

func (b *batches) Gap() float64 {
	if b.k++; b.k%3 == 0 {
		return 3
	}
	return 0
}

// dueByPart works out the due times of each part up to end, one after the other from the beginning.
func dueByPart(law func() arrival.Law, n int, p arrival.Profile, end int64) [][]int64 {
	out := make([][]int64, n)
	_, seeker := law().(arrival.Seeker)
	_, splits := law().(arrival.Splitter)
	if !seeker && !splits {
		last, cursor := int64(0), sumOf(law())
		for k := 0; ; k++ {
			if last = max(last, dueAt(p, cursor())); last > end {
				return out
			}
			out[k%n] = append(out[k%n], last)
		}
	}
	for i := range out {
		next := sumOf(arrival.Split(law(), i, n))
		if s, ok := law().(arrival.Seeker); ok {
			c := s.Cursor(i, n)
			next = func() float64 { _, area := c.Next(); return area }
		}
		for last := int64(0); ; {
			if last = max(last, dueAt(p, next())); last > end {
				break
			}
			out[i] = append(out[i], last)
		}
	}
	return out
}

// sumOf adds up gaps, without losing small ones.
func sumOf(law arrival.Law) func() float64 {
	whole, part := 0.0, 0.0
	return func() float64 {
		part += law.Gap()
		carry := math.Floor(part)
		whole, part = whole+carry, part-carry
		return whole + part
	}
}

func dueAt(p arrival.Profile, area float64) int64 {
	t := p.When(area)
	if math.IsInf(t, 1) {
		return arrival.Forever
	}
	return int64(float64(t*1e9) + 0.5)
}

func flat(parts [][]int64) []int64 {
	out := slices.Concat(parts...)
	slices.Sort(out)
	return out
}

// within returns those of sorted due times that are in (from, to]; from 0 takes in 0.
func within(due []int64, from, to int64) []int64 {
	if to <= from {
		return nil
	}
	if from == 0 {
		from = -1
	}
	i, _ := slices.BinarySearch(due, from+1)
	j, _ := slices.BinarySearch(due, to+1)
	return due[i:j]
}

// failer is a testing.TB or a rapid.T.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

// drained takes what a share has due by a time.
func drained(t failer, s *arrival.Share, until int64) []int64 {
	t.Helper()
	var out []int64
	for {
		due, ok := s.Next()
		if !ok {
			return out
		}
		if due > until {
			s.Unread()
			return out
		}
		if n := len(out); n > 0 && due < out[n-1] {
			t.Fatalf("due at %d ns after %d ns", due, out[n-1])
		}
		out = append(out, due)
	}
}

func held(first, last int, from, through int64) arrival.Holding {
	return arrival.Holding{First: first, Last: last, From: from, Through: through}
}

func seconds(s float64) int64 { return int64(s * float64(time.Second)) }
