package outages

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/iagoloadgen/iago/measure"
	"github.com/iagoloadgen/iago/report"
	"github.com/iagoloadgen/iago/test/cluster"
	"github.com/iagoloadgen/iago/test/netns/counting"
)

// exact reads a run directory and holds it against what must be so of every one, whatever happened to the job.
func exact(t *testing.T, dir string) *report.Saved {
	t.Helper()
	saved := cluster.Results(t, dir)
	s := &saved.Summary
	if err := report.Verify(s); err != nil {
		t.Error(err)
	}
	var series, labels, workers measure.Requests
	latencies := int64(0)
	for _, x := range saved.Seconds {
		series.Add(&x.Requests)
		latencies += x.Latency.Count
	}
	if series != s.Requests {
		t.Errorf("the seconds add up to %+v, the summary says %+v", series, s.Requests)
	}
	warm := int64(0)
	if s.Warmup != nil {
		warm = s.Warmup.Latency.Count
	}
	if latencies != s.Latency.Count+warm {
		t.Errorf("the seconds have %d latencies, the summary %d", latencies, s.Latency.Count+warm)
	}
	if n := logged(t, filepath.Join(dir, "latency.hlog")); n != s.Latency.Count {
		t.Errorf("latency.hlog has %d latencies, the summary %d", n, s.Latency.Count)
	}
	for _, l := range s.Labels {
		labels.Add(&l.Requests)
	}
	for i := range s.Workers {
		workers.Add(&s.Workers[i].Requests)
	}
	// What no worker took up has no label: nobody knows which request it would have been.
	known := labels
	known.Scheduled, known.Unsent, known.Starved = s.Requests.Scheduled, s.Requests.Unsent, s.Requests.Starved
	if len(s.Labels) > 0 && s.Requests.Lost == 0 && known != s.Requests {
		t.Errorf("the labels add up to %+v, the summary says %+v", labels, s.Requests)
	}
	nobody := s.UnsentBy[measure.UnsentNoWorker]
	workers.Scheduled += nobody
	workers.Unsent += nobody
	if len(s.Workers) > 0 && workers != s.Requests {
		t.Errorf("the workers and what nobody had add up to %+v, the summary says %+v", workers, s.Requests)
	}
	for _, name := range []string{"spec.yaml", "report.html", "iago.log", "failures.jsonl", "distributions.json"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
	return saved
}

// logged counts the values of an HdrHistogram interval log.
func logged(t *testing.T, path string) (n int64) {
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

// plain asserts that nothing at all went wrong: everything that was scheduled was sent and completed, and the target has seen just that.
func plain(t *testing.T, s *report.Summary, target *counting.Target, scheduled int64) {
	t.Helper()
	q := s.Requests
	if q.Scheduled != scheduled || q.Completed != scheduled || target.Total() != scheduled {
		t.Errorf("%s of %d scheduled; the target has seen %d; unsent by %v, errors %v", text(q), scheduled, target.Total(), s.UnsentBy, s.Errors)
	}
}

// text writes figures for messages.
func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// steady asserts that the target was never left alone for longer than a busy machine may leave it, from one moment of the job to another: with
// requests due every few ms, a pause is a pause of the job.
func steady(t *testing.T, target *counting.Target, s *report.Summary, from, to time.Duration) {
	t.Helper()
	during := target.Times().Between(s.Run.Started.Add(from), s.Run.Started.Add(to))
	if gap, at := during.Gap(); gap > time.Second || len(during) < 2 {
		t.Errorf("the target got nothing for %v from %v on", gap, at.Sub(s.Run.Started))
	}
}
