package html

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/iagoloadgen/iago/measure"
	"github.com/iagoloadgen/iago/report"
)

// What only some runs have has no place in the others' reports.
func TestNothingOfWhatWasNot(t *testing.T) {
	page := render(t, Data{Summary: &report.Summary{}})
	for _, text := range []string{`id="checks"`, `id="followups"`, "Datagrams", `id="workers"`, `id="events"`, ` marked"`, `class="event"`, `"notes"`} {
		if strings.Contains(page, text) {
			t.Errorf("the page has %q", text)
		}
	}
	refused := render(t, Data{Summary: &report.Summary{Followups: report.Followups{Refused: 3}}})
	if !strings.Contains(refused, `id="followups"`) {
		t.Error("refused follow-ups are not told")
	}
}

// Checks stand in the order of their failures, those that failed marked, and no share below 100 % reads so.
func TestChecks(t *testing.T) {
	got := checks(tiny().Summary)
	want := [][]string{
		{"✗ order", "99,996", "4", "99.996" + nbsp + "%"}, {"✗ body", "24", "1", "96" + nbsp + "%"}, {"✓ all well", "12", "0", "100" + nbsp + "%"},
	}
	if d := cmp.Diff(want, got.Rows); d != "" || got.Alarm != 2 {
		t.Errorf("%d alarms, %s", got.Alarm, d)
	}
}

// Statuses of other protocols than HTTP are words: numbers first, then words by frequency; the sample, which has
// numbers, is quiet about statuses that it cannot name.
func TestStatusesThatAreWords(t *testing.T) {
	s := &report.Summary{Status: map[string]int64{"MOVED": 2, "OK": 90, "10": 1, "9": 3, "ERR": 2}}
	var got []string
	for _, row := range statuses(s.Status, 98).Rows {
		got = append(got, row[0])
	}
	if d := cmp.Diff([]string{"9", "10", "OK", "ERR", "MOVED"}, got); d != "" {
		t.Error(d)
	}
	for _, c := range []struct {
		f    measure.Failure
		want string
	}{
		{measure.Failure{Cause: "status ERR", Status: 2}, "status ERR"},
		{measure.Failure{Cause: "check failed: hit", Status: 2}, "check failed: hit"},
		{measure.Failure{Cause: "check failed: hit", Status: 10}, "check failed: hit (status 10)"},
		{measure.Failure{Cause: "status 10", Status: 10}, "status 10"},
		{measure.Failure{Cause: "timeout"}, "timeout"},
	} {
		if got := cause(&c.f, s); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}
