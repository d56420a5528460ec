package html

import (
	"slices"
	"strconv"
	"strings"

	"github.com/iagoloadgen/iago/measure"
	"github.com/iagoloadgen/iago/report"
)

// Bounds of the tables, so that a report stays small however odd the run.
const (
	mostRows     = 50
	mostFailures = 50
	mostLetters  = 200 // of a text that came from outside
)

// table is a table of texts.
type table struct {
	Name  string // for readers who cannot see the page
	Class string
	Head  []column
	Rows  [][]string
	More  string // what was left out
	Empty string // said when there are no rows
	Alarm int    // so many rows, from the first, tell of something bad
}

// column is a table's column; figures stand on the right.
type column struct {
	Name  string
	Right bool
}

func left(name string) column  { return column{name, false} }
func right(name string) column { return column{name, true} }

// latencyTable sets latency beside its three parts.
func latencyTable(s *report.Summary) table {
	t := table{
		Name: "Latency and its parts", Class: "parts",
		Head: latencyHead(),
		Rows: [][]string{
			statsRow("Latency", &s.Latency), statsRow("= lateness", &s.Lateness),
			statsRow("+ wait", &s.Wait), statsRow("+ service", &s.Service),
		},
	}
	if s.Warmup != nil {
		t.Rows = append(t.Rows, statsRow("Latency in warm-up", &s.Warmup.Latency))
	}
	return t
}

// latencyHead is over the rows that statsRow writes.
func latencyHead() []column {
	return []column{left(""), right("count"), right("mean"), right("p50"), right("p90"), right("p99"), right("p99.9"), right("max")}
}

func statsRow(name string, s *report.Stats) []string {
	row := []string{name, count(s.Count)}
	for _, v := range []int64{s.Mean, s.P50, s.P90, s.P99, s.P999, s.Max} {
		if s.Count == 0 {
			row = append(row, none)
			continue
		}
		row = append(row, duration(float64(v)))
	}
	return row
}

// fates says what became of the requests; the two identities can be read down the column.
func fates(s *report.Summary) table {
	t := table{Name: "What became of the requests", Class: "fates", Head: []column{left("fate"), right("requests"), right("share"), left("meaning")}}
	r := &s.Requests
	add := func(name string, n, of int64, meaning string, always bool) {
		if n == 0 && !always {
			return
		}
		t.Rows = append(t.Rows, []string{name, count(n), share(n, of), meaning})
	}
	add("scheduled", r.Scheduled, r.Scheduled, "called for by the schedule", true)
	add("sent", r.Sent, r.Scheduled, "an attempt was begun", true)
	add("completed", r.Completed, r.Scheduled, "a whole answer came, whatever its status", true)
	add("server errors", s.ServerErrors, r.Scheduled, "the part of completed whose answers the protocol calls errors of the server (5xx in HTTP)", false)
	add("failed a check", s.CheckFailed, r.Scheduled, "the part of completed, without server errors, whose answers were not as expected", false)
	add("failed", r.Failed, r.Scheduled, "no whole answer came; "+count(r.TimedOut)+" of them timed out", true)
	add("in flight", r.InFlight, r.Scheduled, "sent, without an outcome when the run broke off", false)
	add("lost", r.Lost, r.Scheduled, "died with a killed worker", false)
	add("dropped", r.Dropped, r.Scheduled, reasons("given up by rule", s.DroppedBy), false)
	add("starved", r.Starved, r.Scheduled, "no record was there in time", false)
	unsent := "still waiting when the run ended"
	if s.Scattered() {
		unsent = "never sent"
	}
	add("unsent", r.Unsent, r.Scheduled, reasons(unsent, s.UnsentBy), false)
	return t
}

// reasons adds counts by cause to a meaning.
func reasons(meaning string, by map[string]int64) string {
	var parts []string
	for _, name := range bySize(by) {
		parts = append(parts, clip(name, mostLetters)+" "+count(by[name]))
	}
	if len(parts) == 0 {
		return meaning
	}
	return meaning + ": " + strings.Join(parts[:min(len(parts), 10)], ", ")
}

func share(n, of int64) string {
	if of == 0 {
		return none
	}
	return percent(float64(n) / float64(of))
}

// counts is a table of names and counts, the largest first.
func counts(name string, by map[string]int64, of int64, empty string) table {
	t := table{Name: "Counts by " + name, Head: []column{left(name), right("count"), right("share")}, Empty: empty}
	names := bySize(by)
	for _, n := range bound(&t, names, mostRows, "more, with smaller counts") {
		t.Rows = append(t.Rows, []string{clip(n, mostLetters), count(by[n]), share(by[n], of)})
	}
	return t
}

// statuses are ordered by number where they are numbers, and by size where they are words.
func statuses(by map[string]int64, completed int64) table {
	t := counts("status", by, completed, "No answer had a status.")
	slices.SortStableFunc(t.Rows, func(a, b []string) int {
		x, errX := strconv.Atoi(a[0])
		y, errY := strconv.Atoi(b[0])
		switch {
		case errX == nil && errY == nil:
			return x - y
		case errX == nil:
			return -1
		case errY == nil:
			return 1
		}
		return 0
	})
	return t
}

// labels are ordered by their requests.
func labels(by map[string]report.Label) table {
	t := table{Name: "Labels", Head: []column{
		left("label"), right("requests"), right("completed"), right("failed"), right("mean"), right("p50"), right("p90"), right("p99"), right("max"),
	}, Empty: "No labels were kept."}
	size := make(map[string]int64, len(by))
	for name, l := range by {
		size[name] = l.Requests.Scheduled + 1 // + 1: one without requests is listed too
	}
	for _, name := range bound(&t, bySize(size), mostRows, "more labels, with fewer requests") {
		l := by[name]
		row := []string{clip(name, mostLetters), count(l.Requests.Scheduled), count(l.Requests.Completed), count(l.Requests.Failed)}
		s := statsRow("", &l.Latency)
		t.Rows = append(t.Rows, append(row, s[2], s[3], s[4], s[5], s[7]))
	}
	return t
}

// failures are the first of the sample, in the order given.
func failures(list []measure.Failure, s *report.Summary) table {
	t := table{Name: "Failures", Class: "failures", Head: []column{
		right("at"), left("cause"), left("request"), left("target"), left("label"), right("latency"),
	}, Empty: "No failures were sampled."}
	shown := bound(&t, list, mostFailures, "more in failures.jsonl")
	for i := range shown {
		f := &shown[i]
		t.Rows = append(t.Rows, []string{
			at(f.At), clip(cause(f, s), mostLetters), clip(f.Method+" "+f.URI, mostLetters),
			clip(f.Target, mostLetters), clip(f.Label, mostLetters), duration(float64(f.Latency)),
		})
	}
	return t
}

// cause adds the status to the cause, unless that says it already, or the protocol's statuses have names that the
// sample, which has numbers, does not know.
func cause(f *measure.Failure, s *report.Summary) string {
	name := strconv.Itoa(f.Status)
	if s.Status[name]+s.Followups.Status[name] == 0 || f.Cause == "status "+name {
		return f.Cause
	}
	return strings.TrimSpace(f.Cause + " (status " + name + ")")
}

// at writes a moment of the run to the millisecond; moments before the start are below 0.
func at(ns int64) string {
	if ns < 0 {
		return "−" + at(-ns)
	}
	return strconv.FormatFloat(float64(ns)/1e9, 'f', 3, 64) + nbsp + "s"
}

// bound returns at most n of list and says in the table what was left out.
func bound[T any](t *table, list []T, n int, what string) []T {
	if len(list) <= n {
		return list
	}
	t.More = "and " + count(int64(len(list)-n)) + " " + what
	return list[:n]
}
