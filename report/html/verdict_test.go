package html

import (
	"strings"
	"testing"

	"github.com/iagoloadgen/iago/report"
)

func TestVerdictInWords(t *testing.T) {
	all := []string{"p50", "p90", "p99", "p999"}
	for _, c := range []struct {
		name  string
		set   func(*report.Summary)
		class string
		says  []string
		not   []string
	}{
		{"kept", func(s *report.Summary) {}, "good", []string{"The schedule was kept.", "All quantiles of latency up to p99.9 can be trusted"}, []string{"not trusted"}},
		{"partly trusted", func(s *report.Summary) { s.Verdict.Trusted, s.Lateness.P999 = all[:3], 80e6 }, "good", []string{
			"Latency at p50, p90 and p99 can be trusted, at p99.9 not.", "90.0 ms, lateness 80.0 ms",
		}, nil},
		{"slipped", func(s *report.Summary) {
			s.Verdict = report.Verdict{Schedule: "slipped", Reasons: []string{"12 requests were starved"}}
		}, "bad", []string{"slipped from its schedule", "12 requests were starved", "No quantile of latency can be trusted"}, nil},
		{"closed", func(s *report.Summary) { s.Verdict.Schedule, s.Load.Mode = "closed", "closed" }, "poor", []string{
			"Closed mode: latency in this run hides queueing.", "queueing is not in these figures", "the target sets the pace",
		}, []string{"can be trusted", "whatever the target did"}},
		{"nothing completed", func(s *report.Summary) { s.Requests.Completed, s.Latency = 0, report.Stats{} }, "bad", []string{
			"Not one request completed.", "there is no distribution to draw", "nothing completed",
		}, []string{"can be trusted"}},
		{"reasons", func(s *report.Summary) {
			s.Verdict.Reasons = []string{"p99.9 is here the largest", "the run broke off (aborted: errors>50%)", "a pause", "--late skip"}
		}, "good", []string{
			"<li>p99.9 is here", "<li>The run broke off (aborted: errors&gt;50%)", "<li>A pause", "<li>--late",
		}, nil},
		{"objectives", func(s *report.Summary) {
			s.Verdict.SLO = []report.Objective{{Expr: "p99<50ms", Value: 12.34e6, OK: true}, {Expr: "errors<0.1%", Value: 0.02}, {Expr: "rate>950/s", Value: 990, OK: true}, {Expr: "p99{/x}<1s", Note: "no such label"}, {Expr: "checks{a}>99.9%", Value: 0.99996, OK: true}}
		}, "good", []string{"2 of 5 objectives missed", "<code>checks{a}&gt;99.9%</code>", "met: 99.996 %", "<code>p99&lt;50ms</code>", "met: 12.3 ms", "missed: 2 %", "met: 990/s", "not judged: no such label"}, []string{"No objectives"}},
	} {
		s := &report.Summary{Verdict: report.Verdict{Schedule: "kept", Trusted: all}, Latency: report.Stats{Count: 1e6, P50: 1e6, P90: 5e6, P99: 9e6, P999: 90e6}}
		s.Run.End, s.Requests.Completed = "schedule", 1e6
		c.set(s)
		if v := newVerdict(s); v.Class != c.class {
			t.Errorf("%s: class %q, want %q", c.name, v.Class, c.class)
		}
		page := strings.ReplaceAll(render(t, Data{Summary: s, Series: seconds(2)}), nbsp, " ")
		for _, text := range c.says {
			if !strings.Contains(page, text) {
				t.Errorf("%s: the page does not say %q", c.name, text)
			}
		}
		page = page[:strings.Index(page, `<details`)] // the explanation of terms says everything
		for _, text := range c.not {
			if strings.Contains(page, text) {
				t.Errorf("%s: the page says %q", c.name, text)
			}
		}
	}
}
