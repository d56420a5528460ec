package report

import (
	"strings"
	"testing"
)

func TestParseConditionErrors(t *testing.T) {
	for _, c := range []struct{ expr, says string }{
		{"", "expected a figure"},
		{"p99", "expected a figure"},
		{"p99=50ms", "expected a figure"},
		{"p99<", "expected a figure"},
		{"p99<50 ms", "expected a figure"},
		{"p99<50", "expected a time with its unit"},
		{"p99<-5ms", "expected a time with its unit"},
		{"p99<5%", "expected a time with its unit"},
		{"p0<5ms", "outside p0…p100"},
		{"p101<5ms", "outside p0…p100"},
		{"pNaN<5ms", "outside p0…p100"},
		{"p1e1<5ms", `unknown figure "p1e1"`},
		{"latency<5ms", `unknown figure "latency"`},
		{"errors<5ms", "expected a share"},
		{"errors<150%", "expected a share"},
		{"errors<NaN", "expected a share"},
		{"errors{/a}<1%", "errors are only known of all requests"},
		{"checks<5ms", "expected a share"},
		{"checks{}>5%", "braces are empty"},
		{"check>5%", `unknown figure "check"`},
		{"rate>10/d", "expected a rate"},
		{"rate>fast", "expected a rate"},
		{"rate>0x10", "expected a rate"},
		{"rate>Inf", "expected a rate"},
		{"p99{}<5ms", "braces are empty"},
	} {
		_, err := ParseCondition(c.expr)
		if err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "examples: p99<50ms") ||
			!strings.HasPrefix(err.Error(), "report: objective ") {
			t.Errorf("%q: got %v, want one that says %q", c.expr, err, c.says)
		}
	}
}

func TestParseAbortRule(t *testing.T) {
	if _, err := ParseAbortRule("p99{/a}>5s"); err == nil || !strings.Contains(err.Error(), "expected no label") {
		t.Errorf("a label: %v", err)
	}
	if c, err := ParseAbortRule("checks{logged in}<50%"); err != nil || c.label != "logged in" {
		t.Errorf("a check's name: %+v, %v", c, err)
	}
	if _, err := ParseAbortRule("errors>"); err == nil {
		t.Error("half a rule is accepted")
	}
	if c, err := ParseAbortRule(" errors > 50% "); err != nil || c.String() != "errors > 50%" || c.limit != 0.5 {
		t.Errorf("%+v, %v", c, err)
	}
}

// What is accepted is a number that can be compared, and is printed as it was given; it parses to itself.
func FuzzParseCondition(f *testing.F) {
	for _, s := range []string{"p99<50ms", "p99.9<=100ms", "mean<5ms", "max<1s", "errors<0.1%", "rate>950/s", "p99{GET /a}<50ms", "checks>99.9%", "checks{is 200}>=0.5", "p1e9<1s", "errors<1e-400%"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := ParseCondition(s)
		if err != nil {
			return
		}
		again, err := ParseCondition(c.String())
		if err != nil || again != c {
			t.Fatalf("%q: %+v, again: %+v, %v", s, c, again, err)
		}
		if !(c.limit >= 0) || c.figure == figureQuantile && !(c.q > 0 && c.q <= 1) || (c.figure == figureErrors || c.figure == figureChecks) && c.limit > 1 {
			t.Fatalf("%q gives %+v", s, c)
		}
		o, _ := c.Judge(figures())
		if o.value() == "" {
			t.Fatalf("%q: no value", s)
		}
	})
}
