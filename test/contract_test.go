package test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/iagoloadgen/iago/report"
)

// contract is what scripts find in every summary.json, by its path. Fields may be added, never renamed.
var contract = func() []string {
	const stats = "count min mean stddev max p50 p75 p90 p95 p99 p999 p9999"
	const requests = "scheduled sent completed failed timed_out dropped starved unsent in_flight lost"
	groups := []struct{ in, fields string }{
		{"", "schema status errors checks labels"},
		{"run", "id name version started ended seed spec_sha256"},
		{"load", "mode arrival arrivals duration_ns rate_scheduled rate_sent rate_completed"},
		{"requests", requests},
		{"latency_ns", stats},
		{"lateness_ns", stats},
		{"wait_ns", stats},
		{"service_ns", stats},
		{"bytes", "sent received"},
		{"followups.requests", requests},
		{"followups.latency_ns", stats},
		{"concurrency", "mean max"},
		{"records", "read bad filtered loops"},
		{"verdict", "schedule trusted reasons slo"},
		{"generator", "cpu_user_ns cpu_system_ns rss_max_bytes gc_pause_max_ns shards workers"},
	}
	var paths []string
	for _, g := range groups {
		for f := range strings.FieldsSeq(g.fields) {
			paths = append(paths, strings.TrimPrefix(g.in+"."+f, "."))
		}
	}
	return paths
}()

// checkContract holds summary.json, as scripts see it, against the contract's names and identities.
func checkContract(t testing.TB, raw []byte) {
	t.Helper()
	var all map[string]any
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.UseNumber()
	if err := d.Decode(&all); err != nil {
		t.Fatalf("summary.json: %v", err)
	}
	at := func(path string) any {
		var v any = all
		for part := range strings.SplitSeq(path, ".") {
			m, _ := v.(map[string]any)
			v = m[part]
		}
		return v
	}
	number := func(path string) int64 {
		n, _ := at(path).(json.Number)
		i, err := n.Int64()
		if err != nil {
			t.Errorf("summary.json: %s is %v; expected a whole number", path, at(path))
		}
		return i
	}
	for _, path := range contract {
		if at(path) == nil {
			t.Errorf("summary.json: %s is missing", path)
		}
	}
	if s := at("schema"); s != "iago.summary/v1" {
		t.Errorf("summary.json: schema is %q", s)
	}
	if t.Failed() {
		return
	}
	for _, of := range []string{"requests", "followups.requests"} {
		n := func(field string) int64 { return number(of + "." + field) }
		if s := n("sent") + n("dropped") + n("starved") + n("unsent"); n("scheduled") != s {
			t.Errorf("%s: scheduled is %d, but sent + dropped + starved + unsent is %d", of, n("scheduled"), s)
		}
		if s := n("completed") + n("failed") + n("in_flight") + n("lost"); n("sent") != s {
			t.Errorf("%s: sent is %d, but completed + failed + in_flight + lost is %d", of, n("sent"), s)
		}
	}
}

// checkVerdict judges a summary by the words of the contract and compares.
func checkVerdict(t testing.TB, s *report.Summary) {
	t.Helper()
	trusted := []string{}
	for _, q := range []struct {
		name           string
		latency, later int64
	}{
		{"p50", s.Latency.P50, s.Lateness.P50},
		{"p90", s.Latency.P90, s.Lateness.P90},
		{"p99", s.Latency.P99, s.Lateness.P99},
		{"p999", s.Latency.P999, s.Lateness.P999},
	} {
		if float64(q.later) <= max(1e6, 0.1*float64(q.latency)) {
			trusted = append(trusted, q.name)
		}
	}
	if !slices.Equal(trusted, s.Verdict.Trusted) {
		t.Errorf("trusted quantiles are %v; by lateness they should be %v", s.Verdict.Trusted, trusted)
	}
	own := s.DroppedBy["late"] + s.UnsentBy["file descriptors"] + s.Errors["no local port"]
	want := report.ScheduleKept
	switch {
	case s.Load.Mode == "closed":
		want = report.ScheduleClosed
	case !slices.Contains(trusted, "p99"), s.Requests.Starved > 0, float64(own) > 0.001*float64(s.Requests.Scheduled):
		want = report.ScheduleSlipped
	}
	if s.Verdict.Schedule != want {
		t.Errorf("verdict on the schedule is %q; expected %q", s.Verdict.Schedule, want)
	}
	if want == report.ScheduleSlipped && len(s.Verdict.Reasons) == 0 {
		t.Error("the run slipped and no reason is given")
	}
}

// checkStatus compares a run's exit status with the one that the contract's order gives.
func checkStatus(t testing.TB, o *outcome) {
	t.Helper()
	want := 0
	switch end := o.Run.End; {
	case end != "schedule" && end != "source" && end != "interrupted", o.Requests.Completed == 0:
		want = 1
	case end == "interrupted":
		want = 130
	case o.Verdict.Schedule == "slipped":
		want = 4
	case slices.ContainsFunc(o.Verdict.SLO, func(s report.Objective) bool { return !s.OK }):
		want = 3
	}
	if o.status != want {
		t.Errorf("status is %d; expected %d (%s, %s)\n%s%s", o.status, want, o.Run.End, o.Verdict.Schedule, o.out, o.err)
	}
}

// checkDirectory checks that a run directory is whole and that its files tell the same as the summary.
func checkDirectory(t testing.TB, o *outcome) {
	t.Helper()
	for _, name := range []string{"spec.yaml", "series.jsonl", "latency.hlog", "failures.jsonl", "report.html", "iago.log"} {
		i, err := os.Stat(filepath.Join(o.dir, name))
		if err != nil {
			t.Errorf("run directory: %v", err)
		} else if i.Size() == 0 && name != "failures.jsonl" {
			t.Errorf("run directory: %s is empty", name)
		}
	}
	var sum report.Second
	for _, s := range lines[report.Second](t, filepath.Join(o.dir, "series.jsonl")) {
		sum.Requests.Add(&s.Requests)
		sum.LengthNS += s.LengthNS
		sum.Latency.Count += s.Latency.Count
	}
	if sum.Requests != o.Requests {
		t.Errorf("the seconds add up to %+v; the summary says %+v", sum.Requests, o.Requests)
	}
	warm := int64(0)
	if o.Warmup != nil {
		warm = o.Warmup.Latency.Count
	}
	if sum.Latency.Count != o.Latency.Count+warm {
		t.Errorf("the seconds have %d latencies; the summary has %d", sum.Latency.Count, o.Latency.Count+warm)
	}
	if n := count(distributions(t, o).Latency); n != o.Latency.Count {
		t.Errorf("the distribution has %d latencies; the summary has %d", n, o.Latency.Count)
	}
	if n := logged(t, filepath.Join(o.dir, "latency.hlog")); n != o.Latency.Count {
		t.Errorf("latency.hlog has %d latencies; the summary has %d", n, o.Latency.Count)
	}
	if o.Requests.Failed > 0 {
		if i, err := os.Stat(filepath.Join(o.dir, "failures.jsonl")); err == nil && i.Size() == 0 {
			t.Errorf("%d requests failed and no failure is kept", o.Requests.Failed)
		}
	}
}

// logged counts the values of an HdrHistogram interval log, as HdrHistogram's own reader finds them.
func logged(t testing.TB, path string) (n int64) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for r := hdrhistogram.NewHistogramLogReader(f); ; {
		h, err := r.NextIntervalHistogram()
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if h == nil {
			return n
		}
		n += h.TotalCount()
	}
}

// distributions reads distributions.json.
func distributions(t testing.TB, o *outcome) (d report.Distributions) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(o.dir, "distributions.json"))
	if err == nil {
		err = json.Unmarshal(raw, &d)
	}
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func count(list []report.Bucket) (n int64) {
	for _, b := range list {
		n += int64(b.Count)
	}
	return n
}

// shareAbove is the share of a distribution that lies above a time, in ns.
func shareAbove(list []report.Bucket, ns int64) float64 {
	above := int64(0)
	for _, b := range list {
		if b.Value > ns {
			above += int64(b.Count)
		}
	}
	return float64(above) / float64(max(count(list), 1))
}
