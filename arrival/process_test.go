package arrival_test

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/arrival"
)

func TestParse(t *testing.T) {
	tests := []struct {
		text  string
		words string
		own   bool
		rates []rateAt
	}{
		{"poisson", "poisson, 100/s", false, []rateAt{{0, 100}}},
		{"uniform", "uniform, 100/s", false, []rateAt{{0, 100}}},
		{"gamma:shape=0.5", "gamma:shape=0.5, 100/s", false, []rateAt{{0, 100}}},
		{" gamma : shape = 2 ", "gamma:shape=2, 100/s", false, []rateAt{{0, 100}}},
		{
			"sinusoidal:max=30,min=10/s,period=1m", "sinusoidal:max=30,min=10/s,period=1m, sine 10/s … 30/s every 1m", true,
			[]rateAt{{0, 20}, {15, 30}, {45, 10}},
		},
		{
			"sinusoidal:min=10,max=30,period=4s,warmup=10s",
			"sinusoidal:max=30,min=10,period=4s,warmup=10s, ramp 0/s → 20/s over 10s, then sine 10/s … 30/s every 4s", true,
			[]rateAt{{0, 0}, {5, 10}, {10, 20}, {11, 30}},
		},
		{
			"slow-start:final=1k,ramp=30s", "slow-start:final=1k,ramp=30s, ramp 1/s → 1000/s over 30s, then steady", true,
			[]rateAt{{0, 1}, {15, 500.5}, {30, 1000}, {3000, 1000}},
		},
		{
			"slow-start:final=10,ramp=10s,initial=60", "slow-start:final=10,initial=60,ramp=10s, ramp 60/s → 10/s over 10s, then steady", true,
			[]rateAt{{0, 60}, {5, 35}, {11, 10}},
		},
		{
			"infinite-ramp:warm_rate=100,warmup=10s,increase_per_minute=60",
			"infinite-ramp:increase_per_minute=60,warm_rate=100,warmup=10s, ramp 1/s → 100/s over 10s, then +60/s every minute", true,
			[]rateAt{{0, 1}, {10, 100}, {70, 160}, {670, 760}},
		},
	}
	for _, tt := range tests {
		p := process(t, tt.text, 100, 1)
		if p.Text != tt.words || p.OwnRate != tt.own {
			t.Errorf("%s: text %q, own rate %v; expected %q, %v", tt.text, p.Text, p.OwnRate, tt.words, tt.own)
		}
		for _, r := range tt.rates {
			if got := p.Profile.Rate(r.t); math.Abs(got-r.rate) > 1e-9 {
				t.Errorf("%s: rate at %v s = %v; expected %v", tt.text, r.t, got, r.rate)
			}
		}
	}
}

// TestSameLaw: the schedules of a process are all the same, those of another seed are not; own-rate processes are Poisson.
func TestSameLaw(t *testing.T) {
	limit := arrival.Limit{N: 100}
	for _, text := range []string{"poisson", "gamma:shape=3", "slow-start:final=100,ramp=1s", "sinusoidal:min=1,max=9,period=1s"} {
		p := process(t, text, 50, 7)
		a, b := all(t, p.Schedule(limit)), all(t, p.Schedule(limit))
		if again := all(t, process(t, text, 50, 7).Schedule(limit)); !slices.Equal(a, b) || !slices.Equal(a, again) {
			t.Errorf("%s: the same seed gives different schedules", text)
		}
		if other := all(t, process(t, text, 50, 8).Schedule(limit)); slices.Equal(a, other) {
			t.Errorf("%s: seeds 7 and 8 give the same schedule", text)
		}
		law := arrival.NewPoisson(7)
		if got := p.NewLaw().Gap(); p.OwnRate && got != law.Gap() {
			t.Errorf("%s: first gap %v is not that of the Poisson law", text, got)
		}
	}
}

func TestParseErrors(t *testing.T) {
	tests := []struct{ text, want string }{
		{"", `"": no name; expected NAME or NAME:key=value,key=value`},
		{":shape=1", "no name"},
		{"poison", `unknown process "poison"; did you mean "poisson"?; known: gamma, infinite-ramp, poisson, sinusoidal, slow-start, uniform`},
		{"qqqqqqqqq", `unknown process "qqqqqqqqq"; known: `},
		{"poisson:", `poisson: "": expected key=value`},
		{"gamma:shape", `gamma: "shape": expected key=value`},
		{"gamma:=1", "expected key=value"},
		{"gamma:shape=1,", "expected key=value"},
		{"gamma:shape=1,shape=2", "gamma: shape is given twice"},
		{"gamma", "gamma: shape: missing; expected a number, for example 0.5"},
		{"gamma:shpe=1", `gamma: shpe: unknown parameter; did you mean "shape"?; parameters: shape`},
		{"poisson:rate=1", "poisson: rate: unknown parameter; it has no parameters"},
		{"gamma:shape=abc", `gamma: shape: "abc": expected a number, for example 0.5`},
		{"gamma:shape=0", "gamma: shape 0: expected a number between 0.001 and 1e+06"},
		{"slow-start:final=10,ramp=30", `slow-start: ramp: "30": expected a time with its unit, for example 30s or 5m`},
		{"slow-start:final=10,ramp=-3s", `ramp: "-3s": expected a time`},
		{"slow-start:final=10,ramp=0s", "ramp: length 0s: expected a time above 0"},
		{"slow-start:final=10/x,ramp=30s", `slow-start: final: "10/x": unknown unit "/x"; expected /s, /m or /h`},
		{"slow-start:final=-1,ramp=30s", `final: "-1": expected 0 or a rate between`},
		{"sinusoidal:min=5,max=1,period=1s", "sine: min 5/s is above max 1/s"},
	}
	for _, tt := range tests {
		p, err := arrival.Parse(tt.text, 100, 1)
		if err == nil || !strings.HasPrefix(err.Error(), "arrival: ") || !strings.Contains(err.Error(), tt.want) || p.NewLaw != nil {
			t.Errorf("Parse(%q): %v; expected %q", tt.text, err, tt.want)
		}
	}
	for rate, want := range map[float64]string{0: "poisson: no rate; expected one above 0", -1: "rate -1/s", math.NaN(): "rate NaN/s"} {
		if _, err := arrival.Parse("poisson", rate, 1); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("rate %v: %v; expected %q", rate, err, want)
		}
	}
}

func TestParseProfileErrors(t *testing.T) {
	tests := []struct{ text, want string }{
		{"", "no name"},
		{"rmp:to=1", `unknown profile "rmp"; did you mean "ramp"?; known: constant, endless-ramp, ramp, sine, steps`},
		{"ramp:to=5", "ramp: for: missing; expected a time with its unit"},
		{"ramp:to=5,for=0s", "ramp: length 0s: expected a time above 0"},
		{"constant:rate=5,for=0s", "cut: length 0s"},
		{"steps:from=1,step=1,every=1s,count=1.5", `steps: count: "1.5": expected a whole number, 1 or more`},
		{"steps:from=1,step=1,every=1s,count=0", `count: "0": expected a whole number`},
		{"steps:from=1,step=x,every=1s,count=2", `step: "x": expected a number and a unit`},
		{"steps:from=1,step=--1,every=1s,count=2", `step: "--1": expected 0 or a rate`},
		{"endless-ramp:warm_rate=1,warmup=1s", "increase_per_minute: missing"},
	}
	for _, tt := range tests {
		p, err := arrival.ParseProfile(tt.text)
		if err == nil || !strings.HasPrefix(err.Error(), "arrival: ") || !strings.Contains(err.Error(), tt.want) || p != nil {
			t.Errorf("ParseProfile(%q): %v, %v; expected %q", tt.text, p, err, tt.want)
		}
	}
}

// TestAllErrors: everything wrong with a call is said at once, and can be told apart by parameter.
func TestAllErrors(t *testing.T) {
	call := arrival.Call{Name: "sinusoidal", Params: map[string]string{"min": "x", "period": "5", "warmpu": "3s"}}
	_, err := call.Process(checked(t)(arrival.NewConstant(1)), 1)
	var joined interface{ Unwrap() []error }
	if !errors.As(err, &joined) {
		t.Fatalf("error %v; expected a joined one", err)
	}
	for _, want := range []string{
		`arrival: sinusoidal: warmpu: unknown parameter; did you mean "warmup"?`, `arrival: sinusoidal: min: "x"`,
		"arrival: sinusoidal: max: missing", `arrival: sinusoidal: period: "5"`, "arrival: sinusoidal has rates of its own",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %v; expected also %q", err, want)
		}
	}
	var param *arrival.ParamError
	if !errors.As(err, &param) || param.Owner != "sinusoidal" || param.Param != "warmpu" {
		t.Errorf("first parameter error %+v; expected that of warmpu", param)
	}
	if _, err := (arrival.Call{Name: "uniform"}).Process(nil, 1); err == nil || !strings.Contains(err.Error(), "expected a rate or a profile beside it") {
		t.Errorf("uniform without profile: %v", err)
	}
}

// TestLawWithProfile combines every law with a profile of the caller's.
func TestLawWithProfile(t *testing.T) {
	ramp := profile(t, "ramp:from=10,to=100,for=10s")
	for _, call := range []arrival.Call{
		{Name: "poisson"},
		{Name: "uniform", Params: map[string]string{}},
		{Name: "gamma", Params: map[string]string{"shape": "4"}},
	} {
		p, err := call.Process(ramp, 3)
		if err != nil {
			t.Fatal(err)
		}
		if want := call.String() + ", ramp 10/s → 100/s over 10s"; p.Text != want {
			t.Errorf("text %q; expected %q", p.Text, want)
		}
		n := len(all(t, p.Schedule(arrival.Limit{})))
		if bound := sigmas * math.Sqrt(550); math.Abs(float64(n)-550) > bound {
			t.Errorf("%s: %d arrivals; expected 550 ± %.0f", call.Name, n, bound)
		}
	}
}

// TestRegister registers a law, a process with a rate of its own and a profile, as a user does.
func TestRegister(t *testing.T) {
	for _, name := range []string{"test-law", "test-process", "test-profile", "test-empty"} {
		t.Cleanup(func() { arrival.Unregister(name) })
	}
	params := []arrival.Param{
		{Name: "shape", Kind: arrival.KindNumber, Default: "0.7"},
		{Name: "pause", Kind: arrival.KindDuration},
		{Name: "count", Kind: arrival.KindCount, Default: "3"},
	}
	var got arrival.Args
	arrival.Register(arrival.Def{Name: "test-law", Params: params, Build: func(a arrival.Args) (arrival.Process, error) {
		got = a
		return arrival.Process{NewLaw: func() arrival.Law { return newWeibull(a.Number("shape"), a.Seed) }}, nil
	}})
	arrival.Register(arrival.Def{Name: "test-process", OwnRate: true, Build: func(arrival.Args) (arrival.Process, error) {
		return arrival.Process{NewLaw: arrival.Uniform, Profile: userProfile{}}, nil
	}})
	arrival.RegisterProfile(arrival.ProfileDef{Name: "test-profile", Build: func(arrival.Args) (arrival.Profile, error) {
		return userProfile{}, nil
	}})

	p := process(t, "test-law:pause=3s", 10, 5)
	if want := "test-law:pause=3s, 10/s"; p.Text != want || p.NewLaw().Gap() != newWeibull(0.7, 5).Gap() {
		t.Errorf("%q has another law than weibull, or text; expected %q", p.Text, want)
	}
	if got.Number("shape") != 0.7 || got.Duration("pause") != 3*time.Second || got.Count("count") != 3 || got.Profile == nil || !got.Has("pause") {
		t.Errorf("arguments %+v", got)
	}
	process(t, "test-law", 10, 5)
	if got.Has("pause") || got.Duration("pause") != 0 || !got.Has("shape") {
		t.Errorf("arguments without pause: %+v", got)
	}
	mustPanic(t, `no parameter "pause" of kind number`, func() { got.Number("pause") })
	mustPanic(t, `no parameter "x"`, func() { got.Rate("x") })

	if n := len(all(t, process(t, "test-process", 0, 5).Schedule(arrival.Limit{}))); n != 8 {
		t.Errorf("test-process has %d arrivals; expected 8", n)
	}
	if p := profile(t, "test-profile"); arrival.Length(p) != 4 {
		t.Errorf("test-profile is %v", p)
	}

	arrival.Register(arrival.Def{Name: "test-empty", Build: func(arrival.Args) (arrival.Process, error) { return arrival.Process{}, nil }})
	if _, err := arrival.Parse("test-empty", 1, 1); err == nil || !strings.Contains(err.Error(), "returned no law") {
		t.Errorf("a process without law: %v", err)
	}
	arrival.RegisterProfile(arrival.ProfileDef{Name: "test-empty", Build: func(arrival.Args) (arrival.Profile, error) { return nil, nil }})
	if _, err := arrival.ParseProfile("test-empty"); err == nil || !strings.Contains(err.Error(), "returned no profile") {
		t.Errorf("a profile that is none: %v", err)
	}
}

func TestRegisterPanics(t *testing.T) {
	build := func(arrival.Args) (arrival.Process, error) { return arrival.Process{}, nil }
	param := func(p arrival.Param) arrival.Def {
		return arrival.Def{Name: "test-param", Build: build, Params: []arrival.Param{p, {Name: "twice", Kind: arrival.KindRate}}}
	}
	for want, d := range map[string]arrival.Def{
		"process registered twice: poisson":          {Name: "poisson", Build: build},
		"expected a name of small letters":           {Name: "Test", Build: build},
		`cannot register ""`:                         {Build: build},
		"it has no Build":                            {Name: "test-build"},
		`parameter "twice": expected`:                param(arrival.Param{Name: "twice", Kind: arrival.KindRate}),
		`parameter "a b": expected`:                  param(arrival.Param{Name: "a b", Kind: arrival.KindRate}),
		`parameter "kind": expected`:                 param(arrival.Param{Name: "kind", Kind: "color"}),
		"default of d: \"5\": expected a time":       param(arrival.Param{Name: "d", Kind: arrival.KindDuration, Default: "5"}),
		"default of r: \"5/y\": unknown unit \"/y\"": param(arrival.Param{Name: "r", Kind: arrival.KindRate, Default: "5/y"}),
	} {
		mustPanic(t, want, func() { arrival.Register(d) })
	}
	mustPanic(t, "profile registered twice: ramp", func() {
		arrival.RegisterProfile(arrival.ProfileDef{Name: "ramp", Build: func(arrival.Args) (arrival.Profile, error) { return nil, nil }})
	})
}

// TestDefs: the lists are sorted and complete, and say something about everything.
func TestDefs(t *testing.T) {
	var names []string
	check := func(name, summary string, params []arrival.Param) {
		names = append(names, name)
		if summary == "" {
			t.Errorf("%s has no summary", name)
		}
		for _, p := range params {
			if p.Doc == "" || p.Required && p.Default != "" {
				t.Errorf("%s: parameter %+v: expected a doc, and a default only where it is not required", name, p)
			}
		}
	}
	for _, d := range arrival.Defs() {
		check(d.Name, d.Summary, d.Params)
	}
	for _, d := range arrival.ProfileDefs() {
		check(d.Name, d.Summary, d.Params)
	}
	want := []string{
		"gamma", "infinite-ramp", "poisson", "sinusoidal", "slow-start", "uniform",
		"constant", "endless-ramp", "ramp", "sine", "steps",
	}
	if !slices.Equal(names, want) {
		t.Errorf("registered: %v; expected %v", names, want)
	}
}

// FuzzParse: every text gives an error with a prefix, or a process whose due times do not decrease.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"poisson", "uniform", "gamma:shape=0.5", "gamma:shape=0.001", "sinusoidal:min=0,max=1e12,period=1ns,warmup=1ns",
		"slow-start:final=0,ramp=1h", "slow-start:final=1e-9,ramp=2562047h,initial=1e12",
		"infinite-ramp:warm_rate=1,warmup=0s,increase_per_minute=1e12", "gamma:shape=1,shape=1", "poisson:", ":", "=", "a:b=c,d",
	} {
		f.Add(text, 100.0)
	}
	f.Fuzz(func(t *testing.T, text string, rate float64) {
		p, err := arrival.Parse(text, rate, 1)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "arrival: ") {
				t.Errorf("error %v", err)
			}
			return
		}
		forwards(t, p)
		call, err := arrival.ParseCall(text)
		if err != nil {
			t.Fatal(err)
		}
		again, err := arrival.Parse(call.String(), rate, 1)
		if err != nil || again.Text != p.Text {
			t.Errorf("%q written as %q is %q, %v; expected %q", text, call, again.Text, err, p.Text)
		}
	})
}

// forwards draws the beginning of a schedule.
func forwards(t *testing.T, p arrival.Process) {
	t.Helper()
	s, last := p.Schedule(arrival.Limit{N: 200}), int64(0)
	for due, ok := s.Next(); ok; due, ok = s.Next() {
		if due < last {
			t.Fatalf("%s: due at %d after %d ns", p.Text, due, last)
		}
		last = due
	}
}

// FuzzParseProfile is FuzzParse for profiles.
func FuzzParseProfile(f *testing.F) {
	for _, text := range []string{
		"constant:rate=100/s,for=10s", "constant:rate=0", "ramp:from=1e12,to=0,for=1ns", "ramp:to=1e-9,for=2562047h",
		"sine:min=1,max=2,period=1h,for=1ns,warmup=1s", "steps:from=0.3,step=-0.1,every=1ns,count=4",
		"endless-ramp:warm_rate=0,warmup=1ns,increase_per_minute=0,for=1s",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := arrival.ParseProfile(text)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "arrival: ") {
				t.Errorf("error %v", err)
			}
			return
		}
		for x := 1e-9; x < 1e12; x *= 37 {
			if r, a := p.Rate(x), p.Area(x); !(r >= 0) || !(a >= 0) || math.IsInf(a, 1) {
				t.Fatalf("%s at %v s: rate %v, area %v", text, x, r, a)
			}
		}
		forwards(t, arrival.Process{NewLaw: arrival.Uniform, Profile: p, Text: text})
	})
}
