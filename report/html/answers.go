package html

import (
	"github.com/iagoloadgen/iago/measure"
	"github.com/iagoloadgen/iago/report"
)

// checks are ordered by their failures.
func checks(s *report.Summary) table {
	t := table{Name: "Checks", Head: []column{left("check"), right("passed"), right("failed"), right("share passed")}}
	for _, name := range bound(&t, s.CheckNames(), mostRows, "more checks") {
		c, mark := s.Checks[name], "✓ "
		if c.Failed > 0 {
			mark = "✗ "
			t.Alarm++
		}
		t.Rows = append(t.Rows, []string{mark + clip(name, mostLetters), count(c.Passed), count(c.Failed), share(c.Passed, c.Passed+c.Failed)})
	}
	return t
}

// followups are what is known of requests that were made out of responses.
type followups struct {
	Fates, Latency, Status, Errors table
}

// newFollowups returns nil where there were none and none was refused.
func newFollowups(f *report.Followups) *followups {
	if f.Requests == (measure.Requests{}) && f.Refused+f.Bad == 0 {
		return nil
	}
	v := &followups{
		Fates: followupFates(f), Latency: table{
			Name: "Latency of follow-ups", Class: "parts", Head: latencyHead(), Rows: [][]string{statsRow("Latency", &f.Latency)},
		},
		Status: statuses(f.Status, f.Requests.Completed),
		Errors: counts("cause", f.Errors, f.Requests.Scheduled, "None: no follow-up failed."),
	}
	v.Status.Name, v.Errors.Name = "Follow-ups by status", "Follow-ups by cause of failure"
	return v
}

// followupFates says what became of them, and of those that were never made.
func followupFates(f *report.Followups) table {
	t := table{
		Name: "What became of the follow-ups", Class: "fates",
		Head: []column{left("fate"), right("follow-ups"), right("share"), left("meaning")},
	}
	r := &f.Requests
	for _, row := range []struct {
		name    string
		n       int64
		meaning string
		always  bool
	}{
		{"made", r.Scheduled, "out of a response, within the bounds on depth and number", true},
		{"sent", r.Sent, "an attempt was begun", true},
		{"completed", r.Completed, "a whole answer came, whatever its status", true},
		{"failed", r.Failed, "no whole answer came; " + count(r.TimedOut) + " of them timed out", true},
		{"in flight", r.InFlight, "sent, without an outcome when the run broke off", false},
		{"lost", r.Lost, "died with a killed worker", false},
		{"dropped", r.Dropped, "given up by rule", false},
		{"unsent", r.Unsent, "still waiting for their moment or a connection when the run ended", false},
	} {
		if row.n > 0 || row.always {
			t.Rows = append(t.Rows, []string{row.name, count(row.n), share(row.n, r.Scheduled), row.meaning})
		}
	}
	if f.Refused > 0 {
		t.Rows = append(t.Rows, []string{"refused", count(f.Refused), none, "besides: not made, being beyond the bounds on depth and number"})
	}
	if f.Bad > 0 {
		t.Rows = append(t.Rows, []string{"bad", count(f.Bad), none, "besides: not made, because they could not be encoded"})
	}
	return t
}

// datagrams are the answers that came to no request under way.
func datagrams(d *measure.Datagrams) table {
	t := table{
		Name: "Datagrams that answered nothing", Class: "fates", Head: []column{left("kind"), right("datagrams"), left("meaning")},
	}
	for _, row := range []struct {
		name    string
		n       int64
		meaning string
	}{
		{"late", d.Late, "its request had timed out before"},
		{"duplicate", d.Duplicate, "its request had its answer already"},
		{"unmatched", d.Unmatched, "it belongs to no request that was known"},
	} {
		if row.n > 0 {
			t.Rows = append(t.Rows, []string{row.name, count(row.n), row.meaning})
		}
	}
	return t
}
