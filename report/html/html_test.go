package html

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/iagoloadgen/iago/measure"
	"github.com/iagoloadgen/iago/report"
)

var update = flag.Bool("update", false, "write the golden files anew")

// render writes a report.
func render(t *testing.T, d Data) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, d); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestGolden holds the body of a small report, word for word.
func TestGolden(t *testing.T) {
	page := render(t, tiny())
	body := page[strings.Index(page, "<body>"):strings.LastIndex(page, "<script>")]
	body = regexp.MustCompile(`d="[^"]{300,}"|\[[^\[\]]{300,}\]`).ReplaceAllString(body, "…") // hundreds of points
	file := filepath.Join("testdata", "tiny.golden")
	if *update {
		if err := os.WriteFile(file, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), body); diff != "" {
		t.Errorf("if this is meant: go test -update (-old +new)\n%s", diff)
	}
}

// tiny is a run of three seconds with something in every section.
func tiny() Data {
	at := func(n int64, p99 int64) report.Stats {
		return report.Stats{Count: n, Mean: p99 / 4, P50: p99 / 5, P90: p99 / 2, P99: p99, P999: 2 * p99, Max: 3 * p99}
	}
	requests := measure.Requests{Scheduled: 30, Sent: 28, Completed: 25, Failed: 2, TimedOut: 1, InFlight: 1, Dropped: 2}
	s := &report.Summary{
		Schema: report.Schema,
		Run: report.Run{
			ID: "r1", Name: "tiny", Version: "1.0.0", Started: time.Unix(1_700_000_000, 0), Ended: time.Unix(1_700_000_003, 0), Seed: 42,
			SpecSHA256: "abc", End: "interrupted", Targets: []string{"http://a:80", "http://b:80"},
		},
		Load: report.Load{
			Mode: "open", Arrival: "uniform at 10/s", Arrivals: 40, DurationNS: 3e9,
			RateScheduled: 10, RateSent: 9.333, RateCompleted: 8.333,
		},
		Requests: requests, Latency: at(26, 10e6), Lateness: at(28, 50e3), Wait: at(28, 100e3), Service: at(25, 9e6),
		Warmup: &report.Warmup{DurationNS: 1e9, Latency: at(9, 11e6)}, Bytes: report.Bytes{Sent: 4096, Received: 1 << 20},
		Status: map[string]int64{"200": 20, "404": 4, "500": 1}, Errors: map[string]int64{"timeout": 1, "reset": 1},
		DroppedBy: map[string]int64{"overload": 2}, CheckFailed: 1,
		Checks: map[string]report.Check{"body": {Passed: 24, Failed: 1}, "all well": {Passed: 12}, "order": {Passed: 99_996, Failed: 4}},
		Followups: report.Followups{
			Requests: measure.Requests{Scheduled: 5, Sent: 4, Completed: 3, Failed: 1, Unsent: 1}, Latency: at(3, 4e6),
			Status: map[string]int64{"200": 1, "NOT_FOUND": 2}, Errors: map[string]int64{"closed early": 1}, Refused: 6, Bad: 7,
		},
		Datagrams:   measure.Datagrams{Late: 3, Unmatched: 1},
		Concurrency: report.Concurrency{Mean: 0.25, Max: 3, Connections: 4},
		Records:     report.Records{Read: 30, Bad: 1, FirstBad: []string{"log:3: no method"}},
		Labels:      map[string]report.Label{"/a": {Requests: measure.Requests{Scheduled: 20, Completed: 18, Failed: 1}, Latency: at(18, 9e6)}, "/b": {}},
		Verdict: report.Verdict{
			Schedule: "kept", Trusted: []string{"p50", "p90", "p99"}, SLO: []report.Objective{{Expr: "p99<20ms", Value: 10e6, OK: true}},
		},
		Generator: report.Generator{CPUUserNS: 2e6, CPUSystemNS: 3e6, RSSMax: 9 << 20, GCPauseMaxNS: 20e3, Shards: 1, Workers: 1},
	}
	d := Data{Summary: s, SpecYAML: "rate: 10/s\n"}
	s.Workers = []report.Worker{
		{Name: "w1", Host: "a", State: "done", Verdict: "kept", ThroughNS: 3e9, Requests: measure.Requests{Sent: 20, Completed: 18}, Latency: at(18, 9e6), Lateness: at(20, 5e4)},
		{
			Name: "w2", Host: "b", State: "lost", Reason: "signal: killed", Verdict: "kept", FromNS: 5e8, ThroughNS: 2e9, Requests: measure.Requests{Sent: 8, Completed: 7, Lost: 1},
			ClockOffsetNS: -1_234_567, ClockErrorNS: 98_765,
		},
	}
	s.Events = []report.Event{{AtNS: -2e8, Text: "2 workers are ready"}, {AtNS: 2.1e9, Text: "w2 was lost"}}
	for i := range 3 {
		d.Series = append(d.Series, report.Second{
			T: i, LengthNS: 1e9, RateAsked: 10, Requests: measure.Requests{Sent: 10, Completed: 9}, Latency: at(9, 10e6), Lateness: at(10, 50e3),
			Concurrency: 0.25, MaxInFlight: 2, Warmup: i == 0,
		})
	}
	d.Series[0].Latency, d.Series[2].Errors = report.Stats{}, map[string]int64{"timeout": 1, "reset": 1}
	d.Latency = []report.Bucket{{Value: 2e6, Count: 13}, {Value: 5e6, Count: 11}, {Value: 30e6, Count: 2}}
	d.Service, d.Lateness = d.Latency[:2], []report.Bucket{{Value: 20e3, Count: 28}}
	d.Series[2].CheckFailed = 1
	d.Failures = []measure.Failure{
		{At: 2.5e9, Latency: 1e9, Cause: "timeout", Target: "a:80", Method: "GET", URI: "/x?y=1", Label: "/a"},
		{At: 2.6e9, Latency: 1e6, Cause: "check failed: body", Status: 404, Target: "a:80", Method: "GET", URI: "/z"},
		{At: 2.7e9, Latency: 1e6, Cause: "status 500", Status: 500, Target: "a:80", Method: "GET", URI: "/y"},
	}
	return d
}

func TestSectionsStandInTheOrderOfNeed(t *testing.T) {
	page := render(t, tiny())
	last := 0
	for _, id := range []string{
		"verdict", "keys", "parts", "events", "rates", "latency", "distribution", "errors", "concurrency", "lateness", "workers", "outcomes",
		"checks", "followups", "labels", "failures", "generator", "run",
	} {
		i := strings.Index(page, ` id="`+id+`"`)
		if i < last {
			t.Errorf("section %q at %d, after %d", id, i, last)
		}
		last = i
	}
}

// TestSelfContained: nothing in the file refers to anything outside it.
func TestSelfContained(t *testing.T) {
	d := tiny()
	hostile(&d, `<img src="http://evil.example/x.png">`)
	page := render(t, d)
	tags := strings.Join(regexp.MustCompile(`<[a-zA-Z!/][^>]*>`).FindAllString(page, -1), "\n")
	tags = regexp.MustCompile(`"[^"]*"`).ReplaceAllString(tags, `""`) // values are text, whatever they look like
	for _, pattern := range []string{
		`(?i)\s(src|href|xlink:href|action|formaction|poster|srcset|data|background|cite|ping|style|on[a-z]+)\s*=`,
		`(?i)<(link|img|iframe|object|embed|base|form|audio|video|image|use|foreignobject|a)\b`,
	} {
		if m := regexp.MustCompile(pattern).FindString(tags); m != "" {
			t.Errorf("the page has %q", m)
		}
	}
	for name, text := range map[string]string{"style sheet": style, "script": script} {
		if m := regexp.MustCompile(`(?i)url\(|@import|@font-face|https?:|fetch|XMLHttp|WebSocket|EventSource|sendBeacon|import\(|eval|innerHTML`).FindString(text); m != "" {
			t.Errorf("the %s has %q", name, m)
		}
		if !strings.Contains(page, text) {
			t.Errorf("the %s is not in the page word for word, so the policy's hash does not fit it", name)
		}
	}
	if !strings.Contains(page, `content="default-src 'none';`) {
		t.Error("no content security policy")
	}
}

// hostile puts a text everywhere where text comes from outside.
func hostile(d *Data, text string) {
	s := d.Summary
	s.Run.Name, s.Run.ID, s.Run.Version, s.Run.End, s.Run.SpecSHA256, s.Run.Targets = text, text, text, text, text, []string{text}
	s.Load.Arrival, s.Generator.Poller, s.Schema = text, text, text
	s.Status[text], s.Errors[text], s.DroppedBy[text], s.UnsentBy = 1, 1, 1, map[string]int64{text: 1}
	s.Requests.Unsent = 1
	s.Followups.Status[text], s.Followups.Errors[text] = 1, 1
	s.Checks[text], s.Labels[text] = report.Check{Passed: 1}, report.Label{}
	s.Verdict.Reasons, s.Verdict.SLO = []string{text}, []report.Objective{{Expr: text}}
	s.Records.FirstBad = []string{text}
	s.Workers = []report.Worker{{Name: text, Host: text, State: text, Reason: text, Verdict: text}}
	s.Events = []report.Event{{AtNS: 1e9, Text: text}}
	d.SpecYAML = text
	d.Series[1].Errors = map[string]int64{text: 1}
	d.Failures = append(d.Failures, measure.Failure{Cause: text, Target: text, Method: text, URI: text, Label: text})
}

func TestEverythingIsEscaped(t *testing.T) {
	d := tiny()
	hostile(&d, `</script></style></title></pre><script>alert("x")</script>'&`)
	page := render(t, d)
	if n := strings.Count(page, "<script>"); n != 1 {
		t.Errorf("%d bare <script>, want our own alone", n)
	}
	if n, want := strings.Count(page, "</script>"), 1+strings.Count(page, `<script type="application/json">`); n != want {
		t.Errorf("%d </script>, want %d", n, want)
	}
	if strings.Contains(page, `alert("x")`) {
		t.Error("a text from outside stands unescaped")
	}
	if n := strings.Count(page, "&lt;script&gt;alert("); n < 25 {
		t.Errorf("the text shows %d times, want everywhere it was put", n)
	}
}

func TestErrors(t *testing.T) {
	if err := Write(&bytes.Buffer{}, Data{}); err == nil || !strings.Contains(err.Error(), "without a summary") {
		t.Errorf("no summary: %v", err)
	}
	full := errors.New("disk full")
	if err := Write(failing{full}, tiny()); !errors.Is(err, full) {
		t.Errorf("error %v, want %v", err, full)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// hours is a run of n hours, noisy so that every point differs from the next.
func hours(n int) Data {
	rng := rand.New(rand.NewPCG(3, 4))
	d := tiny()
	d.Series = nil
	noisy := func(scale float64) report.Stats {
		v := func(f float64) int64 { return int64(f * scale * (1 + rng.Float64())) }
		return report.Stats{Count: 30, P50: v(1), P90: v(3), P99: v(8), Max: v(40)}
	}
	for i := range n * 3600 {
		d.Series = append(d.Series, report.Second{
			T: i, LengthNS: 1e9, RateAsked: 12_345, Requests: measure.Requests{Sent: 12_000 + rng.Int64N(999), Completed: 12_000 + rng.Int64N(999)},
			Latency: noisy(1e6), Lateness: noisy(2e4), Concurrency: 20 * rng.Float64(), MaxInFlight: rng.Int64N(2000), Waiting: rng.Int64N(300),
		})
	}
	d.Latency, d.Service, d.Wait, d.Lateness = nil, nil, nil, nil
	for i := range 20_000 {
		b := report.Bucket{Value: int64(1e5 * math.Pow(1.0006, float64(i))), Count: uint64(20_000/(i+1)) + 1}
		d.Latency, d.Service, d.Wait, d.Lateness = append(d.Latency, b), append(d.Service, b), append(d.Wait, b), append(d.Lateness, b)
	}
	return d
}

// TestBounded: however long and odd the run, the file stays below 1 MB and its tables end.
func TestBounded(t *testing.T) {
	d := hours(3)
	for i := range d.Series {
		d.Series[i].Errors = map[string]int64{"one": 1, "two": 22, "three": 333, "four": 4444, "five": 55555, "six": 666666, "seven": 7777777}
	}
	long := strings.Repeat("x", 10_000)
	for i := range 2000 {
		name := fmt.Sprint(i, long)
		d.Summary.Labels[name], d.Summary.Errors[name], d.Summary.Status[name] = report.Label{}, 1, 1
		d.Summary.Checks[name], d.Summary.Followups.Status[name], d.Summary.Followups.Errors[name] = report.Check{Failed: 1}, 1, 1
		d.Failures = append(d.Failures, measure.Failure{URI: name, Cause: name, Target: name, Label: name})
		d.Summary.Workers = append(d.Summary.Workers, report.Worker{Name: name, Host: name, Reason: name, Verdict: "kept"})
		d.Summary.Events = append(d.Summary.Events, report.Event{AtNS: int64(i) * 5e9, Text: name})
	}
	page := render(t, d)
	if len(page) >= 1<<20 {
		t.Errorf("%d bytes, want less than 1 MB", len(page))
	}
	t.Logf("%d bytes", len(page))
	for _, text := range []string{
		"and 1,952 more labels", "and 1,952 more, with smaller counts", "and 1,953 more in failures.jsonl", "and 1,953 more checks", "and 1,952 more workers, all kept", "and 1,902 more in summary.json",
		"A point is the mean of 15", "other causes",
	} {
		if !strings.Contains(page, text) {
			t.Errorf("the page does not say %q", text)
		}
	}
}

func TestNothingToShow(t *testing.T) {
	page := render(t, Data{Summary: &report.Summary{}})
	for _, text := range []string{
		"No per-second figures were kept.", "No request completed, so there is no distribution to draw.", "None: no request failed", "No labels were kept.",
		"No failures were sampled.", "The spec was not kept.", "No answer had a status.", "nothing was sent",
	} {
		if !strings.Contains(page, text) {
			t.Errorf("the page does not say %q", text)
		}
	}
	if strings.Contains(page, "NaN") || strings.Contains(page, "Inf") || strings.Contains(page, "%!") {
		t.Error("a figure was not written well")
	}
}
