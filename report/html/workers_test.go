package html

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/iagoloadgen/iago/measure"
	"github.com/iagoloadgen/iago/report"
)

func TestWorkersStandWorstFirst(t *testing.T) {
	got := workers(tiny().Summary)
	want := [][]string{
		{"w2", "b", "lost: signal: killed", "kept", "8", "7", "0", "1", "0", none, none, "−1.2 ms ± 99 µs", "0.5 s\u2009–\u20092 s"},
		{"w1", "a", "done", "kept", "20", "18", "0", "0", "0", "9.00 ms", "50.0 µs", none, "0 s\u2009–\u20093 s"},
	}
	for _, row := range got.Rows {
		for i := range row {
			row[i] = strings.ReplaceAll(row[i], nbsp, " ")
		}
	}
	if d := cmp.Diff(want, got.Rows); d != "" || got.Alarm != 1 || len(got.Head) != len(want[0]) {
		t.Errorf("%d columns, %d alarms, %s", len(got.Head), got.Alarm, d)
	}
}

func TestClocksAreWritten(t *testing.T) {
	for _, c := range []struct {
		offset, within int64
		want           string
	}{
		{0, 0, none},
		{0, 120_400, "+0 ± 120 µs"},
		{12_345, 98_765, "+12 µs ± 99 µs"},
		{-2_500_000_000, 7, "−2.5 s ± 7 ns"},
	} {
		got := strings.ReplaceAll(clockOf(&report.Worker{ClockOffsetNS: c.offset, ClockErrorNS: c.within}), nbsp, " ")
		if got != c.want {
			t.Errorf("%d ± %d: %q, want %q", c.offset, c.within, got, c.want)
		}
	}
}

// Events have the same numbers in the list and in the charts, where only those stand that lie on the axis.
func TestEvents(t *testing.T) {
	list := []report.Event{{AtNS: -1, Text: "before"}, {AtNS: 0, Text: "start"}, {AtNS: 60e9, Text: "end"}, {AtNS: 61e9, Text: "after"}}
	tl := newTimeline(seconds(60), nil)
	tl.mark(list)
	got := ""
	for _, e := range tl.events {
		got += fmt.Sprint(e.Number, e.Text, e.At, " ")
	}
	if got != "2start0 3end60 " {
		t.Errorf("drawn: %s", got)
	}
	v := newEvents(list)
	if !v.Open || len(v.List) != 4 || !strings.HasPrefix(v.Summary, "4 events, from −0.000") || v.List[3].Text != "after" {
		t.Errorf("%+v", v)
	}
	if v := newEvents(make([]report.Event, 500)); v.Open || len(v.List) != mostEvents || v.More != "and 400 more in summary.json" {
		t.Errorf("of 500: open %v, %d listed, %s", v.Open, len(v.List), v.More)
	}
	if v := newEvents(list[:1]); v.Summary != "1 event" {
		t.Errorf("%q", v.Summary)
	}
	for _, none := range [][]report.Event{nil, {}} {
		if newEvents(none) != nil {
			t.Error("a section for nothing")
		}
	}
}

// The page tells what the job's figures have and no worker's, and that what is unsent was not waiting at the end.
func TestUnclaimed(t *testing.T) {
	s := tiny().Summary
	s.Requests.Unsent, s.UnsentBy = 1234, map[string]int64{measure.UnsentNoWorker: 1230, measure.UnsentConnections: 4}
	page := strings.ReplaceAll(render(t, Data{Summary: s}), nbsp, " ")
	for _, text := range []string{
		"1,230 of the job’s requests are in no row", "never sent: no worker 1,230, connection limit 4", "<dt>Workers</dt><dd>2, 1 lost</dd>",
		"--seed 42 --workers 2",
	} {
		if text == "--seed 42 --workers 2" {
			s.Generator.Workers = 2
			page = render(t, Data{Summary: s})
		}
		if !strings.Contains(page, text) {
			t.Errorf("the page does not say %q", text)
		}
	}
	if got := unclaimed(&report.Summary{UnsentBy: s.UnsentBy}); got != "" {
		t.Errorf("without workers: %q", got)
	}
}
