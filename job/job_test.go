package job

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/measure"
	"github.com/iagoloadgen/iago/processor"
	"github.com/iagoloadgen/iago/report"
	"github.com/iagoloadgen/iago/spec"
	"github.com/iagoloadgen/iago/target/http"
	"github.com/iagoloadgen/iago/target/model"
	_ "github.com/iagoloadgen/iago/transport/http1"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start starts a target and returns its URL and what it saw.
func start(t *testing.T, o http.Options) (url string, seen func() http.Stats) {
	t.Helper()
	o.Listen = "127.0.0.1:0"
	s, err := http.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(); _ = s.Wait() })
	return "http://" + s.Addr().String(), s.Stats
}

func parse(t *testing.T, text string) *spec.Spec {
	t.Helper()
	s, err := spec.Parse("test.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func run(t *testing.T, s *spec.Spec, o Options) *Outcome {
	t.Helper()
	j, err := Prepare(s, o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	out, err := j.Run(ctx, context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if out.Err != nil {
		t.Fatal(out.Err)
	}
	return out
}

func TestARunLeavesItsDirectory(t *testing.T) {
	url, seen := start(t, http.Options{BodySize: 10})
	dir := filepath.Join(t.TempDir(), "run")
	seconds := 0
	out := run(t, parse(t, "target: "+url+"\nrate: 400/s\nduration: 1500ms\nseed: 5\nslo: ['errors<1%']\nwarmup: 200ms\n"), Options{
		Dir: dir, OnSecond: func(report.Second, *measure.Interval) { seconds++ },
	})
	if out.Status != report.ExitDone && out.Status != report.ExitSlipped {
		t.Errorf("status %d", out.Status)
	}
	s := out.Summary
	if s.Requests.Completed != s.Requests.Scheduled || s.Requests.Completed != seen().Requests || s.Run.Seed != 5 || !s.Verdict.SLO[0].OK || seconds < 2 {
		t.Errorf("%+v, seed %d, %+v, %d seconds", s.Requests, s.Run.Seed, s.Verdict, seconds)
	}
	saved, err := report.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if saved.Summary.Requests != s.Requests || len(saved.Seconds) != seconds || len(saved.Distributions.Latency) == 0 || len(saved.Spec) == 0 {
		t.Errorf("read back: %+v", saved.Summary.Requests)
	}
	for _, name := range []string{"report.html", "latency.hlog", "iago.log"} {
		if i, err := os.Stat(filepath.Join(dir, name)); err != nil || i.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSameSeedSameScheduleWhateverTheShards(t *testing.T) {
	url, _ := start(t, http.Options{})
	var counts []int64
	for _, shards := range []string{"1", "2", "3"} {
		out := run(t, parse(t, "target: "+url+"\nrate: 500/s\nduration: 600ms\nseed: 11\nshards: "+shards+"\n"), Options{})
		counts = append(counts, out.Summary.Requests.Scheduled)
	}
	if counts[0] != counts[1] || counts[1] != counts[2] || counts[0] < 200 {
		t.Errorf("scheduled %v", counts)
	}
}

func TestAProcessorOfOnesOwn(t *testing.T) {
	url, seen := start(t, http.Options{})
	records := filepath.Join(t.TempDir(), "paths")
	if err := os.WriteFile(records, []byte("/a\n/b\n/c\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	twice := processor.Func(func(rec *load.Record, add func() *load.Request) error {
		for _, method := range []string{"PUT", "DELETE"} {
			r := add()
			r.Method, r.URI = r.KeepString(method), r.Keep(rec.URI)
		}
		return nil
	})
	out := run(t, parse(t, "target: "+url+"\nrate: 200/s\nrecords: {file: "+records+", loop: false}\n"), Options{Processor: twice})
	if m := seen().Methods; m["PUT"] != 3 || m["DELETE"] != 3 || out.Summary.Run.End != report.EndSource {
		t.Errorf("%v, end %q", m, out.Summary.Run.End)
	}
}

func TestAnAbortRuleBreaksOff(t *testing.T) {
	url, _ := start(t, http.Options{Model: model.Options{Faults: []model.Fault{{Kind: model.Close, Share: 1}}}})
	began := time.Now()
	out := run(t, parse(t, "target: "+url+"\nrate: 50/s\nduration: 60s\nabort_on: ['errors>50%']\n"), Options{})
	if took := time.Since(began); out.Status != report.ExitFailed || !strings.HasPrefix(out.Summary.Run.End, report.EndAborted) || took > 20*time.Second {
		t.Errorf("status %d, end %q, after %v", out.Status, out.Summary.Run.End, took)
	}
}

func TestMistakesAreFoundBeforeTheStart(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return p
	}
	tests := []struct{ name, more, want string }{
		{"empty records", "records: " + write("empty", ""), "empty"},
		{"bad records only", "records: {file: " + write("bad", "not a log line\n") + ", format: combined}", "bad:1"},
		{"bad request", "request: {uri: '/a b'}", "uri"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := spec.Parse("test.yaml", []byte("target: http://127.0.0.1:1\n"+tt.more+"\n"))
			if err == nil {
				_, err = Prepare(s, Options{})
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want something about %q", err, tt.want)
			}
		})
	}
}

func TestShardsAndRings(t *testing.T) {
	for _, tt := range []struct {
		cores  int
		peak   float64
		closed bool
		want   int
	}{{1, 10, false, 1}, {2, 1e6, false, 1}, {16, 10, false, 1}, {16, 350_000, false, 4}, {16, 1e7, false, 8}, {16, 0, true, 8}} {
		if got := shardsFor(tt.cores, tt.peak, tt.closed); got != tt.want {
			t.Errorf("%+v: %d shards", tt, got)
		}
	}
	for rate, want := range map[float64]int{0: 1024, 100: 1024, 10_000: 2500, 1e6: 8192} {
		if got := preparedFor(rate); got != want {
			t.Errorf("%v/s: %d prepared, want %d", rate, got, want)
		}
	}
}
