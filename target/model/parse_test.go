package model

import (
	"strings"
	"testing"
	"time"
)

func TestParseService(t *testing.T) {
	tests := []struct {
		text string
		want Service
	}{
		{"", None{}},
		{"none", None{}},
		{"constant:1ms", Constant{time.Millisecond}},
		{"constant:time=0s", Constant{}},
		{"exp:mean=1ms", Exponential{time.Millisecond}},
		{" Exponential : mean = 2.5s ", Exponential{2500 * time.Millisecond}},
		{"exp:300us", Exponential{300 * time.Microsecond}},
		{"lognormal:median=1ms,sigma=0.5", Lognormal{time.Millisecond, 0.5}},
		{"bimodal:fast=1ms,slow=100ms,share=1%", Bimodal{time.Millisecond, 100 * time.Millisecond, 0.01}},
		{"bimodal:share=0.25,slow=2s,fast=1us", Bimodal{time.Microsecond, 2 * time.Second, 0.25}},
	}
	for _, tt := range tests {
		got, err := ParseService(tt.text)
		if err != nil {
			t.Errorf("%q: %v", tt.text, err)
			continue
		}
		if got != tt.want {
			t.Errorf("%q: got %v, want %v", tt.text, got, tt.want)
		}
		if again, err := ParseService(got.String()); err != nil || again != got {
			t.Errorf("%q: its text %q reads as %v, %v", tt.text, got, again, err)
		}
	}
}

func TestParseServiceErrors(t *testing.T) {
	tests := []struct{ text, want string }{
		{"gauss:mean=1ms", "expected none, constant, exp, lognormal or bimodal"},
		{":mean=1ms", "no name"},
		{"none:1ms", "none takes no parameters"},
		{"constant", "time is missing, for example constant:time=1ms"},
		{"constant:1", `time: "1" is not a duration like 1ms`},
		{"constant:-1ms", "is not between 0 and 24h"},
		{"constant:25h", "is not between 0 and 24h"},
		{"constant:", "empty parameter"},
		{"exp:median=1ms", `unknown parameter "median", expected mean`},
		{"exp:mean=1ms,mean=2ms", `"mean" is given twice`},
		{"exp:1ms,mean=2ms", `"mean" is given twice`},
		{"lognormal:median=1ms", "sigma is missing"},
		{"lognormal:median=1ms,sigma=x", "is not a number"},
		{"lognormal:median=1ms,sigma=-1", "not between 0 and 10"},
		{"lognormal:median=1ms,sigma=NaN", "not between 0 and 10"},
		{"bimodal:fast=1ms,slow=2ms,share=0", "is not above 0% and up to 100%"},
		{"bimodal:fast=1ms,slow=2ms,share=101%", "is not above 0% and up to 100%"},
		{"bimodal:fast=1ms,slow=2ms,share=some", "is not a share like 1% or 0.01"},
		{"bimodal:slow=2ms,share=1%", "fast is missing"},
	}
	for _, tt := range tests {
		_, err := ParseService(tt.text)
		wantError(t, tt.text, err, `target/model: service "`+tt.text+`": `, tt.want)
	}
}

func TestParseFault(t *testing.T) {
	tests := []struct {
		text string
		want Fault
	}{
		{"error:status=503,share=5%", Fault{Kind: Error, Status: 503, Share: 0.05}},
		{"error:500", Fault{Kind: Error, Status: 500, Share: 1}},
		{"error:status=500,at=2s,for=1s", Fault{Kind: Error, Status: 500, Share: 1, At: 2 * time.Second, For: time.Second}},
		{"close:share=1%", Fault{Kind: Close, Share: 0.01}},
		{"reset:0.5", Fault{Kind: Reset, Share: 0.5}},
		{"garbage", Fault{Kind: Garbage, Share: 1}},
		{"hang:share=7%", Fault{Kind: Hang, Share: 0.07}},
		{"stall:at=3s,for=2s", Fault{Kind: Stall, Share: 1, At: 3 * time.Second, For: 2 * time.Second}},
		{"die:at=5s", Fault{Kind: Die, Share: 1, At: 5 * time.Second}},
	}
	for _, tt := range tests {
		got, err := ParseFault(tt.text)
		if err != nil {
			t.Errorf("%q: %v", tt.text, err)
			continue
		}
		if got != tt.want {
			t.Errorf("%q: got %+v, want %+v", tt.text, got, tt.want)
		}
		if again, err := ParseFault(got.String()); err != nil || again != got {
			t.Errorf("%q: its text %q reads as %+v, %v", tt.text, got, again, err)
		}
	}
}

func TestParseFaultErrors(t *testing.T) {
	tests := []struct{ text, want string }{
		{"explode", "expected error, close, reset, garbage, hang, stall or die"},
		{"error:share=5%", "status is missing"},
		{"error:status=oops", "is not a status like 503"},
		{"error:status=0", "is not a status like 503"},
		{"close:share=200%", "is not above 0% and up to 100%"},
		{"close:status=503", `unknown parameter "status", expected share, at, for`},
		{"close:at=soon", "at: \"soon\" is not a duration"},
		{"close:for=-1s", "is not between 0 and 24h"},
		{"stall:at=3s", "for is missing"},
		{"stall:for=1s,share=5%", `unknown parameter "share", expected for, at`},
		{"die", "at is missing"},
		{"die:at=1s,for=2s", `unknown parameter "for", expected at`},
	}
	for _, tt := range tests {
		_, err := ParseFault(tt.text)
		wantError(t, tt.text, err, `target/model: fault "`+tt.text+`": `, tt.want)
	}
}

func wantError(t *testing.T, text string, err error, prefix, want string) {
	t.Helper()
	if err == nil {
		t.Errorf("%q: no error", text)
		return
	}
	if s := err.Error(); !strings.HasPrefix(s, prefix) || !strings.Contains(s, want) {
		t.Errorf("%q: error %q, want %q … %q", text, s, prefix, want)
	}
}

func TestNewRefusesAllThatIsWrong(t *testing.T) {
	_, err := New(Options{Servers: -1, Faults: []Fault{
		{},
		{Kind: Error},
		{Kind: Close, Status: 500},
		{Kind: Close, Share: 2},
		{Kind: Close, At: -1},
		{Kind: Stall},
		{Kind: Stall, For: 1, Share: 0.5},
		{Kind: Die, For: 1},
	}})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		"servers: -1", "unknown kind", "status is missing", "takes no status", "share: 2 is not above",
		"between 0 and 24h", "for is missing", "stall takes no share", "die takes no for",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error lacks %q:\n%v", want, err)
		}
	}
}

// FuzzParse: whatever is accepted has a text that reads as the same thing, and makes a working model.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"exp:mean=1ms", "lognormal:median=1ms,sigma=0.5", "bimodal:fast=1ms,slow=100ms,share=1%", "constant:1us", "none",
		"error:status=503,share=5%,at=2s,for=1s", "stall:at=3s,for=2s", "die:at=5s", "hang:share=0.1%", "close:,", "x:=",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if s, err := ParseService(text); err == nil {
			again, err := ParseService(s.String())
			if err != nil || again.String() != s.String() {
				t.Fatalf("service %q: %q reads as %v, %v", text, s, again, err)
			}
			m, err := New(Options{Service: s, Servers: 1})
			if err != nil {
				t.Fatal(err)
			}
			if fate := m.Arrive(5); fate.Depart < 5 {
				t.Fatalf("service %q: departs at %d, before it arrived", text, fate.Depart)
			}
		}
		if fault, err := ParseFault(text); err == nil {
			again, err := ParseFault(fault.String())
			if err != nil || again.String() != fault.String() {
				t.Fatalf("fault %q: %q reads as %v, %v", text, fault, again, err)
			}
			if _, err := New(Options{Faults: []Fault{fault}}); err != nil {
				t.Fatalf("fault %q: accepted, but %v", text, err)
			}
		}
	})
}
