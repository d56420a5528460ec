package arrivaltest

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gonum.org/v1/gonum/stat"

	"github.com/iagoloadgen/iago/arrival"
)

// lawFunc is a law made of a function.
type lawFunc func() float64

func (f lawFunc) Gap() float64 { return f() }

// badSplit is a law whose parts are made by a function.
type badSplit struct {
	arrival.Law
	part func(i, n int) arrival.Law
}

func (b badSplit) Split(i, n int) arrival.Law { return b.part(i, n) }

func times(law arrival.Law, factor float64) arrival.Law {
	return lawFunc(func() float64 { return factor * law.Gap() })
}

// TestBadLaws has a law for each promise that it breaks; the suite must say so.
func TestBadLaws(t *testing.T) {
	calls := uint64(0)
	splits := func(part func(seed uint64, i, n int) arrival.Law) func(uint64) arrival.Law {
		return func(seed uint64) arrival.Law {
			return badSplit{arrival.NewPoisson(seed), func(i, n int) arrival.Law { return part(seed, i, n) }}
		}
	}
	tests := []struct {
		name  string
		check string
		law   func(seed uint64) arrival.Law
		want  string
	}{
		{"negative gaps", "gaps", func(seed uint64) arrival.Law {
			return lawFunc(rand.New(rand.NewPCG(seed, 0)).NormFloat64)
		}, "0 or more"},
		{"mean 1.04", "mean", func(seed uint64) arrival.Law { return times(arrival.NewPoisson(seed), 1.04) }, "mean gap"},
		{"mean 2, constant", "mean", func(uint64) arrival.Law { return times(arrival.Uniform(), 2) }, "mean gap"},
		{"seed ignored", "seed", func(uint64) arrival.Law { return arrival.NewPoisson(1) }, "same gaps"},
		{"not repeatable", "seed", func(uint64) arrival.Law { calls++; return arrival.NewPoisson(calls) }, "different gaps"},
		{"allocates", "allocations", func(uint64) arrival.Law {
			var keep [][]float64
			return lawFunc(func() float64 { keep = append(keep, make([]float64, 1)); return float64(len(keep)) })
		}, "allocates"},
		{"the same part n times", "split", splits(func(seed uint64, _, n int) arrival.Law {
			return times(arrival.NewPoisson(seed), float64(n))
		}), "other gaps"},
		{"parts of mean 1", "split", splits(func(seed uint64, i, _ int) arrival.Law {
			return arrival.NewPoisson(seed + uint64(i))
		}), "mean gap"},
		{"uniform parts", "split", splits(func(_ uint64, i, n int) arrival.Law {
			return arrival.Split(arrival.Uniform(), i, n)
		}), "other gaps"},
		{"right gaps in pairs", "split", func(seed uint64) arrival.Law {
			return badSplit{arrival.NewPoisson(seed), func(i, n int) arrival.Law { return pairs(seed, i, n) }}
		}, "other sums"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, c := range lawChecks {
				if c.name != tt.check {
					continue
				}
				err := c.check(tt.law)
				if err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("check %s says %v; expected it to object with %q", c.name, err, tt.want)
				}
			}
		})
	}
}

// pairs deals out a stream whose gaps are exponential but come in equal pairs.
func pairs(seed uint64, i, n int) arrival.Law {
	law, again, last := arrival.NewPoisson(seed+100), false, 0.0
	return arrival.Split(lawFunc(func() float64 {
		if again = !again; again {
			last = law.Gap()
		}
		return last
	}), i, n)
}

func TestBadRenewal(t *testing.T) {
	exponential := func(x float64) float64 { return -math.Expm1(-x) }
	if err := checkRenewal(draw(arrival.NewPoisson(1), gaps), exponential); err != nil {
		t.Errorf("Poisson law: %v", err)
	}
	wide, err := arrival.NewGamma(0.9, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := checkRenewal(draw(wide, gaps), exponential); err == nil {
		t.Error("gamma gaps of shape 0.9 pass for exponential")
	}
	law, again, last := arrival.NewPoisson(1), false, 0.0
	paired := lawFunc(func() float64 {
		if again = !again; again {
			last = law.Gap()
		}
		return last
	})
	if err := checkRenewal(draw(paired, gaps), exponential); err == nil {
		t.Error("equal gaps in pairs pass for independent")
	}
}

// profileFuncs is a profile made of functions.
type profileFuncs struct {
	rate, area, when func(float64) float64
	length           float64
}

func (p profileFuncs) Rate(t float64) float64 { return p.rate(t) }
func (p profileFuncs) Area(t float64) float64 { return p.area(t) }
func (p profileFuncs) When(a float64) float64 { return p.when(a) }
func (p profileFuncs) Length() float64        { return p.length }

// TestBadProfiles spoils one thing at a time of the constant rate 2/s.
func TestBadProfiles(t *testing.T) {
	var calls atomic.Int64
	tests := []struct {
		check string
		spoil func(p *profileFuncs)
		want  string
	}{
		{"rate", func(p *profileFuncs) { p.rate = func(t float64) float64 { return 5 - t } }, "Rate("},
		{"area", func(p *profileFuncs) { p.area = func(t float64) float64 { return 2*t + 1 } }, "Area(0)"},
		{"area", func(p *profileFuncs) { p.area = func(float64) float64 { return 0 } }, "some area"},
		{"area", func(p *profileFuncs) { p.area = func(t float64) float64 { return 2 * t * (1 + t*1e-7) } }, "integral"},
		{"when", func(p *profileFuncs) { p.when = func(a float64) float64 { return a/2 + 1 } }, "When(0)"},
		{"when", func(p *profileFuncs) { p.when = func(a float64) float64 { return a / 2 * (1 + 1e-8) } }, "but Area"},
		{"earliest", func(p *profileFuncs) {
			p.area = func(t float64) float64 { return 2 * min(t, max(3, t-4)) } // stands still from 3 to 7
			p.when = func(a float64) float64 {
				if a < 6 {
					return a / 2
				}
				return a/2 + 4
			}
		}, "reached by"},
		{"end", func(p *profileFuncs) { p.length = 0 }, "length"},
		{"end", func(p *profileFuncs) { p.length = 5 }, "rate 2"},
		{"end", func(p *profileFuncs) { p.length = 5; p.rate = func(float64) float64 { return 0 } }, "area"},
		{"end", func(p *profileFuncs) {
			p.length = 5
			p.rate = func(float64) float64 { return 0 }
			p.area = func(t float64) float64 { return 2 * min(t, 5) }
		}, "+Inf"},
		{"state", func(p *profileFuncs) { p.rate = func(float64) float64 { return float64(calls.Add(1)) } }, "otherwise"},
	}
	good := profileFuncs{
		rate:   func(float64) float64 { return 2 },
		area:   func(t float64) float64 { return 2 * t },
		when:   func(a float64) float64 { return a / 2 },
		length: math.Inf(1),
	}
	TestProfile(t, good, 10*time.Second)
	for _, tt := range tests {
		p := good
		tt.spoil(&p)
		for _, c := range profileChecks {
			if c.name != tt.check {
				continue
			}
			err := c.check(p, 10)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("check %s says %v; expected it to object with %q", c.name, err, tt.want)
			}
		}
	}
}

// TestKolmogorov compares with the published table of Kolmogorov's distribution (Smirnov, Annals of Mathematical
// Statistics 19, 1948), and the statistic with gonum's.
func TestKolmogorov(t *testing.T) {
	const n = 1e8 // so many that the correction for few draws vanishes
	for x, want := range map[float64]float64{0.5: 0.963945, 1: 0.269999, 1.36: 0.049486, 1.63: 0.009846, 2: 0.000671, 0.1: 1} {
		if p := tail(x/math.Sqrt(n), n); math.Abs(p-want) > 2e-5 {
			t.Errorf("P(distance > %v) = %v; expected %v", x, p, want)
		}
	}
	rng := rand.New(rand.NewPCG(1, 1))
	a, b := make([]float64, 1000), make([]float64, 700)
	for i := range a {
		a[i] = rng.Float64()
	}
	for i := range b {
		b[i] = rng.Float64() * 1.1
	}
	before := slices.Clone(a)
	got := KolmogorovSmirnov2(a, b)
	if !slices.Equal(a, before) {
		t.Error("the sample has been changed")
	}
	d := stat.KolmogorovSmirnov(slices.Sorted(slices.Values(a)), nil, slices.Sorted(slices.Values(b)), nil)
	if want := tail(d, 1000*700/1700.0); math.Abs(got-want) > 1e-12 {
		t.Errorf("two samples: p = %v; expected %v", got, want)
	}
}

// TestUniformP draws p-values of samples that are right: they must be uniform themselves.
func TestUniformP(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	identity := func(x float64) float64 { return x }
	p := make([]float64, 500)
	for i := range p {
		sample := make([]float64, 1000)
		for k := range sample {
			sample[k] = rng.Float64()
		}
		p[i] = KolmogorovSmirnov(sample, identity)
	}
	if pp := KolmogorovSmirnov(p, identity); pp < Significance {
		t.Errorf("p-values of uniform samples are not uniform: p = %.2g", pp)
	}
}

// badCursor is a law whose cursors are made by a function.
type badCursor struct {
	arrival.Law
	cursor func(i, n int) arrival.Cursor
}

func (b badCursor) Cursor(i, n int) arrival.Cursor { return b.cursor(i, n) }

// cursorFuncs is a cursor made of functions.
type cursorFuncs struct {
	next func() (int64, float64)
	seek func(float64)
}

func (c cursorFuncs) Next() (int64, float64) { return c.next() }
func (c cursorFuncs) Seek(area float64)      { c.seek(area) }

// TestBadCursors spoils one thing at a time of a cursor that is right.
func TestBadCursors(t *testing.T) {
	tests := []struct {
		name   string
		cursor func(c arrival.Cursor, i, n int) arrival.Cursor
		want   string
	}{
		{"seeks nowhere", func(c arrival.Cursor, _, _ int) arrival.Cursor {
			return cursorFuncs{c.Next, func(float64) {}}
		}, "after Seek"},
		{"seeks too far", func(c arrival.Cursor, _, _ int) arrival.Cursor {
			return cursorFuncs{c.Next, func(area float64) { c.Seek(area + 200) }}
		}, "expected"},
		{"the same rank", func(c arrival.Cursor, _, _ int) arrival.Cursor {
			return cursorFuncs{func() (int64, float64) { _, area := c.Next(); return 7, area }, c.Seek}
		}, "ranks that grow"},
		{"counts since Seek", func(c arrival.Cursor, _, _ int) arrival.Cursor {
			rank := int64(0)
			return cursorFuncs{
				func() (int64, float64) { _, area := c.Next(); rank++; return rank, area },
				func(area float64) { rank = 0; c.Seek(area) },
			}
		}, "as without"},
		{"too many", func(_ arrival.Cursor, i, _ int) arrival.Cursor {
			return arrival.NewPoisson(uint64(i)).(arrival.Seeker).Cursor(0, 1)
		}, "mean gap"},
	}
	for _, tt := range tests {
		err := checkCursor(func(seed uint64) arrival.Law {
			law := arrival.NewPoisson(seed)
			return badCursor{law, func(i, n int) arrival.Cursor {
				return tt.cursor(law.(arrival.Seeker).Cursor(i, n), i, n)
			}}
		})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: the check says %v; expected it to object with %q", tt.name, err, tt.want)
		}
	}
}

// badClone is a law that does not copy its state.
type badClone struct{ arrival.Law }

func (b badClone) Clone() arrival.Law { return b }

func TestBadClone(t *testing.T) {
	if checkClone(func(seed uint64) arrival.Law { return badClone{arrival.NewPoisson(seed)} }) == nil {
		t.Error("a clone that is the law itself passes")
	}
}
