package arrival_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/iagoloadgen/iago/arrival"
	"github.com/iagoloadgen/iago/arrival/arrivaltest"
)

// The statistical tests reject what is right with a probability of at most arrivaltest.Significance (1e-5) each; for
// normal statistics that is 4.42 standard deviations. Seeds are fixed.
const sigmas = 4.42

// testProfiles are rates of every sort, with some 15,000 arrivals or more within statisticsTime. None is above 5000/s, so that
// whole nanoseconds do not show in the gaps.
func testProfiles(t testing.TB) map[string]arrival.Profile {
	t.Helper()
	return map[string]arrival.Profile{
		"constant": profile(t, "constant:rate=1000"),
		"ramp":     profile(t, "ramp:from=0,to=3000,for=25s"),
		"down":     profile(t, "ramp:from=3000,to=100,for=25s"),
		"sine":     profile(t, "sine:min=0,max=2000,period=4s,warmup=5s"),
		"endless":  profile(t, "endless-ramp:warm_rate=500,warmup=4s,increase_per_minute=3000"),
		"sequence": profile(t, "steps:from=200,step=300,every=2s,count=5", "constant:rate=0,for=2s", "sine:min=100,max=3000,period=4s"),
	}
}

const statisticsTime = 25 * time.Second

func dueTimes(t testing.TB, law arrival.Law, p arrival.Profile, d time.Duration) []int64 {
	t.Helper()
	var due []int64
	for _, a := range all(t, arrival.New(law, p, arrival.Limit{Duration: d})) {
		due = append(due, a.due)
	}
	return due
}

// rescaledGaps undoes the profile: by the time-rescaling theorem (Brown et al. 2002) the areas between due times are
// the gaps of the law again.
func rescaledGaps(due []int64, p arrival.Profile) []float64 {
	gaps, before := make([]float64, len(due)), 0.0
	for i, ns := range due {
		area := p.Area(float64(ns) / 1e9)
		gaps[i] = area - before
		before = area
	}
	return gaps
}

// TestRescaledGaps is Kolmogorov and Smirnov's test of each law under each profile.
func TestRescaledGaps(t *testing.T) {
	laws := map[string]struct {
		law func() arrival.Law
		cdf func(float64) float64
	}{
		"poisson":   {func() arrival.Law { return arrival.NewPoisson(11) }, distuv.Exponential{Rate: 1}.CDF},
		"gamma 0.5": {func() arrival.Law { return newGamma(t, 0.5, 12) }, gammaCDF(0.5)},
		"gamma 4":   {func() arrival.Law { return newGamma(t, 4, 13) }, gammaCDF(4)},
	}
	for profileName, p := range testProfiles(t) {
		for lawName, l := range laws {
			gaps := rescaledGaps(dueTimes(t, l.law(), p, statisticsTime), p)
			if got := arrivaltest.KolmogorovSmirnov(gaps, l.cdf); len(gaps) < 15_000 || got < arrivaltest.Significance {
				t.Errorf("%s × %s: %d rescaled gaps, p = %.2g", lawName, profileName, len(gaps), got)
			}
		}
		for i, g := range rescaledGaps(dueTimes(t, arrival.Uniform(), p, statisticsTime), p) {
			if math.Abs(g-1) > 1e-5 {
				t.Fatalf("uniform × %s: rescaled gap %d is %v; expected 1", profileName, i, g)
			}
		}
	}
}

// TestRescalingSeesTheProfile makes sure that TestRescaledGaps would notice: under a rate that is 5 % off in places,
// or constant, the gaps do not fit.
func TestRescalingSeesTheProfile(t *testing.T) {
	right := profile(t, "sine:min=500,max=1500,period=5s")
	due := dueTimes(t, arrival.NewPoisson(11), right, 4*statisticsTime)
	for _, wrong := range []string{"constant:rate=1000", "sine:min=400,max=1400,period=5s"} {
		gaps := rescaledGaps(due, profile(t, wrong))
		if p := arrivaltest.KolmogorovSmirnov(gaps, distuv.Exponential{Rate: 1}.CDF); p > arrivaltest.Significance {
			t.Errorf("arrivals at another rate pass for %s: p = %.2g", wrong, p)
		}
	}
}

// TestSplitSchedules lays the schedules of a Poisson process's parts over each other: a Poisson process again.
func TestSplitSchedules(t *testing.T) {
	for name, p := range testProfiles(t) {
		for _, n := range []int{2, 5} {
			whole := arrival.Process{NewLaw: func() arrival.Law { return arrival.NewPoisson(14) }, Profile: p}
			var union []int64
			for i := range n {
				part := whole.Split(i, n)
				union = append(union, dueTimes(t, part.NewLaw(), part.Profile, statisticsTime)...)
			}
			slices.Sort(union)
			gaps := rescaledGaps(union, p)
			if got := arrivaltest.KolmogorovSmirnov(gaps, distuv.Exponential{Rate: 1}.CDF); got < arrivaltest.Significance {
				t.Errorf("%s: %d parts of Poisson together: p = %.2g", name, n, got)
			}
		}
	}
}

// counts returns the number of due times in each window (i·w, (i+1)·w] of [0, d].
func counts(due []int64, d, w time.Duration) []float64 {
	out := make([]float64, d/w)
	for _, ns := range due {
		if i := (ns - 1) / int64(w); i < int64(len(out)) {
			out[i]++
		}
	}
	return out
}

// TestDispersion compares the counts N of windows with their means m under each profile. For a Poisson process
// (N−m)²/m has mean 1 and variance 2 + 1/m, and windows are independent.
func TestDispersion(t *testing.T) {
	for name, p := range testProfiles(t) {
		due := dueTimes(t, arrival.NewPoisson(15), p, statisticsTime)
		for _, w := range []time.Duration{20 * time.Millisecond, 200 * time.Millisecond, time.Second} {
			sum, variance := 0.0, 0.0
			for i, n := range counts(due, statisticsTime, w) {
				m := p.Area(w.Seconds()*float64(i+1)) - p.Area(w.Seconds()*float64(i))
				if m < 1 {
					continue // a pause, or nearly: too few to judge
				}
				sum += (n-m)*(n-m)/m - 1
				variance += 2 + 1/m
			}
			if z := sum / math.Sqrt(variance); math.Abs(z) > sigmas {
				t.Errorf("%s: counts in windows of %v: dispersion %.1f standard deviations off", name, w, z)
			}
		}
	}
}

// TestDispersionOfLaws: over windows of many arrivals, the variance of the count of a renewal process is the mean times
// the squared coefficient of variation of its gaps (Cox, Renewal Theory, 1962, section 4.2): 1/shape for gamma. Of n independent
// normal counts, the variance is known to a factor of 1 ± sigmas·√(2/n).
func TestDispersionOfLaws(t *testing.T) {
	const rate, d = 1000.0, 400 * time.Second
	p := checked(t)(arrival.NewConstant(rate))
	for _, shape := range []float64{0.5, 4} {
		due := dueTimes(t, newGamma(t, shape, 16), p, d)
		for _, w := range []time.Duration{200 * time.Millisecond, time.Second} {
			n := counts(due, d, w)
			m, sum := rate*w.Seconds(), 0.0
			for _, c := range n {
				sum += (c - m) * (c - m)
			}
			got, bound := sum/float64(len(n))/m*shape, sigmas*math.Sqrt(2/float64(len(n)))
			if math.Abs(got-1) > bound {
				t.Errorf("gamma %v, windows of %v: dispersion %.3f of what theory says; expected 1 ± %.3f", shape, w, got, bound)
			}
		}
	}
	for name, p := range testProfiles(t) {
		due := dueTimes(t, arrival.Uniform(), p, statisticsTime)
		for i, n := range counts(due, statisticsTime, 100*time.Millisecond) {
			if m := p.Area(0.1*float64(i+1)) - p.Area(0.1*float64(i)); math.Abs(n-m) > 1+1e-6 {
				t.Fatalf("uniform × %s: %v arrivals in window %d, for an area of %v", name, n, i, m)
			}
		}
	}
}

// TestMeanRate: the number of arrivals is the profile's area, give or take sigmas·√(area·variance of a gap).
func TestMeanRate(t *testing.T) {
	for name, p := range testProfiles(t) {
		area := p.Area(statisticsTime.Seconds())
		for _, tt := range []struct {
			name     string
			law      arrival.Law
			variance float64
		}{
			{"poisson", arrival.NewPoisson(17), 1},
			{"gamma 0.25", newGamma(t, 0.25, 18), 4},
			{"gamma 9", newGamma(t, 9, 19), 1.0 / 9},
		} {
			n := float64(len(dueTimes(t, tt.law, p, statisticsTime)))
			if bound := sigmas * math.Sqrt(area*tt.variance); math.Abs(n-area) > bound {
				t.Errorf("%s × %s: %v arrivals; expected %.0f ± %.0f", tt.name, name, n, area, bound)
			}
		}
		if n := float64(len(dueTimes(t, arrival.Uniform(), p, statisticsTime))); n != math.Floor(area+1e-6) {
			t.Errorf("uniform × %s: %v arrivals; expected %v", name, n, area)
		}
	}
}
