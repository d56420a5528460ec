package html

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/iagoloadgen/iago/report"
)

// verdict is what the figures are worth, in words.
type verdict struct {
	Class     string // "good", "poor" or "bad": color and mark
	Mark      string
	Headline  string
	Meaning   string
	Quantiles []judged
	Reasons   []string
	SLO       []objective
}

// judged is a quantile and whether it can be trusted.
type judged struct {
	Name, Latency, Lateness string
	OK                      bool
}

// objective is a judged objective in words.
type objective struct {
	Expr, Outcome string
	OK            bool
}

func newVerdict(s *report.Summary) verdict {
	v := verdict{Class: "good", Mark: "✓", Reasons: sentences(s.Verdict.Reasons)}
	switch s.Verdict.Schedule {
	case "kept":
		v.Headline = "The schedule was kept."
		v.Meaning = "Requests went out when they were due, whatever the target did, so the figures below describe the target."
	case "closed":
		v.Class, v.Mark = "poor", "!"
		v.Headline = "Closed mode: latency in this run hides queueing."
		v.Meaning = "Users who arrive at their own pace would have waited longer than any figure here shows, so none is called trusted. " +
			"Read it as a measure of throughput."
	case "slipped":
		v.Class, v.Mark = "bad", "✗"
		v.Headline = "The generator slipped from its schedule."
		v.Meaning = "The load was not what was asked for, so the figures below do not describe the target alone."
	default:
		v.Class, v.Mark = "poor", "!"
		v.Headline = "The schedule’s verdict is “" + s.Verdict.Schedule + "”."
	}
	if s.Requests.Completed == 0 {
		v.Class, v.Mark = "bad", "✗"
		v.Headline = "Not one request completed. " + v.Headline
	}
	if s.Verdict.Schedule != "closed" {
		v.Quantiles = judge(s)
	}
	for _, o := range s.Verdict.SLO {
		v.SLO = append(v.SLO, objective{o.Expr, outcome(o), o.OK})
	}
	return v
}

// judge sets each quantile's lateness, by which it is judged, beside it.
func judge(s *report.Summary) []judged {
	if s.Latency.Count == 0 {
		return nil
	}
	var list []judged
	for _, q := range quantiles(&s.Latency, &s.Lateness) {
		j := judged{
			Name: q.name, OK: slices.Contains(s.Verdict.Trusted, q.key),
			Latency: duration(float64(q.a)), Lateness: duration(float64(q.b)),
		}
		list = append(list, j)
	}
	return list
}

// pair is one quantile of two statistics.
type pair struct {
	key, name string
	a, b      int64
}

// quantiles are those that are judged.
func quantiles(a, b *report.Stats) []pair {
	return []pair{
		{"p50", "p50", a.P50, b.P50},
		{"p90", "p90", a.P90, b.P90},
		{"p99", "p99", a.P99, b.P99},
		{"p999", "p99.9", a.P999, b.P999},
	}
}

// Trust sums the quantiles up in a sentence.
func (v verdict) Trust() string {
	var good, bad []string
	for _, q := range v.Quantiles {
		if q.OK {
			good = append(good, q.Name)
		} else {
			bad = append(bad, q.Name)
		}
	}
	switch {
	case len(v.Quantiles) == 0:
		return ""
	case len(bad) == 0:
		return "All quantiles of latency up to " + good[len(good)-1] + " can be trusted: the generator’s own lateness is small beside them."
	case len(good) == 0:
		return "No quantile of latency can be trusted: the generator’s own lateness is too large beside them."
	default:
		return "Latency at " + words(good) + " can be trusted, at " + words(bad) + " not."
	}
}

// Objectives sums the objectives up in a sentence.
func (v verdict) Objectives() string {
	met := 0
	for _, o := range v.SLO {
		if o.OK {
			met++
		}
	}
	switch {
	case len(v.SLO) == 0:
		return "No objectives were set (--slo)."
	case met == len(v.SLO) && met == 1:
		return "The objective was met."
	case met == len(v.SLO):
		return fmt.Sprintf("All %d objectives were met.", met)
	default:
		return fmt.Sprintf("%d of %d objectives missed.", len(v.SLO)-met, len(v.SLO))
	}
}

// words joins names: a, b and c.
func words(names []string) string {
	if len(names) == 1 {
		return names[0]
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

// outcome writes whether an objective was met, and its value in its own unit, told from its expression.
func outcome(o report.Objective) string {
	if o.Note != "" {
		return "not judged: " + clip(o.Note, mostLetters)
	}
	value := duration(o.Value)
	switch {
	case strings.HasPrefix(o.Expr, "errors"), strings.HasPrefix(o.Expr, "checks"):
		value = percent(o.Value)
	case strings.HasPrefix(o.Expr, "rate"):
		value = rate(o.Value)
	}
	if o.OK {
		return "met: " + value
	}
	return "missed: " + value
}

// unit is a time without the space that this page puts before its unit.
var unit = regexp.MustCompile(`\b(\d+(?:\.\d+)?)(ns|µs|ms|s|min|h)\b`)

// sentences begin with a capital, unless with a name such as p99 or --late, and write times as the rest of the page does.
func sentences(list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		s = unit.ReplaceAllString(s, "$1"+nbsp+"$2")
		out[i] = s
		if first, size := utf8.DecodeRuneInString(s); len(s) > size && unicode.IsLower(first) && (unicode.IsLower(rune(s[size])) || s[size] == ' ') {
			out[i] = string(unicode.ToUpper(first)) + s[size:]
		}
	}
	return out
}
