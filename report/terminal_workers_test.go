package report

import (
	"fmt"
	"strings"
	"testing"

	"github.com/iagoloadgen/iago/measure"
)

// scattered is a job of 1000 requests a second on four workers. w2 is killed at 4.2 s and its share given away at 8 s, w3 is slow,
// w4 is cut off for a moment.
var scattered = model{seconds: 10, rate: 1000, fate: func(i int) fate {
	f := healthy(i)
	switch share(i) {
	case -1:
		f.kind, f.cause = "unsent", measure.UnsentNoWorker
	case 1:
		if i >= 4190 {
			f.kind = "lost"
		}
	case 2:
		f.lateness += 2_000_000 + spread(i, 9_000_000)
	case 3:
		switch {
		case i >= 5000 && i < 5100:
			f.status, f.cause, f.service = 0, measure.FailedLease, 200_000
		case i >= 5100 && i < 6000:
			f.kind, f.cause = "unsent", measure.UnsentLease
		}
	}
	if i >= 8000 && i < 8004 {
		f.kind, f.cause = "unsent", measure.UnsentLate
	}
	return f
}}

// share is the worker that has request i; −1: none.
func share(i int) int {
	switch k := i % 4; {
	case k == 1 && i >= 8000:
		return 0
	case k == 1 && i >= 4200:
		return -1
	default:
		return k
	}
}

// scaledOut gives the job its workers, and tells what happened.
func scaledOut(f *Facts) {
	f.Workers = scattered.scatter(4, share)
	for i, w := range []Worker{
		{Host: "10.0.0.1", State: WorkerDone, ClockOffsetNS: 12_345, ClockErrorNS: 98_765},
		{Host: "10.0.0.2", State: WorkerLost, Reason: "signal: killed", ClockOffsetNS: -1_234_567, ClockErrorNS: 87_000},
		{Host: "a-long-name.of-a-host.example.com", State: WorkerDone, ClockErrorNS: 120_000},
		{Host: "10.0.0.4", State: WorkerLeft, Reason: "asked to leave", ClockOffsetNS: 2_500_000_000, ClockErrorNS: 1_100_000},
	} {
		to := &f.Workers[i]
		to.Host, to.State, to.Reason, to.ClockOffsetNS, to.ClockErrorNS = w.Host, w.State, w.Reason, w.ClockOffsetNS, w.ClockErrorNS
	}
	f.Workers[1].ThroughNS = 4_190_000_000
	f.Generator.Shards, f.Generator.CPUUserNS = 4, 3e9
	f.Events = []Event{
		{8_000_000_000, "w1 has the share of w2"},
		{-512_000_000, "four workers are ready; their clocks are compared"},
		{4_200_000_000, "w2 was lost (signal: killed); what is due in its share until its lease has ended, 3.8s from now, is not sent"},
		{5_000_000_000, "w4 is cut off\x1b[31m"},
	}
}

func TestTerminalBoundsWorkersAndEvents(t *testing.T) {
	s := good()
	for i := range 1234 {
		name := fmt.Sprintf("iago-worker-%d-x8f2k", i)
		s.Workers = append(s.Workers, Worker{Name: name, Host: "node-" + name, State: WorkerDone, Verdict: "kept", ClockOffsetNS: -123_456_789, ClockErrorNS: 123_456_789})
		w := &s.Workers[i]
		w.Requests.Sent, w.Requests.Completed = 9_999_999, 1_234_567_890
		w.Latency, w.Lateness = Stats{Count: 1, P99: 123_456_789}, Stats{Count: 1, P99: 99_900_000}
		s.Events = append(s.Events, Event{AtNS: int64(i) * 1e9, Text: name + " joined"})
	}
	for i, want := range []string{"… and 1,214 more, all kept\n", "… and 1,214 more, 3 lost, 2 slipped\n"} {
		if i > 0 {
			for k := range 23 {
				s.Workers[k].State = WorkerLost
			}
			s.Workers[1000].Verdict, s.Workers[1001].Verdict = ScheduleSlipped, ScheduleSlipped
		}
		sheet := &sheet{}
		sheet.workers(s)
		sheet.events(s)
		got := sheet.String()
		fits(t, got, 80)
		lines := strings.Split(got, "\n")
		if !strings.Contains(got, want) || !strings.Contains(got, "… and 1,214 more, in the report") {
			t.Errorf("%q is missing:\n%s", want, got)
		}
		if n := len(lines); n != 1+1+20+1+1+1+20+1+1 {
			t.Errorf("%d lines:\n%s", n, got)
		}
		if line := lines[2]; !strings.Contains(line, "9,999,999") || !strings.Contains(line, "1,235M") || !strings.Contains(line, "-120ms±120ms") {
			t.Errorf("the first worker: %q", line)
		}
	}
}

// Names that begin alike are told apart in a narrow table.
func TestWithoutPrefix(t *testing.T) {
	for _, c := range []struct{ names, want []string }{
		{[]string{"iago-worker-1-x8", "iago-worker-12-aa"}, []string{"…-x8", "…2-aa"}},
		{[]string{"w1", "w2"}, []string{"w1", "w2"}},
		{[]string{"same", "same"}, []string{"…e", "…e"}},
		{[]string{"alone"}, []string{"alone"}},
		{[]string{"", "iago"}, []string{"", "iago"}},
		{[]string{"wörk", "wörker"}, []string{"…k", "…ker"}},
	} {
		var rows [][]string
		for _, n := range c.names {
			rows = append(rows, []string{"  " + n})
		}
		withoutPrefix(rows, 0, "  ")
		for i := range rows {
			if rows[i][0] != "  "+c.want[i] {
				t.Errorf("%q became %q, want %q", c.names[i], rows[i][0], c.want[i])
			}
		}
	}
}

func TestMiddle(t *testing.T) {
	for _, c := range []struct {
		s    string
		n    int
		want string
	}{{"worker", 6, "worker"}, {"wörker-17", 6, "wör…17"}, {"abc", 2, "a…"}, {"abc", 1, "…"}, {"", 0, ""}} {
		if got := middle(c.s, c.n); got != c.want {
			t.Errorf("%q to %d: %q, want %q", c.s, c.n, got, c.want)
		}
	}
}
