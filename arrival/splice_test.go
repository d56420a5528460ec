package arrival_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/iagoloadgen/iago/arrival"
	"github.com/iagoloadgen/iago/arrival/arrivaltest"
)

// at is a change as it is said, at a moment.
func at(t failer, moment time.Duration, text string) arrival.Change {
	t.Helper()
	c, err := arrival.ParseChange(text)
	if err != nil {
		t.Fatalf("%v", err)
	}
	c.At = int64(moment)
	return c
}

func TestSplice(t *testing.T) {
	const s = time.Second
	constant := profile(t, "constant:rate=1000")
	sine := profile(t, "sine:min=100,max=900,period=8s")
	ramp := profile(t, "ramp:from=0,to=1000,for=10s")
	steps := profile(t, "steps:from=1000,step=-300,every=5s,count=3", "constant:rate=0,for=3s", "constant:rate=50,for=2s")
	wave := profile(t, "sine:min=0,max=200,period=4s,warmup=5s")
	for _, tt := range []struct {
		name    string
		base    arrival.Profile
		changes []arrival.Change
		rates   []rateAt
	}{
		{"nothing", constant, nil, []rateAt{{3, 1000}}},
		{
			"as ctl says it", constant,
			[]arrival.Change{at(t, 2*s, "rate 5000/s"), at(t, 4*s, "rate +500/s"), at(t, 6*s, "scale 1.5"), at(t, 8*s, "pause"), at(t, 9*s, "resume"), at(t, 11*s, "rate -10%")},
			[]rateAt{{1.9, 1000}, {2, 5000}, {4, 5500}, {6, 8250}, {8, 0}, {8.99, 0}, {9, 8250}, {100, 7425}},
		},
		{
			"below 0 is 0, and a rate added to it is a rate", constant,
			[]arrival.Change{at(t, 1*s, "rate -5000/s"), at(t, 2*s, "rate +300/s"), at(t, 3*s, "scale 0"), at(t, 4*s, "rate +7/s")},
			[]rateAt{{0.5, 1000}, {1.5, 0}, {2.5, 300}, {3.5, 0}, {4.5, 7}},
		},
		{
			"changes while it is paused", constant,
			[]arrival.Change{at(t, 1*s, "pause"), at(t, 2*s, "scale 2"), at(t, 2*s, "pause"), at(t, 3*s, "rate +1/s"), at(t, 4*s, "resume"), at(t, 5*s, "resume")},
			[]rateAt{{1, 0}, {3.5, 0}, {4, 2001}, {9, 2001}},
		},
		{
			"several at once", constant,
			[]arrival.Change{at(t, 0, "scale 3"), at(t, 5*s, "pause"), at(t, 5*s, "resume"), at(t, 5*s, "rate +1/s"), at(t, 5*s+1, "rate +2/s")},
			[]rateAt{{0, 3000}, {4, 3000}, {5, 3001}, {6, 3003}},
		},
		{
			"the shape stays", sine,
			[]arrival.Change{at(t, 4*s, "rate +1000/s"), at(t, 8*s, "scale 2"), at(t, 12*s, "rate -1100/s")},
			[]rateAt{{2, 900}, {6, 1100}, {10, 3800}, {14, 1100}},
		},
		{"the pause does not stop the clock", ramp, []arrival.Change{at(t, 2*s, "pause"), at(t, 6*s, "resume")}, []rateAt{{1, 100}, {3, 0}, {7, 700}, {11, 0}}},
		{"the end stays", ramp, []arrival.Change{at(t, 2*s, "rate 7/s"), at(t, 12*s, "rate 9/s")}, []rateAt{{1, 100}, {9, 7}, {10, 0}, {13, 0}}},
		{"a ramp cut off", ramp, []arrival.Change{at(t, 2*s, "rate -500/s"), at(t, 8*s, "rate +100/s")}, []rateAt{{1, 100}, {4, 0}, {6, 100}, {9, 500}}},
		{
			"a ramp down cut off", profile(t, "ramp:from=1000,to=0,for=10s"),
			[]arrival.Change{at(t, 2*s, "rate -400/s"), at(t, 8*s, "scale 2")},
			[]rateAt{{1, 900}, {4, 200}, {6, 0}, {7, 0}, {9, 0}},
		},
		{"steps cut off", steps, []arrival.Change{at(t, s, "rate -500/s"), at(t, 16*s, "rate +20/s")}, []rateAt{{0.5, 1000}, {4, 500}, {7, 200}, {12, 0}, {17, 20}, {19, 20}, {21, 0}}},
		{
			"a wave cut off", wave,
			[]arrival.Change{at(t, 3*s, "rate -50/s"), at(t, 9*s, "rate -80/s"), at(t, 15*s, "rate +30/s")},
			[]rateAt{{2, 40}, {4, 30}, {6, 150}, {8, 0}, {10, 70}, {12, 0}, {16, 30}, {18, 100}},
		},
		{"a wave under water", wave, []arrival.Change{at(t, 3*s, "rate -500/s"), at(t, 9*s, "rate +1/s")}, []rateAt{{4, 0}, {8, 0}, {10, 1}}},
		{
			"a wave cut off and multiplied", sine,
			[]arrival.Change{at(t, s, "scale 2"), at(t, 3*s, "rate -400/s"), at(t, 9*s, "scale 0.5")},
			[]rateAt{{2, 1800}, {4, 600}, {6, 0}, {10, 700}},
		},
		{
			"a user's",
			userProfile{},
			[]arrival.Change{at(t, s, "rate +2/s"), at(t, 2*s, "scale 3"), at(t, 3*s, "rate -3/s")},
			[]rateAt{{0.5, 0.5}, {1.5, 3.5}, {2.5, 13.5}, {3.5, 13.5}, {4.1, 0}},
		},
		{"an endless ramp", profile(t, "endless-ramp:warm_rate=100,warmup=5s,increase_per_minute=600"), []arrival.Change{at(t, 7*s, "rate -200/s")}, []rateAt{{5, 100}, {10, 0}, {20, 50}}},
		{"a stretch", profile(t, "sine:min=0,max=100,period=4s,for=10s"), []arrival.Change{at(t, 2*s, "rate -20/s"), at(t, 6*s, "rate +10/s")}, []rateAt{{5, 80}, {3, 0}, {9, 90}, {10, 0}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := checked(t)(arrival.Splice(tt.base, tt.changes...))
			for _, r := range tt.rates {
				if got := p.Rate(r.t); math.Abs(got-r.rate) > 1e-6 {
					t.Errorf("rate at %v s = %v/s; expected %v/s", r.t, got, r.rate)
				}
			}
			if got, want := arrival.Length(p), arrival.Length(tt.base); got != want {
				t.Errorf("length %v; expected %v as before", got, want)
			}
			arrivaltest.TestProfile(t, p, 21*s)
			one := tt.base
			for _, c := range tt.changes {
				one = checked(t)(arrival.Splice(one, c))
			}
			for x := 0.0; x < 20; x += 0.37 {
				if one.Area(x) != p.Area(x) || one.When(50*x) != p.When(50*x) {
					t.Fatalf("changes one by one differ from all at once at %v", x)
				}
			}
		})
	}
}

// TestSpliceUniform: a change of the rate of an exact law is exact.
func TestSpliceUniform(t *testing.T) {
	p := checked(t)(arrival.Splice(profile(t, "constant:rate=1000"),
		at(t, 10*time.Second, "rate 500/s"), at(t, 20*time.Second, "rate 1/s"), at(t, 25*time.Second, "pause"), at(t, 30*time.Second, "rate 4/s"), at(t, 40*time.Second, "resume")))
	for area, want := range map[float64]int64{
		1: 1e6, 10_000: 10e9, 10_001: 10.002e9, 15_000: 20e9, 15_001: 21e9, 15_005: 25e9, 15_006: 40.25e9,
	} {
		if got := dueAt(p, area); got != want {
			t.Errorf("arrival %v due at %d ns; expected %d ns", area, got, want)
		}
	}
	want := "1000/s, at 10s rate 500/s, at 20s rate 1/s, at 25s pause, at 30s rate 4/s, at 40s resume"
	if got := p.(interface{ String() string }).String(); got != want {
		t.Errorf("in words %q; expected %q", got, want)
	}
}

// TestSpliceKeepsThePast: what was due by the moment of a change is due as before, and everything else later.
func TestSpliceKeepsThePast(t *testing.T) {
	bases := []arrival.Profile{
		profile(t, "constant:rate=1M"), profile(t, "sine:min=0,max=400,period=3s"),
		profile(t, "ramp:from=0,to=300,for=5s", "constant:rate=0,for=2s", "ramp:from=500,to=100,for=9s"),
	}
	words := []string{"rate 300/s", "rate +100/s", "rate -150/s", "scale 1.5", "scale 0.5", "pause", "resume"}
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SampledFrom(bases).Draw(t, "base")
		exact := p == bases[0] // the others' When errs by some 1e-15, which decides at half a nanosecond
		moment := int64(0)
		for range rapid.IntRange(1, 6).Draw(t, "changes") {
			moment += rapid.Int64Range(0, 4e9).Draw(t, "after")
			change := at(t, time.Duration(moment), rapid.SampledFrom(words).Draw(t, "change"))
			next, err := arrival.Splice(p, change)
			if err != nil {
				t.Fatal(err)
			}
			last := int64(0)
			middle := p.Area(float64(moment) / 1e9)
			for i := range 200 {
				area := middle + p.Rate(float64(moment)/1e9)*float64(i-100)*1e-10 // within 10 ns
				if i%20 == 0 {
					area = middle * float64(i) / 100
				}
				if half := p.When(area)*1e9 - float64(moment) - 0.5; area < 0 || !exact && math.Abs(half) < 1e-4 {
					continue
				}
				before, now := dueAt(p, area), dueAt(next, area)
				if before <= moment && now != before || before > moment && now <= moment {
					t.Fatalf("area %v was due at %d ns and is at %d ns; %v is at %d ns", area, before, now, change, moment)
				}
				if i%20 > 0 && now < last {
					t.Fatalf("area %v is due at %d ns, before a smaller one at %d ns", area, now, last)
				} else if i%20 > 0 {
					last = now
				}
			}
			p = next
		}
	})
}

func TestSpliceErrors(t *testing.T) {
	constant := profile(t, "constant:rate=1000")
	for _, tt := range []struct {
		base    arrival.Profile
		changes []arrival.Change
		want    string
	}{
		{constant, []arrival.Change{at(t, 2*time.Second, "pause"), at(t, time.Second, "resume")}, "ascending"},
		{constant, []arrival.Change{{At: -1, Kind: arrival.ChangePause}}, "from 0 on"},
		{constant, []arrival.Change{{Kind: "stop"}}, "unknown kind"},
		{constant, []arrival.Change{{Kind: arrival.ChangeSet, Value: -1}}, "expected 0 or a rate"},
		{constant, []arrival.Change{{Kind: arrival.ChangeAdd, Value: math.NaN()}}, "expected 0 or a rate"},
		{constant, []arrival.Change{{Kind: arrival.ChangeScale, Value: math.Inf(1)}}, "factor"},
		{constant, []arrival.Change{{Kind: arrival.ChangeScale, Value: 1e6}, {Kind: arrival.ChangeScale, Value: 1e6}}, "makes the rate"},
		{userProfile{}, []arrival.Change{{Kind: arrival.ChangeAdd, Value: -1}}, "scale"},
	} {
		_, err := arrival.Splice(tt.base, tt.changes...)
		if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), "arrival: change") {
			t.Errorf("%v: error %v; expected one about %q", tt.changes, err, tt.want)
		}
	}
}

func TestParseChange(t *testing.T) {
	for text, want := range map[string]arrival.Change{
		"rate 5000/s":   {Kind: arrival.ChangeSet, Value: 5000},
		"rate 0":        {Kind: arrival.ChangeSet},
		"rate 1.5k/s":   {Kind: arrival.ChangeSet, Value: 1500},
		" rate  60/m ":  {Kind: arrival.ChangeSet, Value: 1},
		"rate +500/s":   {Kind: arrival.ChangeAdd, Value: 500},
		"rate -60000/m": {Kind: arrival.ChangeAdd, Value: -1000},
		"rate +10%":     {Kind: arrival.ChangeScale, Value: 1.1},
		"rate -10%":     {Kind: arrival.ChangeScale, Value: 0.9},
		"rate -100%":    {Kind: arrival.ChangeScale},
		"scale 1.5":     {Kind: arrival.ChangeScale, Value: 1.5},
		"pause":         {Kind: arrival.ChangePause},
		"resume":        {Kind: arrival.ChangeResume},
	} {
		if got, err := arrival.ParseChange(text); err != nil || got != want {
			t.Errorf("%q: %+v, %v; expected %+v", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"":              "expected rate 5000/s",
		"stop":          "expected rate 5000/s",
		"pause now":     "expected rate 5000/s",
		"rate":          "expected rate 5000/s",
		"rate 5000 /s":  "expected rate 5000/s",
		"rate fast":     "expected a number",
		"rate 10%":      "rate +10%",
		"rate -101%":    "factor",
		"rate +-10%":    "expected rate 5000/s",
		"rate +-10/s":   "expected 0 or a rate",
		"rate ++10/s":   "expected",
		"rate 5000/d":   "unknown unit",
		"scale -1":      "factor",
		"scale 1e9":     "factor",
		"scale 1.5x":    "expected a number",
		"scale +1e-400": "",
	} {
		_, err := arrival.ParseChange(text)
		if want == "" && err == nil {
			continue
		}
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "arrival: change ") {
			t.Errorf("%q: error %v; expected one that says %q", text, err, want)
		}
	}
}

// FuzzParseChange: what is read is within bounds, and reads the same when written.
func FuzzParseChange(f *testing.F) {
	for _, text := range []string{"rate 5000/s", "rate +1.5k/s", "rate -20/m", "rate +10%", "rate -0%", "scale 1e-3", "pause", "resume", "rate +0"} {
		f.Add(text)
	}
	base, err := arrival.NewConstant(1)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := arrival.ParseChange(text)
		if err != nil {
			return
		}
		again, err := arrival.ParseChange(c.String())
		if err != nil || again != c {
			t.Fatalf("%q is %+v, written %q, and read again %+v, %v", text, c, c, again, err)
		}
		p, err := arrival.Splice(base, c)
		if err == nil && !(p.Rate(1) >= 0) {
			t.Fatalf("%q makes the rate %v", text, p.Rate(1))
		}
	})
}
