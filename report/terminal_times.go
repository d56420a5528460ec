package report

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// timeRows are the lines of the table of times.
var timeRows = []struct {
	name string
	of   func(*Stats) int64
}{
	{"mean", func(s *Stats) int64 { return s.Mean }},
	{"p50", func(s *Stats) int64 { return s.P50 }},
	{"p90", func(s *Stats) int64 { return s.P90 }},
	{"p99", func(s *Stats) int64 { return s.P99 }},
	{"p99.9", func(s *Stats) int64 { return s.P999 }},
	{"max", func(s *Stats) int64 { return s.Max }},
}

// latency shows latency and its three parts side by side.
func (t *sheet) latency(s *Summary) {
	t.line("")
	if s.Latency.Count == 0 {
		t.line("%s", t.paint(bold, "Latency: none was measured."))
		return
	}
	t.line("%s from when a request was due to the last byte of its answer", t.paint(bold, "Latency"))
	t.line("  %s%s", left("", 8), t.paint(bold, right("latency", 12)+right("= lateness", 14)+right("+ wait", 14)+right("+ service", 14)))
	t.line("  %s%s", left("", 8), t.paint(faint, right("", 12)+right("generator", 14)+right("connection", 14)+right("target", 14)))
	doubtful := false
	for _, row := range timeRows {
		mark := " "
		if isDoubtful(s, row.name) {
			mark, doubtful = t.paint(red, "!"), true
		}
		t.line("  %s%s%s%s%s%s", left(row.name, 8), right(Duration(row.of(&s.Latency)), 12), mark,
			right(Duration(row.of(&s.Lateness)), 13), right(Duration(row.of(&s.Wait)), 14), right(Duration(row.of(&s.Service)), 14))
	}
	if n := s.Latency.Count; n == s.Lateness.Count && n == s.Wait.Count && n == s.Service.Count {
		t.line("  %s", t.paint(faint, "Means add up, quantiles need not."))
	} else {
		t.line("  %s", t.paint(faint, "Some requests are not in every column, so that means need not add up."))
	}
	if doubtful {
		t.line("  %s %s", t.paint(red, "!"), "not to be trusted: the generator's own lateness is too large beside it")
	}
	if w := s.Warmup; w != nil {
		t.wrapped("  ", plain, "Without the warm-up of the first "+Duration(w.DurationNS)+": "+Count(w.Latency.Count)+" latencies, p50 "+
			Duration(w.Latency.P50)+", p99 "+Duration(w.Latency.P99)+", max "+Duration(w.Latency.Max)+".")
	}
}

// isDoubtful tells whether a row is of a quantile that cannot be trusted.
func isDoubtful(s *Summary, name string) bool {
	for _, q := range judged {
		if q.name == name {
			return s.Load.Mode != ModeClosed && !slices.Contains(s.Verdict.Trusted, q.key)
		}
	}
	return false
}

const mostLabels = 10

// labels shows the groups with most requests.
func (t *sheet) labels(s *Summary) {
	if len(s.Labels) < 2 {
		return
	}
	names := slices.SortedFunc(maps.Keys(s.Labels), func(a, b string) int {
		return cmp.Or(cmp.Compare(s.Labels[b].Requests.Scheduled, s.Labels[a].Requests.Scheduled), strings.Compare(a, b))
	})
	t.line("\n%s", t.paint(bold, left("By label", 34)+right("requests", 12)+right("failed", 10)+right("p50", 8)+right("p99", 8)+right("max", 8)))
	for _, name := range names[:min(len(names), mostLabels)] {
		l := s.Labels[name]
		t.line("  %s%s%s%s%s%s", left(clip(clean(name), 31), 32), right(Count(l.Requests.Scheduled), 12), right(Count(l.Requests.Failed), 10),
			right(Duration(l.Latency.P50), 8), right(Duration(l.Latency.P99), 8), right(Duration(l.Latency.Max), 8))
	}
	if n := len(names) - mostLabels; n > 0 {
		t.line("  and %d more, in the report", n)
	}
}
