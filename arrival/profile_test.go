package arrival_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/arrival"
	"github.com/iagoloadgen/iago/arrival/arrivaltest"
)

// profile makes a profile of texts as the spec file has them, in sequence.
func profile(t testing.TB, texts ...string) arrival.Profile {
	t.Helper()
	var pieces []arrival.Profile
	for _, text := range texts {
		p, err := arrival.ParseProfile(text)
		if err != nil {
			t.Fatal(err)
		}
		pieces = append(pieces, p)
	}
	if len(pieces) == 1 {
		return pieces[0]
	}
	p, err := arrival.Sequence(pieces...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// checked returns p for a constructor's two results.
func checked(t testing.TB) func(p arrival.Profile, err error) arrival.Profile {
	return func(p arrival.Profile, err error) arrival.Profile {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
}

type rateAt struct{ t, rate float64 }

type profileTest struct {
	profile arrival.Profile
	words   string
	length  float64
	horizon time.Duration
	rates   []rateAt
}

func profileTests(t *testing.T) []profileTest {
	t.Helper()
	inf := math.Inf(1)
	ok := checked(t)
	s := time.Second
	return []profileTest{
		{profile(t, "constant:rate=1k/s"), "1000/s", inf, 10 * s, []rateAt{{0, 1000}, {1e6, 1000}}},
		{profile(t, "constant:rate=90/m,for=1m"), "1.5/s for 1m", 60, 70 * s, []rateAt{{0, 1.5}, {59, 1.5}, {60, 0}}},
		{profile(t, "ramp:to=1000,for=30s"), "ramp 0/s → 1000/s over 30s", 30, 40 * s, []rateAt{{0, 0}, {15, 500}, {30, 0}}},
		{profile(t, "ramp:from=900,to=0,for=90m"), "ramp 900/s → 0/s over 1h30m", 5400, 5400 * s, []rateAt{{0, 900}, {2700, 450}}},
		{ok(arrival.NewRamp(10, 1, 9*s)), "ramp 10/s → 1/s over 9s, then steady", inf, 20 * s, []rateAt{{0, 10}, {5, 5}, {9, 1}, {1e9, 1}}},
		{
			profile(t, "sine:min=0,max=200,period=20s"), "sine 0/s … 200/s every 20s", inf, 100 * s,
			[]rateAt{{0, 100}, {5, 200}, {15, 0}, {20, 100}, {2e6 + 5, 200}},
		},
		{
			profile(t, "sine:min=50,max=150,period=4s,warmup=10s,for=30s"),
			"ramp 0/s → 100/s over 10s, then sine 50/s … 150/s every 4s for 30s", 30, 40 * s,
			[]rateAt{{0, 0}, {5, 50}, {10, 100}, {11, 150}, {13, 50}, {29, 50}, {30, 0}},
		},
		{profile(t, "sine:min=3,max=3,period=1h"), "sine 3/s … 3/s every 1h", inf, 10 * s, []rateAt{{0, 3}, {1234, 3}}},
		{
			profile(t, "endless-ramp:warm_rate=100,warmup=10s,increase_per_minute=50"),
			"ramp 1/s → 100/s over 10s, then +50/s every minute", inf, 600 * s,
			[]rateAt{{0, 1}, {5, 50.5}, {10, 100}, {40, 125}, {70, 150}, {610, 600}},
		},
		{ok(arrival.NewEndlessRamp(7, 100, 0, 60)), "100/s, then +60/s every minute", inf, 60 * s, []rateAt{{0, 100}, {10, 110}}},
		{
			profile(t, "steps:from=100,step=-25,every=2s,count=4"), "4 steps 100/s → 25/s every 2s", 8, 10 * s,
			[]rateAt{{0, 100}, {1.9, 100}, {2, 75}, {7.9, 25}, {8, 0}},
		},
		{
			profile(t, "steps:from=0.3,step=-0.1,every=1s,count=4"), "4 steps 0.3/s → 0/s every 1s", 4, 5 * s,
			[]rateAt{{0, 0.3}, {3.5, 0}},
		},
		{
			profile(t, "ramp:to=10,for=10s", "constant:rate=0,for=5s", "constant:rate=20"),
			"ramp 0/s → 10/s over 10s, then 0/s for 5s, then 20/s", inf, 30 * s,
			[]rateAt{{5, 5}, {12, 0}, {15, 20}},
		},
		{ok(arrival.Sequence(userProfile{}, userProfile{})), "arrival_test.userProfile, then arrival_test.userProfile", 8, 10 * s, []rateAt{{3, 3}, {5, 1}, {8, 0}}},
		{ok(arrival.Cut(userProfile{}, 2*s)), "arrival_test.userProfile for 2s", 2, 10 * s, []rateAt{{1, 1}, {2, 0}}},
	}
}

func TestProfiles(t *testing.T) {
	for _, tt := range profileTests(t) {
		t.Run(tt.words, func(t *testing.T) {
			if got := fmt.Sprint(tt.profile); got != tt.words {
				t.Errorf("in words %q; expected %q", got, tt.words)
			}
			if got := arrival.Length(tt.profile); got != tt.length {
				t.Errorf("length %v; expected %v", got, tt.length)
			}
			for _, r := range tt.rates {
				if got := tt.profile.Rate(r.t); math.Abs(got-r.rate) > 1e-6 {
					t.Errorf("rate at %v s = %v/s; expected %v/s", r.t, got, r.rate)
				}
			}
			arrivaltest.TestProfile(t, tt.profile, tt.horizon)
		})
	}
}

// userProfile is a profile as a user would write it: the rate t for 4 s.
type userProfile struct{}

func (userProfile) Rate(t float64) float64 {
	if t >= 4 {
		return 0
	}
	return t
}

func (userProfile) Area(t float64) float64 { t = min(t, 4); return t * t / 2 }
func (userProfile) Length() float64        { return 4 }

func (userProfile) When(area float64) float64 {
	if area > 8 {
		return math.Inf(1)
	}
	return math.Sqrt(2 * area)
}

// TestRandomSequences puts random pieces together and holds them to the contract.
func TestRandomSequences(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	number := func() float64 { return math.Round(math.Exp(rng.Float64()*10)) / 10 } // 0.1 to 2200
	for range 30 {
		var texts []string
		for range 1 + rng.IntN(5) {
			a, b, d := number(), number(), 1+rng.IntN(30)
			texts = append(texts, []string{
				fmt.Sprintf("constant:rate=%v,for=%ds", a, d),
				fmt.Sprintf("ramp:from=%v,to=%v,for=%ds", a, b, d),
				fmt.Sprintf("sine:min=%v,max=%v,period=%ds,for=%ds,warmup=1s", min(a, b), max(a, b), 1+rng.IntN(10), 1+d),
				fmt.Sprintf("steps:from=%v,step=%v,every=%ds,count=%d", a, b, d, 1+rng.IntN(4)),
				fmt.Sprintf("endless-ramp:warm_rate=%v,warmup=1s,increase_per_minute=%v,for=%ds", a, b, 1+d),
			}[rng.IntN(5)])
		}
		t.Run(strings.Join(texts, " "), func(t *testing.T) {
			arrivaltest.TestProfile(t, profile(t, texts...), 2*time.Minute)
		})
	}
}

// TestSineInverse tries waves from flat to touching 0, where Kepler's equation is hardest, far out too.
func TestSineInverse(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	for _, lowest := range []float64{0, 1e-9, 1e-3, 1, 50, 99.999, 100} {
		p := checked(t)(arrival.NewSine(lowest, 100, 7*time.Second, 0))
		for range 20_000 {
			area := math.Exp(rng.Float64()*30 - 9)
			if got := p.Area(p.When(area)); math.Abs(got-area) > 1e-14*area+1e-12 {
				t.Fatalf("min %v: Area(When(%v)) = %v", lowest, area, got)
			}
		}
	}
}

// TestExactAreas looks at areas that are whole numbers, as the uniform law has them: no arrival may be lost to rounding
// at an end or put behind a pause.
func TestExactAreas(t *testing.T) {
	paused := profile(t, "constant:rate=10,for=10s", "constant:rate=0,for=5s", "constant:rate=10,for=10s")
	for area, want := range map[float64]float64{-1: 0, 0: 0, 1: 0.1, 100: 10, 101: 15.1, 200: 25, 201: math.Inf(1)} {
		if got := paused.When(area); got != want {
			t.Errorf("When(%v) = %v; expected %v", area, got, want)
		}
	}
	zero := profile(t, "constant:rate=0")
	if got := zero.When(1); !math.IsInf(got, 1) {
		t.Errorf("rate 0: When(1) = %v; expected +Inf", got)
	}
	flat := checked(t)(arrival.NewSine(0, 0, time.Second, 0))
	if got := flat.When(1); !math.IsInf(got, 1) {
		t.Errorf("sine of height 0: When(1) = %v; expected +Inf", got)
	}
	for _, perMinute := range []int{1, 2, 5, 10, 11, 13, 17, 97, 100} {
		text := fmt.Sprintf("constant:rate=%d/m,for=10s", perMinute)
		p := profile(t, text, text, text, text, text, text)
		if got := p.When(float64(perMinute)); math.Abs(got-60) > 1e-12 {
			t.Errorf("%s six times: When(%d) = %v; expected 60", text, perMinute, got)
		}
	}
}

func TestProfileErrors(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	s := time.Second
	make2 := func(p arrival.Profile, err error) error {
		if (p == nil) != (err != nil) {
			t.Errorf("profile %v with error %v; expected one of them", p, err)
		}
		return err
	}
	constant := checked(t)(arrival.NewConstant(5))
	tests := []struct {
		err  error
		want string
	}{
		{make2(arrival.NewConstant(-1)), "constant: rate -1/s: expected 0 or a rate between"},
		{make2(arrival.NewConstant(nan)), "constant: rate NaN/s"},
		{make2(arrival.NewConstant(inf)), "constant: rate +Inf/s"},
		{make2(arrival.NewConstant(1e-12)), "constant: rate 1e-12/s"},
		{make2(arrival.NewRamp(-1, 1, s)), "ramp: from -1/s"},
		{make2(arrival.NewRamp(1, nan, s)), "ramp: to NaN/s"},
		{make2(arrival.NewRamp(1, 2, 0)), "ramp: length 0s: expected a time above 0"},
		{make2(arrival.NewSine(2, 1, s, 0)), "sine: min 2/s is above max 1/s; swap them"},
		{make2(arrival.NewSine(nan, 1, s, 0)), "sine: min NaN/s"},
		{make2(arrival.NewSine(0, 1, -s, 0)), "sine: period -1s"},
		{make2(arrival.NewSine(0, 1, s, -s)), "sine: warmup -1s: expected 0 or more"},
		{make2(arrival.NewEndlessRamp(-1, 1, s, 1)), "endless ramp: initial rate -1/s"},
		{make2(arrival.NewEndlessRamp(1, -1, s, 1)), "endless ramp: warm rate -1/s"},
		{make2(arrival.NewEndlessRamp(1, 1, s, -1)), "endless ramp: increase per minute -1/s"},
		{make2(arrival.NewEndlessRamp(1, 1, -s, 1)), "endless ramp: warmup -1s"},
		{make2(arrival.NewSteps(1, 1, s, 0)), "steps: count 0: expected 1 to"},
		{make2(arrival.NewSteps(1, 1, s, 1e6)), "steps: count 1000000"},
		{make2(arrival.NewSteps(3, -1, s, 5)), "steps: last rate -1/s"},
		{make2(arrival.NewSteps(3, nan, s, 5)), "steps: last rate NaN/s"},
		{make2(arrival.NewSteps(3, 1, 0, 5)), "steps: every 0s"},
		{make2(arrival.Sequence()), "sequence: no pieces"},
		{make2(arrival.Sequence(constant, constant)), "sequence: piece 1 (5/s) does not end"},
		{make2(arrival.Cut(constant, 0)), "cut: length 0s"},
		{make2(arrival.Cut(userProfile{}, 5*s)), "has only 4s"},
	}
	for _, tt := range tests {
		if tt.err == nil || !strings.HasPrefix(tt.err.Error(), "arrival: "+tt.want) && !strings.Contains(tt.err.Error(), tt.want) {
			t.Errorf("error %v; expected %q", tt.err, tt.want)
		}
	}
}
