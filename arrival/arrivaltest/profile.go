package arrivaltest

import (
	"fmt"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/arrival"
)

// TestProfile checks what every profile promises, from the start to horizon: a rate that is never negative, an area
// that is its integral (worked out numerically), a When that is the area's inverse, an end that is one, and no
// state. The profile must have some area within the horizon. Where the rate jumps, it may have either value.
func TestProfile(t *testing.T, p arrival.Profile, horizon time.Duration) {
	t.Helper()
	for _, c := range profileChecks {
		t.Run(c.name, func(t *testing.T) {
			if err := c.check(p, horizon.Seconds()); err != nil {
				t.Error(err)
			}
		})
	}
}

var profileChecks = []struct {
	name  string
	check func(p arrival.Profile, horizon float64) error
}{
	{"rate", checkRate},
	{"area", checkArea},
	{"when", checkWhen},
	{"earliest", checkEarliest},
	{"end", checkEnd},
	{"state", checkState},
}

// cells is how many stretches the horizon is divided into: a prime, so that cells do not fall in step with waves.
const cells = 1009

func checkRate(p arrival.Profile, horizon float64) error {
	for i := range cells + 1 {
		t := horizon * float64(i) / cells
		if r := p.Rate(t); !(r >= 0) || math.IsInf(r, 1) {
			return fmt.Errorf("Rate(%v) = %v; expected a finite number, 0 or more", t, r)
		}
	}
	return nil
}

func checkArea(p arrival.Profile, horizon float64) error {
	if a := p.Area(0); a != 0 {
		return fmt.Errorf("Area(0) = %v; expected 0", a)
	}
	if !(p.Area(horizon) > 0) {
		return fmt.Errorf("Area(%v) = %v; expected a horizon with some area", horizon, p.Area(horizon))
	}
	sum, scale := 0.0, p.Area(horizon)
	for i := range cells {
		from, to := horizon*float64(i)/cells, horizon*float64(i+1)/cells
		sum += integrate(p.Rate, from, to, 1e-10*scale/cells, 50)
		if a := p.Area(to); !(math.Abs(a-sum) <= 1e-8*scale) {
			return fmt.Errorf("Area(%v) = %v; the integral of Rate is %v", to, a, sum)
		}
	}
	return nil
}

// integrate is Simpson's rule, applied to halves until they agree (Lyness, "Notes on the adaptive Simpson
// quadrature routine", Journal of the ACM 16, 1969).
func integrate(f func(float64) float64, from, to, tolerance float64, depth int) float64 {
	mid := from + (to-from)/2
	simpson := func(a, b float64) float64 { return (b - a) / 6 * (f(a) + 4*f(a+(b-a)/2) + f(b)) }
	whole, halves := simpson(from, to), simpson(from, mid)+simpson(mid, to)
	if depth == 0 || math.Abs(whole-halves) <= 15*tolerance {
		return halves
	}
	return integrate(f, from, mid, tolerance/2, depth-1) + integrate(f, mid, to, tolerance/2, depth-1)
}

func checkWhen(p arrival.Profile, horizon float64) error {
	if t := p.When(0); t != 0 {
		return fmt.Errorf("When(0) = %v; expected 0", t)
	}
	scale := p.Area(horizon)
	for i := range 10 * cells {
		area := scale * float64(i+1) / (10 * cells)
		t := p.When(area)
		if a := p.Area(t); !(math.Abs(a-area) <= 1e-9*scale) {
			return fmt.Errorf("When(%v) = %v, but Area there is %v", area, t, a)
		}
	}
	return nil
}

// checkEarliest looks at stretches of rate 0: the area there is reached at their beginning, not at their end.
func checkEarliest(p arrival.Profile, horizon float64) error {
	for i := range cells {
		before, t := horizon*float64(i)/cells, horizon*float64(i+1)/cells
		if p.Area(before) < p.Area(t) {
			continue
		}
		if w := p.When(p.Area(t)); !(w <= before*(1+1e-9)) {
			return fmt.Errorf("When(%v) = %v, but that area is reached by %v", p.Area(t), w, before)
		}
	}
	return nil
}

func checkEnd(p arrival.Profile, _ float64) error {
	end := arrival.Length(p)
	if !(end > 0) {
		return fmt.Errorf("length %v; expected more than 0", end)
	}
	if math.IsInf(end, 1) {
		return nil
	}
	total := p.Area(end)
	if r := p.Rate(end + 1); r != 0 {
		return fmt.Errorf("rate %v after the end at %v; expected 0", r, end)
	}
	if a := p.Area(end + 1); a != total {
		return fmt.Errorf("area %v after the end at %v; expected %v as at the end", a, end, total)
	}
	if t := p.When(total*(1+1e-6) + 1e-6); !math.IsInf(t, 1) {
		return fmt.Errorf("When of more than the whole area = %v; expected +Inf", t)
	}
	return nil
}

// checkState asks from several goroutines, in different orders; the race detector sees what they share.
func checkState(p arrival.Profile, horizon float64) error {
	scale := p.Area(horizon)
	answers := make([][3]float64, cells)
	ask := func(i int) [3]float64 {
		x := float64(i) / cells
		return [3]float64{p.Rate(x * horizon), p.Area(x * horizon), p.When(x * scale)}
	}
	for i := range answers {
		answers[i] = ask(i)
	}
	var wg sync.WaitGroup
	errs := make([]error, 4)
	for g := range errs {
		wg.Go(func() {
			for k := range cells {
				i := (k + 1) * (g + 2) * 31 % cells
				if got := ask(i); got != answers[i] {
					errs[g] = fmt.Errorf("asked again, the profile answers otherwise: %v, before %v", got, answers[i])
				}
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
