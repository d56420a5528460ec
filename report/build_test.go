package report

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/iagoloadgen/iago/measure"
	"pgregory.net/rapid"
)

// anyModel draws a short run in which everything may happen.
func anyModel(t *rapid.T) model {
	kinds := []string{"", "", "", "dropped", "starved", "unsent", "in flight", "lost"}
	fates := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) fate {
		f := fate{
			lateness: rapid.Int64Range(0, 2e9).Draw(t, "lateness"), wait: rapid.Int64Range(0, 2e9).Draw(t, "wait"),
			service: rapid.Int64Range(1, 3e9).Draw(t, "service"), kind: rapid.SampledFrom(kinds).Draw(t, "kind"),
			status: rapid.SampledFrom([]int{200, 404, 503, 0}).Draw(t, "status"),
		}
		f.check = rapid.SampledFrom([]string{"", "passed", "failed"}).Draw(t, "check")
		f.next = rapid.SampledFrom([]int64{0, 1, 7e8}).Draw(t, "next")
		f.cause = rapid.SampledFrom([]string{
			"timeout", "connection refused", "late", "file descriptors", "no lease", "told late", "no worker", "lease ended",
		}).Draw(t, "cause")
		return f
	}), 1, 40).Draw(t, "fates")
	return model{
		seconds: rapid.IntRange(1, 4).Draw(t, "seconds"), rate: rapid.IntRange(1, 20).Draw(t, "rate"),
		warmup: rapid.IntRange(0, 2).Draw(t, "warmup"), fate: func(i int) fate { return fates[i%len(fates)] },
	}
}

func TestIdentitiesHoldInEveryRun(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := anyModel(t)
		list := m.intervals()
		s := Build(total(list), m.facts())
		if err := Verify(s); err != nil {
			t.Fatal(err)
		}
		var sum Second
		for _, iv := range list {
			second := NewSecond(iv, Around{})
			sum.Requests.Add(&second.Requests)
			sum.CheckFailed += second.CheckFailed
			sum.Checks.Passed, sum.Checks.Failed = sum.Checks.Passed+second.Checks.Passed, sum.Checks.Failed+second.Checks.Failed
			sum.Followups.Scheduled += second.Followups.Scheduled
			sum.Followups.Completed += second.Followups.Completed
			sum.Followups.Failed += second.Followups.Failed
		}
		f := &s.Followups.Requests
		if d := cmp.Diff(Second{
			Requests: s.Requests, CheckFailed: s.CheckFailed, Checks: s.Checks["status is 200"],
			Followups: FollowupCounts{Scheduled: f.Scheduled, Completed: f.Completed, Failed: f.Failed},
		}, sum); d != "" {
			t.Fatalf("seconds do not add up to the summary:\n%s", d)
		}
	})
}

// Latency is the sum of its parts where nothing fails, and means show it.
func TestPartsAddUp(t *testing.T) {
	m := model{seconds: 2, rate: 500, fate: healthy}
	s := Build(total(m.intervals()), m.facts())
	if err := Verify(s); err != nil {
		t.Fatal(err)
	}
	s.Wait.Mean += 5
	if err := Verify(s); err == nil || !strings.Contains(err.Error(), "lateness + wait + service") {
		t.Fatalf("not found: %v", err)
	}
}

func TestVerifyFindsWhatDoesNotHold(t *testing.T) {
	m := model{seconds: 3, rate: 100, warmup: 1, fate: func(i int) fate {
		f := healthy(i)
		switch i % 10 {
		case 1:
			f.kind, f.cause = "dropped", "late"
		case 2:
			f.kind, f.cause = "unsent", "connection limit"
		case 3:
			f.kind = "starved"
		case 4:
			f.status, f.cause = 0, "timeout"
		case 5:
			f.check, f.next = "failed", 2_000_000
		case 6:
			f.check, f.next, f.status = "passed", 1_000_000, 500
		}
		return f
	}}
	facts := m.facts()
	label := &measure.Label{Requests: measure.Requests{Scheduled: 2, Sent: 2, Completed: 2}}
	label.Latency.Record(5)
	label.Latency.Record(6)
	facts.Labels = map[string]*measure.Label{"/a": label}
	for _, c := range []struct {
		name, finds string
		spoil       func(*Summary)
	}{
		{"scheduled", "scheduled is", func(s *Summary) { s.Requests.Scheduled++; s.Load.Arrivals++ }},
		{"sent", "sent is", func(s *Summary) { s.Requests.InFlight++ }},
		{"timed out", "timed_out", func(s *Summary) { s.Requests.TimedOut += s.Requests.Failed }},
		{"negative", "negative", func(s *Summary) { s.Followups.Requests = measure.Requests{Sent: 0, InFlight: -1, Completed: 1} }},
		{"follow-ups' status", "sum of followups.status", func(s *Summary) { s.Followups.Status["200"]++ }},
		{"follow-ups' errors", "sum of followups.errors", func(s *Summary) { s.Followups.Errors["timeout"]++ }},
		{"follow-ups' latencies", "followups: latencies", func(s *Summary) { s.Followups.Latency.Count-- }},
		{"follow-ups refused", "more than followups: refused, -1", func(s *Summary) { s.Followups.Refused = -1 }},
		{"bad follow-ups", "more than followups: bad, -1", func(s *Summary) { s.Followups.Bad = -1 }},
		{"passed checks", `more than check "status is 200": passed, -1`, func(s *Summary) { s.Checks["status is 200"] = Check{Passed: -1, Failed: 30} }},
		{"failed checks", `more than check "x": failed, -1`, func(s *Summary) { s.Checks["x"] = Check{Failed: -1} }},
		{"more requests failed a check than checks failed", "check_failed is 31, more than all failed checks, 30", func(s *Summary) { s.CheckFailed++ }},
		{"server errors among failed checks", "more than completed − server_errors", func(s *Summary) {
			s.ServerErrors = s.Requests.Completed - s.CheckFailed + 1
		}},
		{"no check_failed", "more than check_failed, -1", func(s *Summary) { s.CheckFailed = -1 }},
		{"unseen", "more than unseen, -1", func(s *Summary) { s.Unseen = -1 }},
		{"datagrams", "more than datagrams, -1", func(s *Summary) { s.Datagrams.Duplicate = -1 }},
		{"follow-ups", "followups: scheduled", func(s *Summary) { s.Followups.Requests.Scheduled++ }},
		{"status", "sum of status", func(s *Summary) { s.Status["200"]++ }},
		{"errors", "sum of errors", func(s *Summary) { s.Errors["timeout"]-- }},
		{"dropped by", "sum of dropped_by", func(s *Summary) { s.DroppedBy["late"]++ }},
		{"unsent by", "sum of unsent_by", func(s *Summary) { s.UnsentBy["connection limit"]++ }},
		{"server errors", "server_errors", func(s *Summary) { s.ServerErrors = s.Requests.Completed + 1 }},
		{"arrivals", "arrivals", func(s *Summary) { s.Load.Arrivals-- }},
		{"latency", "latencies", func(s *Summary) { s.Latency.Count++ }},
		{"warm-up's latency", "latencies", func(s *Summary) { s.Warmup.Latency.Count-- }},
		{"service", "service times", func(s *Summary) { s.Service.Count-- }},
		{"too few waits", "waits", func(s *Summary) { s.Wait.Count = 0 }},
		{"too many waits", "waits", func(s *Summary) { s.Wait.Count += s.Requests.Sent }},
		{"too few latenesses", "latenesses", func(s *Summary) { s.Lateness.Count = 0 }},
		{"too many latenesses", "latenesses", func(s *Summary) { s.Lateness.Count += s.Requests.Scheduled }},
		{"Little's law", "integral of concurrency", func(s *Summary) { s.Concurrency.AttemptTimeNS++ }},
		{"label", `label "/a": sent`, func(s *Summary) {
			l := s.Labels["/a"]
			l.Requests.Completed--
			s.Labels["/a"] = l
		}},
		{"label's latencies", `label "/a": latencies`, func(s *Summary) {
			l := s.Labels["/a"]
			l.Latency.Count += 10
			s.Labels["/a"] = l
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := Build(total(m.intervals()), facts)
			if err := Verify(s); err != nil {
				t.Fatalf("before: %v", err)
			}
			c.spoil(s)
			if err := Verify(s); err == nil || !strings.Contains(err.Error(), c.finds) {
				t.Fatalf("got %v, want one about %q", err, c.finds)
			}
		})
	}
}

func TestBuild(t *testing.T) {
	m := model{seconds: 10, rate: 1000, warmup: 2, fate: func(i int) fate {
		f := healthy(i)
		if i%1000 == 1 {
			f.status = 503
		}
		return f
	}}
	facts := m.facts()
	facts.StatusName = func(status int) string { return "HTTP " + string(rune('0'+status/100)) + "xx" }
	facts.Objectives = conditions(t, "p50<5ms", "rate>2000/s")
	s := Build(total(m.intervals()), facts)
	if s.Load.RateScheduled != 1000 || s.Load.RateSent != 1000 || s.Load.RateCompleted != 1000 {
		t.Errorf("rates %v", s.Load)
	}
	if d := cmp.Diff(map[string]int64{"HTTP 2xx": 9980, "HTTP 4xx": 10, "HTTP 5xx": 10}, s.Status); d != "" {
		t.Error(d)
	}
	if s.Latency.Count != 8000 || s.Warmup.Latency.Count != 2000 || s.Warmup.DurationNS != 2e9 || s.ServerErrors != 10 {
		t.Errorf("%d latencies, warm-up %+v, %d server errors", s.Latency.Count, s.Warmup, s.ServerErrors)
	}
	// Little's law: concurrency = rate × time in flight.
	if want := 1000 * (float64(s.Wait.Mean+s.Service.Mean) / 1e9) * 10 / (float64(s.Run.ElapsedNS) / 1e9); math.Abs(s.Concurrency.Mean-want) > 0.05*want {
		t.Errorf("mean concurrency %v, want about %v", s.Concurrency.Mean, want)
	}
	if len(s.Verdict.SLO) != 2 || !s.Verdict.SLO[0].OK || s.Verdict.SLO[1].OK || s.Verdict.SLO[1].Value != 1000 {
		t.Errorf("objectives %+v", s.Verdict.SLO)
	}
}

// What a processor and datagrams bring is in the summary and the series, and left out where there is none.
func TestBuildOfChecksAndFollowups(t *testing.T) {
	iv := measure.NewInterval()
	iv.End = 1e9
	iv.Requests = measure.Requests{Scheduled: 10, Sent: 10, Completed: 10}
	iv.Checks["logged in"], iv.Checks["fast"] = measure.Check{Passed: 9, Failed: 1}, measure.Check{Passed: 3}
	iv.CheckFail, iv.Unseen, iv.Datagrams = 1, 4, measure.Datagrams{Late: 1, Duplicate: 2, Unmatched: 3}
	f := &iv.Followups
	f.Requests = measure.Requests{Scheduled: 3, Sent: 3, Completed: 2, Failed: 1, TimedOut: 1}
	f.Status["OK"], f.Errors["timeout"], f.Refused, f.Bad = 2, 1, 5, 6
	for _, l := range []int64{100, 200, 300} {
		f.Latency.Record(l)
	}
	s, second := Build(iv, Facts{}), NewSecond(iv, Around{})
	iv.Reset() // what was built of it stays
	raw, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{
		`"checks":{"fast":{"passed":3,"failed":0},"logged in":{"passed":9,"failed":1}},"check_failed":1,`,
		`"followups":{"requests":{"scheduled":3,"sent":3,"completed":2,"failed":1,"timed_out":1,`, `"latency_ns":{"count":3,"min":100,"mean":200,`,
		`"status":{"OK":2},"errors":{"timeout":1},"refused":5,"bad":6},"unseen":4,"datagrams":{"late":1,"duplicate":2,"unmatched":3},`,
	} {
		if !strings.Contains(string(raw), part) {
			t.Errorf("%s\nlacks %s", raw, part)
		}
	}
	line, err := json.Marshal(second)
	if want := `"check_failed":1,"checks":{"passed":12,"failed":1},"followups":{"scheduled":3,"completed":2,"failed":1}`; err != nil || !strings.Contains(string(line), want) {
		t.Errorf("%s, %v\nlacks %s", line, err, want)
	}
	nothing, err := json.Marshal(Build(iv, Facts{}))
	if none, err2 := json.Marshal(NewSecond(iv, Around{})); err != nil || err2 != nil || strings.Contains(string(none), "follow") || strings.Contains(string(none), "check") {
		t.Errorf("a second without any: %s, %v, %v", none, err, err2)
	}
	for _, name := range []string{"check_failed", "unseen", "datagrams", "refused", `"bad":0}`, `"status":null`} {
		if strings.Contains(string(nothing), name) {
			t.Errorf("%q in the summary of a run without any: %s", name, nothing)
		}
	}
}

// An interrupted run may leave follow-ups alone without an outcome: Little's law then has nothing to say.
func TestVerifyOfFollowupsInFlight(t *testing.T) {
	m := model{seconds: 1, rate: 10, fate: healthy}
	s := Build(total(m.intervals()), m.facts())
	s.Followups.Requests = measure.Requests{Scheduled: 1, Sent: 1, InFlight: 1}
	s.Concurrency.InFlightTimeNS += 1000
	if err := Verify(s); err != nil {
		t.Fatal(err)
	}
}

// The names that scripts rely on, and no null where they expect something to loop over.
func TestSummaryKeepsItsNames(t *testing.T) {
	raw, err := json.Marshal(Build(measure.NewInterval(), Facts{Warmup: time.Second}))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(strings.ReplaceAll(string(raw), `"targets":null`, ""), "null") {
		t.Errorf("null in %s", raw)
	}
	var got map[string]any
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatal(err)
	}
	stats := "count min mean stddev max p50 p75 p90 p95 p99 p999 p9999"
	counts := "scheduled sent completed failed timed_out dropped starved unsent in_flight lost"
	for path, names := range map[string]string{
		"":                     "schema run load requests latency_ns lateness_ns wait_ns service_ns bytes status errors checks followups concurrency records labels verdict generator",
		"run":                  "id name version started ended seed spec_sha256",
		"load":                 "mode arrival arrivals duration_ns rate_scheduled rate_sent rate_completed",
		"requests":             counts,
		"latency_ns":           stats,
		"lateness_ns":          stats,
		"wait_ns":              stats,
		"service_ns":           stats,
		"bytes":                "sent received",
		"followups":            "requests latency_ns",
		"followups.requests":   counts,
		"followups.latency_ns": stats,
		"concurrency":          "mean max",
		"records":              "read bad filtered loops",
		"verdict":              "schedule trusted reasons slo",
		"generator":            "cpu_user_ns cpu_system_ns rss_max_bytes gc_pause_max_ns shards workers",
	} {
		in := got
		for _, key := range strings.FieldsFunc(path, func(r rune) bool { return r == '.' }) {
			in, _ = in[key].(map[string]any)
		}
		for name := range strings.FieldsSeq(names) {
			if _, ok := in[name]; !ok {
				t.Errorf("%s.%s is missing", path, name)
			}
		}
	}
	if got["schema"] != "iago.summary/v1" {
		t.Errorf("schema %v", got["schema"])
	}
}
