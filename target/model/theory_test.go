package model

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"gonum.org/v1/gonum/stat"
)

// The tests here compare the model with queueing theory on a simulated clock. Sojourn times of one run are
// correlated, so each figure is taken from independent runs and judged by Student's t over them:
// |t| < 3.66 at 29 degrees of freedom is a significance of 0.1 % (two-sided), for seeds fixed beforehand.
const (
	runs     = 30
	requests = 8_000
	warmup   = 2_000
	critical = 3.66
)

// sojourns plays Poisson arrivals at rate per second into a model and returns its sojourn times in seconds.
func sojourns(t *testing.T, o Options, rate float64, seed uint64) []float64 {
	t.Helper()
	o.Seed = seed
	m, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(seed, 99))
	now, out := 0.0, make([]float64, 0, requests)
	for i := range warmup + requests {
		now += r.ExpFloat64() / rate
		at := int64(now * 1e9)
		fate := m.Arrive(at)
		if i >= warmup {
			out = append(out, float64(fate.Depart-at)/1e9)
		}
	}
	return out
}

// figure is something computed of a run's sojourn times, and what theory says it is.
type figure struct {
	name    string
	compute func([]float64) float64
	want    float64
}

// compare checks the means of figures over independent runs.
func compare(t *testing.T, o Options, rate float64, figures ...figure) {
	t.Helper()
	samples := make([][]float64, len(figures))
	for i := range uint64(runs) {
		x := sojourns(t, o, rate, i+1)
		for j, f := range figures {
			samples[j] = append(samples[j], f.compute(x))
		}
	}
	for j, f := range figures {
		mean, sd := stat.MeanStdDev(samples[j], nil)
		if score := (mean - f.want) / (sd / math.Sqrt(runs)); !(math.Abs(score) < critical) {
			t.Errorf("%v: %s %.6g, theory %.6g (t = %.2f)", o.Service, f.name, mean, f.want, score)
		}
	}
}

func mean(x []float64) float64 { return stat.Mean(x, nil) }

func above(limit float64) func([]float64) float64 {
	return func(x []float64) float64 {
		n := 0
		for _, v := range x {
			if v > limit {
				n++
			}
		}
		return float64(n) / float64(len(x))
	}
}

// M/M/1: sojourn times are exponential with rate μ−λ.
func TestMM1(t *testing.T) {
	o := Options{Service: Exponential{time.Millisecond}, Servers: 1}
	const lambda, mu = 600.0, 1000.0
	figures := []figure{{"mean", mean, 1 / (mu - lambda)}}
	for _, q := range []float64{0.5, 0.9, 0.99} {
		figures = append(figures, figure{"share above a quantile", above(-math.Log(1-q) / (mu - lambda)), 1 - q})
	}
	compare(t, o, lambda, figures...)
}

// M/D/1 and M/G/1: Pollaczek and Khinchine, mean wait λ·E[S²] / 2(1−ρ).
func TestPollaczekKhinchine(t *testing.T) {
	tests := []struct {
		service        Service
		first, squared float64 // moments of the service time in seconds
	}{
		{Constant{time.Millisecond}, 1e-3, 1e-6},
		{Lognormal{time.Millisecond, 0.5}, 1e-3 * math.Exp(0.125), 1e-6 * math.Exp(0.5)},
		{Bimodal{500 * time.Microsecond, 5 * time.Millisecond, 0.1}, 0.95e-3, 0.9*0.25e-6 + 0.1*25e-6},
	}
	const lambda = 500.0
	for _, tt := range tests {
		want := tt.first + lambda*tt.squared/(2*(1-lambda*tt.first))
		compare(t, Options{Service: tt.service, Servers: 1}, lambda, figure{"mean", mean, want})
	}
}

// M/M/c: mean wait by Erlang's C formula.
func TestErlangC(t *testing.T) {
	const lambda, mu, c = 2200.0, 1000.0, 3
	offered := lambda / mu
	sum, term := 0.0, 1.0 // term is a^k/k!
	for k := 1; k <= c; k++ {
		sum += term
		term *= offered / float64(k)
	}
	last := term * c / (c - offered)
	wait := last / (sum + last) / (c*mu - lambda)
	compare(t, Options{Service: Exponential{time.Millisecond}, Servers: c}, lambda, figure{"mean", mean, wait + 1/mu})
}

// With any number of servers the sojourn time is the service time, however many are there.
func TestUnlimited(t *testing.T) {
	compare(t, Options{Service: Exponential{2 * time.Millisecond}}, 50_000, figure{"mean", mean, 2e-3})
}

// TestDistributions compares draws with their distribution functions: Kolmogorov and Smirnov, 0.1 %.
func TestDistributions(t *testing.T) {
	tests := []struct {
		service Service
		cdf     func(ns float64) float64
	}{
		{Exponential{time.Millisecond}, func(x float64) float64 { return -math.Expm1(-x / 1e6) }},
		{Lognormal{time.Millisecond, 0.5}, func(x float64) float64 { return math.Erfc(-math.Log(x/1e6)/0.5/math.Sqrt2) / 2 }},
	}
	const n = 20_000
	for _, tt := range tests {
		r := rand.New(rand.NewPCG(1, 2))
		x := make([]float64, n)
		for i := range x {
			x[i] = float64(tt.service.Draw(r))
		}
		slices.Sort(x)
		d := 0.0
		for i, v := range x {
			f := tt.cdf(v)
			d = max(d, f-float64(i)/n, float64(i+1)/n-f)
		}
		if limit := 1.949 / math.Sqrt(n); d > limit {
			t.Errorf("%v: D = %.4f, critical %.4f", tt.service, d, limit)
		}
	}
	r, slow := rand.New(rand.NewPCG(1, 2)), 0
	b := Bimodal{1, 100, 0.1}
	for range n {
		if b.Draw(r) == 100 {
			slow++
		}
	}
	if z := (float64(slow) - 0.1*n) / math.Sqrt(n*0.1*0.9); math.Abs(z) > 3.29 {
		t.Errorf("%v: %d slow of %d (z = %.2f)", b, slow, n, z)
	}
}
