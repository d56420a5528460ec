package main

import (
	"math"
	"testing"
)

// The spread of the mean against the asymptotic variance of waiting times in M/M/1 (Daley 1968): with a service of 1 and load ρ it
// is ρ(2+5ρ−4ρ²+ρ³)/(1−ρ)⁴ per request. A sojourn's is a little more.
func TestSpread(t *testing.T) {
	const n, rho = 36_000, 0.6
	q := queue{lambda: 600, mu: 1000}
	waiting := math.Sqrt(rho*(2+5*rho-4*rho*rho+rho*rho*rho)/math.Pow(1-rho, 4)/n) / q.mu
	got := q.spread(n)
	if got[0] < waiting*0.9 || got[0] > waiting*1.3 {
		t.Errorf("spread of the mean is %v; of waiting times theory says %v", got[0], waiting)
	}
	if !(got[1] < got[2] && got[2] < got[3]) {
		t.Errorf("spreads %v: the further out, the wider", got)
	}
}

func TestTheory(t *testing.T) {
	f := queue{lambda: 600, mu: 1000}.theory()
	want := [...]float64{0.0025, 0.001733, 0.005756, 0.011513}
	for i := range f {
		if math.Abs(f[i]-want[i]) > 1e-6 {
			t.Errorf("%s is %v; expected %v", figures[i], f[i], want[i])
		}
	}
}
