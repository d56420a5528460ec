package report

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// good is the summary of a run in which all went well.
func good() *Summary {
	s := &Summary{
		Run:  Run{End: EndSchedule, ElapsedNS: 10e9},
		Load: Load{Mode: ModeOpen, DurationNS: 10e9, Connections: 0},
	}
	s.Requests.Scheduled, s.Requests.Sent, s.Requests.Completed = 100_000, 100_000, 100_000
	s.Latency = Stats{Count: 100_000, P50: 1e6, P90: 2e6, P99: 20e6, P999: 50e6, Max: 60e6}
	s.Lateness = Stats{Count: 100_000, P50: 10e3, P90: 20e3, P99: 50e3, P999: 200e3, Max: 900e3}
	s.Errors, s.DroppedBy, s.UnsentBy = map[string]int64{}, map[string]int64{}, map[string]int64{}
	return s
}

func TestVerdict(t *testing.T) {
	all := []string{"p50", "p90", "p99", "p999"}
	for _, c := range []struct {
		name     string
		change   func(*Summary)
		schedule string
		trusted  []string
		reasons  []string // a part of each, in order
	}{
		{"good", func(*Summary) {}, "kept", all, nil},
		{"lateness of 1 ms is always tolerated", func(s *Summary) { s.Lateness.P50 = 1_000_000 }, "kept", all, nil},
		{
			"and no more of a small latency", func(s *Summary) { s.Lateness.P50, s.Lateness.Max = 1_000_001, 3e6 }, "kept",
			[]string{"p90", "p99", "p999"},
			[]string{"p50 cannot be trusted: the generator itself was late by 1ms at p50 (at worst 3ms)"},
		},
		{"a tenth of a large latency is tolerated", func(s *Summary) { s.Lateness.P99 = 2_000_000 }, "kept", all, nil},
		{
			"p99 late", func(s *Summary) { s.Lateness.P99, s.Lateness.P999 = 2_000_001, 3.2e9 }, "slipped",
			[]string{"p50", "p90"},
			[]string{"p99 and p99.9 cannot be trusted: the generator itself was late by 2ms at p99"},
		},
		{
			"p99.9 late is no slip", func(s *Summary) { s.Lateness.P999 = 6e6 }, "kept",
			[]string{"p50", "p90", "p99"},
			[]string{"more than the 5ms that do no harm there (the larger of 1ms and a tenth of latency, 50ms). Try --wait spin"},
		},
		{
			"stood still", func(s *Summary) { s.Lateness.P999, s.Lateness.Max = 2e9, 2e9 }, "kept",
			[]string{"p50", "p90", "p99"},
			[]string{"A delay this long mostly means that the process was stopped"},
		},
		{
			"one starved", func(s *Summary) { s.Requests.Starved = 1 }, "slipped", all,
			[]string{"1 request (0.001% of those scheduled) found no record when due"},
		},
		{
			"0.1 % skipped", func(s *Summary) { s.Requests.Dropped = 100; s.DroppedBy["late"] = 100 }, "kept", all,
			[]string{"100 requests (0.1% of those scheduled) were dropped because the generator was later"},
		},
		{"more skipped", func(s *Summary) { s.DroppedBy["late"] = 101 }, "slipped", all, []string{"101 requests"}},
		{
			"out of descriptors", func(s *Summary) { s.UnsentBy["file descriptors"] = 101; s.Generator.Descriptors = 1024 }, "slipped", all,
			[]string{"ran out of file descriptors (the limit is 1,024). Raise the limit (ulimit -n)"},
		},
		{
			"waits for descriptors", func(s *Summary) { s.Generator.DescriptorWaits = 5000 }, "kept", all,
			[]string{"had to wait because this process ran out of file descriptors; the delay is in their wait"},
		},
		{
			"out of ports", func(s *Summary) { s.Errors["no local port"] = 101 }, "slipped", all,
			[]string{"no local port left"},
		},
		{
			"causes on the generator's side add up",
			func(s *Summary) {
				s.Errors["no local port"], s.UnsentBy["file descriptors"], s.DroppedBy["late"] = 40, 40, 40
			}, "slipped", all,
			[]string{"40 requests", "40 requests", "40 requests"},
		},
		{
			"the target's side makes no slip",
			func(s *Summary) {
				s.Errors["connection refused"], s.UnsentBy["connection limit"], s.DroppedBy["overload"] = 9000, 9000, 9000
				s.Load.Connections = 10
			}, "kept", all,
			[]string{"dropped by the overload rule", "still waiting for one of the 10 connections"},
		},
		{
			"closed", func(s *Summary) { s.Load.Mode, s.Load.Connections = "closed", 8; s.Requests.Starved = 5 }, "closed", all,
			[]string{"5 requests", "each of the 8 connections sent again only once it had its answer (closed mode)"},
		},
		{"interrupted", func(s *Summary) { s.Run.End = "interrupted" }, "kept", all, []string{"interrupted: the figures are of the part that ran"}},
		{
			"interrupted twice", func(s *Summary) { s.Run.End = "interrupted"; s.Requests.InFlight = 1 }, "kept", all,
			[]string{"1 request was left without an outcome"},
		},
		{"aborted", func(s *Summary) { s.Run.End = Aborted("errors>50%") }, "kept", all, []string{"the run broke off (aborted: errors>50%)"}},
		{
			"dead target", func(s *Summary) {
				s.Latency, s.Requests.Completed, s.Errors = Stats{}, 0, map[string]int64{"connection refused": 99_990, "unreachable": 10}
			}, "kept", all, []string{"not one request completed; most frequent cause: connection refused (99,990)"},
		},
		{"nothing scheduled", func(s *Summary) { s.Requests.Scheduled, s.Latency.Count = 0, 0 }, "kept", all, []string{"nothing was due"}},
		{
			"few", func(s *Summary) { s.Latency.Count = 99 }, "kept", all,
			[]string{"p99 and p99.9 are here simply the largest of 99 latencies: p99 takes at least 100"},
		},
		{"not so few", func(s *Summary) { s.Latency.Count = 999 }, "kept", all, []string{"p99.9 is here simply the largest of 999"}},
		{"enough", func(s *Summary) { s.Latency.Count = 1000 }, "kept", all, nil},
		{"behind", func(s *Summary) { s.Run.ElapsedNS = 20e9 }, "kept", all, []string{"the last outcome came 10s after the schedule's end"}},
		{"time-outs", func(s *Summary) { s.Requests.TimedOut = 7 }, "kept", all, []string{"7 requests (0.007% of those scheduled) timed out"}},
		{"unseen outcomes", func(s *Summary) { s.Unseen = 1200 }, "kept", all, []string{
			"the processor was behind: 1,200 outcomes were not shown to it, so checks and follow-ups of these are missing",
		}},
		{"one unseen", func(s *Summary) { s.Unseen = 1 }, "kept", all, []string{"1 outcome was not shown to it"}},
		{"refused", func(s *Summary) { s.Followups.Refused = 3 }, "kept", all, []string{"3 follow-ups were not made, being beyond the bounds"}},
		{
			"cut off", func(s *Summary) {
				s.UnsentBy["no lease"], s.Errors["lease ended"], s.Workers = 1213, 7, []Worker{
					{Name: "w1", Verdict: "kept", State: "done"},
					{Name: "w3", State: "done", UnsentBy: map[string]int64{"no lease": 1200}, Errors: map[string]int64{"lease ended": 7}},
					{Name: "w7", State: "done", UnsentBy: map[string]int64{"no lease": 13}},
				}
			}, "slipped", all,
			[]string{
				"1,213 requests (1.21% of those scheduled) were never sent because their worker had been cut off from the job (w3 1,200 and w7 13): one that cannot renew its lease stops",
				"7 requests (0.007% of those scheduled) were aborted under way because the lease of their worker had ended (w3 7)",
			},
		},
		{"told late", func(s *Summary) { s.UnsentBy["told late"] = 100 }, "kept", all, []string{"due before a worker had been told that they are its own: when"}},
		{"no worker", func(s *Summary) { s.UnsentBy["no worker"] = 101 }, "slipped", all, []string{"101 requests (0.101% of those scheduled) were never sent because no worker had"}},
		{"lost, by nobody knows whom", func(s *Summary) { s.Requests.Lost = 1 }, "kept", all, []string{"1 request (0.001% of those scheduled) was lost with a worker: sent"}},
		{
			"lost", func(s *Summary) {
				s.Requests.Lost, s.Workers = 20, []Worker{
					{Name: "a", State: "lost"}, {Name: "b", State: "lost", Reason: "killed"}, {Name: "c", State: "lost"}, {Name: "d", State: "lost"}, {Name: "e", State: "lost"},
				}
			}, "kept", all, []string{"20 requests (0.02% of those scheduled) were lost with a, b (killed), c and 2 more: sent, but nobody knows"},
		},
		{"a worker lost, and nothing with it", func(s *Summary) { s.Workers = []Worker{{Name: "w2", State: "lost", Reason: "no word for 5s"}} }, "kept", all, []string{
			"w2 (no word for 5s) was lost before the job's end; the figures of what was sent are whole",
		}},
		{
			"a slow worker", func(s *Summary) {
				s.Workers = []Worker{{Name: "w1", Verdict: "kept", Trusted: all}, {Name: "w3", Host: "b", Verdict: "slipped", Lateness: Stats{P99: 12e6}}, {Name: "w2", Verdict: "kept", Trusted: all}}
			}, "kept", all, []string{"worker w3 on b was late by 12ms at p99 while 2 others kept the schedule: the delay is that machine's own"},
		},
		{
			"slow workers", func(s *Summary) {
				s.Workers = []Worker{{Name: "w1", Verdict: "kept", Trusted: all}}
				for i := range int64(5) {
					s.Workers = append(s.Workers, Worker{Name: "s" + strconv.Itoa(int(i)), Verdict: "slipped", Lateness: Stats{P99: (i + 1) * 1e7}})
				}
			}, "kept", all, []string{"workers s4, s3, s2 and 2 more were late by 10ms to 50ms at p99 while 1 other kept the schedule"},
		},
		{"all are slow", func(s *Summary) {
			s.Workers = []Worker{{Name: "w1", Verdict: "slipped"}, {Name: "w2", Verdict: "slipped"}}
		}, "kept", all, nil},
		{
			"one slipped, but was not late", func(s *Summary) {
				s.Workers = []Worker{{Name: "w1", Verdict: "kept", Trusted: all}, {Name: "w2", Verdict: "slipped", Trusted: all}}
			}, "kept", all, nil,
		},
		{"steal", func(s *Summary) { s.Generator.StealMax = 0.12 }, "kept", all, []string{"up to 12% of a second's CPU time"}},
		{"GC", func(s *Summary) { s.Generator.GCPauseMaxNS = 6e6 }, "kept", all, []string{"garbage collection paused it for up to 6ms"}},
		{"short GC", func(s *Summary) { s.Generator.GCPauseMaxNS = 5e6 }, "kept", all, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := good()
			c.change(s)
			v := Judge(s)
			if v.Schedule != c.schedule {
				t.Errorf("schedule %q, want %q", v.Schedule, c.schedule)
			}
			if d := cmp.Diff(c.trusted, v.Trusted); d != "" {
				t.Errorf("trusted:\n%s", d)
			}
			if len(v.Reasons) != len(c.reasons) {
				t.Fatalf("reasons %q, want %q", v.Reasons, c.reasons)
			}
			for i, r := range c.reasons {
				if !strings.Contains(v.Reasons[i], r) {
					t.Errorf("reason %q, want one with %q", v.Reasons[i], r)
				}
			}
		})
	}
}

// The contract's rule, quantile by quantile, on summaries of histograms.
func TestTrustedRule(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := anyModel(t)
		s := Build(total(m.intervals()), m.facts())
		for _, q := range []struct {
			key           string
			late, latency int64
		}{
			{"p50", s.Lateness.P50, s.Latency.P50},
			{"p90", s.Lateness.P90, s.Latency.P90},
			{"p99", s.Lateness.P99, s.Latency.P99},
			{"p999", s.Lateness.P999, s.Latency.P999},
		} {
			want := q.late <= 1_000_000 || 10*q.late <= q.latency
			if slices.Contains(s.Verdict.Trusted, q.key) != want {
				t.Fatalf("%s: lateness %d, latency %d, trusted %v", q.key, q.late, q.latency, s.Verdict.Trusted)
			}
		}
		slipped := !slices.Contains(s.Verdict.Trusted, "p99") || s.Requests.Starved > 0 ||
			1000*(s.DroppedBy["late"]+s.UnsentBy["file descriptors"]+s.UnsentBy["no lease"]+s.UnsentBy["told late"]+
				s.UnsentBy["no worker"]+s.Errors["lease ended"]) > s.Requests.Scheduled
		if (s.Verdict.Schedule == "slipped") != slipped {
			t.Fatalf("schedule %q of %+v", s.Verdict.Schedule, s)
		}
		if slipped && len(s.Verdict.Reasons) == 0 {
			t.Fatal("slipped without a reason")
		}
	})
}

func TestExit(t *testing.T) {
	missed := []Objective{{Expr: "p50<1s", OK: true}, {Expr: "p99<1ms"}}
	for _, c := range []struct {
		name   string
		change func(*Summary)
		err    error
		want   int
	}{
		{"done", func(*Summary) {}, nil, 0},
		{"the source's end", func(s *Summary) { s.Run.End = "source" }, nil, 0},
		{"objective met", func(s *Summary) { s.Verdict.SLO = missed[:1] }, nil, 0},
		{"objective missed", func(s *Summary) { s.Verdict.SLO = missed }, nil, 3},
		{"closed", func(s *Summary) { s.Verdict.Schedule = "closed" }, nil, 0},
		{"slipped, objective missed", func(s *Summary) { s.Verdict.Schedule, s.Verdict.SLO = "slipped", missed }, nil, 4},
		{"interrupted, slipped", func(s *Summary) { s.Run.End, s.Verdict.Schedule = "interrupted", "slipped" }, nil, 130},
		{"interrupted, nothing completed", func(s *Summary) { s.Run.End, s.Requests.Completed = "interrupted", 0 }, nil, 1},
		{"aborted, slipped", func(s *Summary) { s.Run.End, s.Verdict.Schedule = Aborted("errors>50%"), "slipped" }, nil, 1},
		{"nothing completed", func(s *Summary) { s.Requests.Completed = 0 }, nil, 1},
		{"disk full", func(*Summary) {}, errFull, 1},
		{"disk full, interrupted", func(s *Summary) { s.Run.End = "interrupted" }, errFull, 1},
	} {
		s := good()
		c.change(s)
		if got := Exit(s, c.err); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}
