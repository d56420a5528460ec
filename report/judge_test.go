package report

import (
	"strings"
	"testing"

	"github.com/iagoloadgen/iago/measure"
)

func conditions(t *testing.T, exprs ...string) []Condition {
	t.Helper()
	var list []Condition
	for _, e := range exprs {
		c, err := ParseCondition(e)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, c)
	}
	return list
}

// figures are 1000 requests over 10 s: latencies of 1…900 ms, 50 failed, 30 dropped, 20 answers of status 500, 25 that
// failed a check.
func figures() Figures {
	iv := measure.NewInterval()
	iv.End = 12e9
	iv.Requests = measure.Requests{Scheduled: 1000, Sent: 970, Completed: 900, Failed: 50, Dropped: 30, Unsent: 20, Starved: 0, InFlight: 20}
	iv.ServerErrors, iv.CheckFail = 20, 25
	iv.Checks["logged in"], iv.Checks["fast"] = measure.Check{Passed: 70, Failed: 30}, measure.Check{Passed: 900}
	for i := range int64(900) {
		iv.Times.Latency.Record((i + 1) * 1e6)
	}
	cart := &measure.Label{Requests: measure.Requests{Completed: 100}}
	cart.Latency.Record(5e6)
	return Figures{Interval: iv, Labels: map[string]*measure.Label{"GET /cart": cart}, DurationNS: 10e9}
}

func TestJudgeConditions(t *testing.T) {
	for _, c := range []struct {
		expr  string
		value float64
		ok    bool
	}{
		{"p50<451ms", 450e6, true},
		{"p50<450ms", 450e6, false},
		{"p90 < 1s", 810e6, true},
		{"p99.9<=100ms", 900e6, false},
		{"p999<1s", 900e6, true},
		{"p9999>=1s", 900e6, false},
		{"p100<=900ms", 900e6, true},
		{"mean<5ms", 450.5e6, false},
		{"mean>450ms", 450.5e6, true},
		{"max<1s", 900e6, true},
		{"errors<0.1%", 0.125, false},
		{"errors<=12.5%", 0.125, true},
		{"errors<0.13", 0.125, true},
		{"checks>96%", 0.97, true},
		{"checks>=97%", 0.97, true},
		{"checks>99.9%", 0.97, false},
		{"checks{logged in}>70%", 0.7, false},
		{"checks{logged in}>=70%", 0.7, true},
		{"checks{fast}>=100%", 1, true},
		{"rate>950/s", 90, false},
		{"rate>=90", 90, true},
		{"rate>5000/m", 90, true},
		{"rate>324001/h", 90, false},
		{"p99{GET /cart}<50ms", 5e6, true},
		{"rate{GET /cart}>11/s", 10, false},
	} {
		o, known := conditions(t, c.expr)[0].Judge(figures())
		// Quantiles are of histograms: 0.1 % above at most.
		if !known || o.Expr != c.expr || o.Value < c.value*(1-1e-9) || o.Value > c.value*1.001 {
			t.Errorf("%s: got %+v, want a value of %v", c.expr, o, c.value)
		}
		if o.OK != c.ok {
			t.Errorf("%s: %v, want %v", c.expr, o.OK, c.ok)
		}
	}
}

// Nothing measured is not an objective met.
func TestJudgeWithoutFigures(t *testing.T) {
	empty := Figures{Interval: measure.NewInterval()}
	for _, c := range []struct{ expr, why string }{
		{"p99<50ms", "no latency"},
		{"mean<50ms", "no latency"},
		{"errors<1%", "no request was due"},
		{"rate<5/s", "no length"},
		{"p99{/x}<5ms", `no request had the label "/x"`},
		{"checks>50%", "no check was made"},
		{"checks{x}<50%", `no check "x" was made`},
	} {
		o, known := conditions(t, c.expr)[0].Judge(empty)
		if known || o.OK || !strings.Contains(o.Note, c.why) {
			t.Errorf("%s: %+v, known %v", c.expr, o, known)
		}
	}
}

func TestAbortReason(t *testing.T) {
	rule, err := ParseAbortRule("errors>50%")
	if err != nil {
		t.Fatal(err)
	}
	rules := []Condition{conditions(t, "max>10s")[0], rule}
	// From the fourth second on, every request fails; six of ten are in the window then.
	m := model{seconds: 9, rate: 10, fate: func(i int) fate {
		f := healthy(i)
		if i >= 40 {
			f.status, f.cause = 0, "connection refused"
		}
		return f
	}}
	c, at := NewCollector(Recording{}), -1
	for _, iv := range m.intervals() {
		c.Add(iv, 0)
		if r := AbortReason(rules, c); r != "" && at < 0 {
			at = iv.Index
			if r != "errors>50% held over the last 5s: 60%" {
				t.Errorf("reason %q", r)
			}
		}
		if AbortReason(nil, c) != "" {
			t.Error("aborted without a rule")
		}
	}
	if at != 6 {
		t.Errorf("aborted after second %d, want 6", at)
	}
}

// Time-outs come long after their requests were due: their share is of what ended in the window, not of what was due in it.
func TestAbortReasonIsOfOutcomes(t *testing.T) {
	c := NewCollector(Recording{})
	for i := range 6 {
		iv := measure.NewInterval()
		iv.Index, iv.Start, iv.End = i, int64(i)*1e9, int64(i+1)*1e9
		iv.Requests = measure.Requests{Scheduled: 1000, Sent: 1000, Completed: 0, Failed: 10, TimedOut: 10}
		c.Add(iv, 0)
	}
	if r := AbortReason(conditions(t, "errors>99%"), c); r == "" {
		t.Error("nothing but time-outs, and no abort")
	}
}

// Failed checks count as errors in the window, and a processor that tells of them late cannot make more than all.
func TestAbortReasonOfChecks(t *testing.T) {
	c := NewCollector(Recording{})
	for i := range 6 {
		iv := measure.NewInterval()
		iv.Index, iv.Start, iv.End = i, int64(i)*1e9, int64(i+1)*1e9
		iv.Requests = measure.Requests{Scheduled: 10, Sent: 10, Completed: 10}
		iv.CheckFail = int64(6 * i)
		iv.Checks["logged in"] = measure.Check{Passed: 3, Failed: int64(6 * i)}
		c.Add(iv, 0)
	}
	for expr, want := range map[string]string{
		"errors>=100%":          "errors>=100% held over the last 5s: 100%",
		"checks<50%":            "checks<50% held over the last 5s: 14.3%",
		"checks{logged in}<15%": "checks{logged in}<15% held over the last 5s: 14.3%",
		"checks{other}<15%":     "",
		"checks<10%":            "",
	} {
		if got := AbortReason(conditions(t, expr), c); got != want {
			t.Errorf("%s: %q, want %q", expr, got, want)
		}
	}
}

// No requests for five seconds, as in a pause of the schedule, are no reason.
func TestAbortReasonNeedsRequests(t *testing.T) {
	c := NewCollector(Recording{})
	for i := range 6 {
		iv := measure.NewInterval()
		iv.Index, iv.Start, iv.End = i, int64(i)*1e9, int64(i+1)*1e9
		c.Add(iv, 0)
	}
	if r := AbortReason(conditions(t, "rate<10/s"), c); r != "" {
		t.Errorf("aborted: %s", r)
	}
}
