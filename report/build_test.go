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
	kinds := []string{"", "", "", "dropped", "starved", "unsent", "in flight"}
	fates := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) fate {
		f := fate{
			lateness: rapid.Int64Range(0, 2e9).Draw(t, "lateness"), wait: rapid.Int64Range(0, 2e9).Draw(t, "wait"),
			service: rapid.Int64Range(1, 3e9).Draw(t, "service"), kind: rapid.SampledFrom(kinds).Draw(t, "kind"),
			status: rapid.SampledFrom([]int{200, 404, 503, 0}).Draw(t, "status"),
		}
		f.cause = rapid.SampledFrom([]string{"timeout", "connection refused", "late", "file descriptors"}).Draw(t, "cause")
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
		var sum measure.Requests
		for _, iv := range list {
			second := NewSecond(iv, Around{})
			sum.Add(&second.Requests)
		}
		if d := cmp.Diff(s.Requests, sum); d != "" {
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
