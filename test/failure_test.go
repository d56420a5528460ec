package test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/measure"
	targethttp "github.com/iagoloadgen/iago/target/http"
)

// A target that takes everything and never answers: all time out, and the run ends in time.
func TestTargetNeverAnswers(t *testing.T) {
	long(t)
	t.Parallel()
	g := startTarget(t, "--fault", "hang")
	o := iago(t, 5*time.Second, g.url, "-r", "200", "-d", "2s", "--timeout", "1s")
	o.under(t, 2*time.Second, time.Second)
	r := o.Requests
	if o.status != 1 || r.Completed != 0 || r.Failed != r.Sent || r.TimedOut != r.Failed || r.Sent == 0 {
		t.Errorf("status %d, requests %+v", o.status, r)
	}
	if o.Latency.Count != r.TimedOut || o.Latency.Min < 1e9 {
		t.Errorf("%d latencies of at least %v for %d time-outs: those take their time-out", o.Latency.Count, time.Duration(o.Latency.Min), r.TimedOut)
	}
	if seen := g.stop(t); seen.Requests != r.Sent {
		t.Errorf("the target saw %d requests; %d were sent", seen.Requests, r.Sent)
	}
}

// The same with few connections: those that never got one are unsent, for a cause with a name.
func TestTargetNeverAnswersFewConnections(t *testing.T) {
	long(t)
	t.Parallel()
	g := startTarget(t, "--fault", "hang:share=50%")
	o := iago(t, 5*time.Second, g.url, "-r", "100", "-d", "2s", "--timeout", "1s", "-c", "4", "--slo", "errors<1%")
	o.under(t, 2*time.Second, time.Second)
	if r := o.Requests; r.Completed == 0 || r.TimedOut == 0 || r.Unsent == 0 || o.UnsentBy["connection limit"] != r.Unsent {
		t.Errorf("requests %+v, unsent by %v", r, o.UnsentBy)
	}
	if o.Concurrency.Max > 4 {
		t.Errorf("%d at once over 4 connections", o.Concurrency.Max)
	}
	if o.Verdict.SLO[0].OK {
		t.Errorf("objective %+v: half of the requests failed", o.Verdict.SLO[0])
	}
}

// Nobody listens.
func TestTargetIsNotThere(t *testing.T) {
	t.Parallel()
	for _, way := range pollers() {
		o := iago(t, 5*time.Second, nobody(t), "-r", "200", "-d", "1s", "--poller", way)
		o.under(t, time.Second, 0)
		r := o.Requests
		if o.status != 1 || r.Completed != 0 || r.Sent != r.Scheduled || o.Errors["connection refused"] != r.Sent || len(o.Errors) != 1 {
			t.Errorf("%s: status %d, requests %+v, errors %v", way, o.status, r, o.Errors)
		}
		if !slices.ContainsFunc(o.Verdict.Reasons, func(s string) bool { return strings.Contains(s, "connection refused") }) {
			t.Errorf("%s: the reasons do not name the cause: %q", way, o.Verdict.Reasons)
		}
	}
}

// A target that dies in the middle: what it answered is counted, the rest is refused, and the run goes on to its end.
func TestTargetDies(t *testing.T) {
	long(t)
	t.Parallel()
	g := startTarget(t, "--fault", "die:at=1s", "--service", "constant:20ms")
	o := iago(t, 5*time.Second, g.url, "-r", "200", "-d", "3s", "--arrival", "uniform", "--timeout", "2s")
	o.under(t, 3*time.Second, 2*time.Second)
	seen := g.stop(t)
	r := o.Requests
	if r.Scheduled != 600 || r.Sent != 600 || r.Completed == 0 || r.Completed != seen.Answers || r.Failed < 300 {
		t.Errorf("requests %+v; the target answered %d", r, seen.Answers)
	}
	known := []string{"connection refused", "connection reset", "connection reset (kept connection)", "closed before answer", "closed before answer (kept connection)", "closed early"}
	for cause := range o.Errors {
		if !slices.Contains(known, cause) {
			t.Errorf("cause %q; expected one of %q", cause, known)
		}
	}
	if o.Errors["connection refused"] < 300 {
		t.Errorf("errors %v: who is dead refuses", o.Errors)
	}
	failures := lines[measure.Failure](t, filepath.Join(o.dir, "failures.jsonl"))
	if len(failures) == 0 || failures[0].Cause == "" || failures[0].URI != "/" || failures[0].Target != g.url {
		t.Errorf("failures: %+v", failures)
	}
}

// Everything goes wrong at once, and each in its own way. What completed and what failed is what the target says it did.
func TestFaults(t *testing.T) {
	long(t)
	t.Parallel()
	single := filepath.Join(t.TempDir(), "single.yaml") // a connection for each request
	if err := os.WriteFile(single, []byte("target: http://127.0.0.1:1\npool: {reuse: false}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, way := range pollers() {
		for _, reused := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, reused %v", way, reused), func(t *testing.T) {
				g := startTarget(t, "--fault", "garbage:share=5%", "--fault", "close:share=5%", "--fault", "reset:share=5%",
					"--fault", "error:status=503,share=5%", "--body", "1KiB")
				args := []string{g.url}
				if !reused {
					args = []string{single, "--target", g.url}
				}
				o := iago(t, 5*time.Second, append(args, "-r", "1500", "-d", "1500ms", "--slo", "errors<1%", "--poller", way)...)
				checkFaults(t, o, g.stop(t))
			})
		}
	}
}

// checkFaults holds what a run counted against what the target did.
func checkFaults(t *testing.T, o *outcome, seen targethttp.Stats) {
	fired := map[string]int64{}
	for _, f := range seen.Faults {
		name, _, _ := strings.Cut(f.Fault, ":")
		fired[name] = f.Count
	}
	if o.Requests.Sent != seen.Requests {
		t.Errorf("%d sent, the target saw %d", o.Requests.Sent, seen.Requests)
	}
	if got, want := o.Requests.Completed, seen.Requests-fired["garbage"]-fired["close"]-fired["reset"]; got != want {
		t.Errorf("%d completed; the target answered %d", got, want)
	}
	if o.Status["503"] != fired["error"] || o.ServerErrors != fired["error"] || o.Status["200"]+o.Status["503"] != o.Requests.Completed {
		t.Errorf("statuses %v, server errors %d; the target made %v", o.Status, o.ServerErrors, fired)
	}
	var malformed, closed, reset int64
	for cause, n := range o.Errors {
		switch {
		case strings.HasPrefix(cause, "malformed answer: "):
			malformed += n
		case cause == "closed before answer", cause == "closed before answer (kept connection)":
			closed += n
		case cause == "connection reset", cause == "connection reset (kept connection)":
			reset += n
		default:
			t.Errorf("cause %q (%d)", cause, n)
		}
	}
	if malformed != fired["garbage"] || closed != fired["close"] || reset != fired["reset"] {
		t.Errorf("errors %v; the target made %v", o.Errors, fired)
	}
	if s := o.Verdict.SLO[0]; s.OK || s.Value < 0.1 || s.Value > 0.3 {
		t.Errorf("objective %+v; about a fifth went wrong", s)
	}
}

// An abort rule ends the run when it has held for five seconds, long before its schedule.
func TestAbort(t *testing.T) {
	long(t)
	t.Parallel()
	g := startTarget(t, "--fault", "die:at=1s")
	o := iago(t, 20*time.Second, g.url, "-r", "100", "-d", "60s", "--abort-on", "errors>50%")
	if o.status != 1 || !strings.HasPrefix(o.Run.End, "aborted") || !strings.Contains(o.Run.End, "errors>50%") {
		t.Errorf("status %d, end %q", o.status, o.Run.End)
	}
	if took := time.Duration(o.Run.ElapsedNS); took < 4*time.Second || took > 15*time.Second {
		t.Errorf("the run broke off after %v; the rule looks at 5 s", took)
	}
	if o.Requests.Completed == 0 || o.Requests.Failed == 0 {
		t.Errorf("requests %+v", o.Requests)
	}
}

// One of three targets is dead: the others take its share.
func TestOneOfSeveralIsDead(t *testing.T) {
	long(t)
	t.Parallel()
	a, b := startTarget(t), startTarget(t)
	o := iago(t, 5*time.Second, a.url, nobody(t), b.url, "-r", "300", "-d", "4s", "--arrival", "uniform", "--connections", "30")
	o.kept(t)
	r := o.Requests
	if r.Scheduled != 1200 || float64(r.Completed) < 0.9*float64(r.Scheduled) || r.Failed == 0 || o.Errors["connection refused"] != r.Failed {
		t.Errorf("requests %+v, errors %v", r, o.Errors)
	}
	na, nb := a.stop(t).Requests, b.stop(t).Requests
	if na+nb != r.Completed || min(na, nb) < r.Completed/4 {
		t.Errorf("the living ones saw %d and %d; %d completed", na, nb, r.Completed)
	}
	log, err := os.ReadFile(filepath.Join(o.dir, "iago.log"))
	if err != nil || !strings.Contains(string(log), "the others take its share") {
		t.Errorf("iago.log does not tell that a target failed: %v\n%s", err, log)
	}
}

// A summary's own words: what a script would read from it.
func TestSummaryOfFailureReadsAlone(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "deep", "sum.json")
	o := iago(t, 5*time.Second, nobody(t), "-n", "5", "--summary", file)
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var s struct {
		Requests measure.Requests `json:"requests"`
	}
	if err := json.Unmarshal(raw, &s); err != nil || s.Requests != o.Requests || s.Requests.Scheduled != 5 {
		t.Errorf("%v: %s", err, raw)
	}
}
