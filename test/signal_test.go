package test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The generator stands still for 2 s in the middle of a run. Its figures must say so: the requests that were due meanwhile are
// late by up to 2 s, the quantiles that they spoil are not trusted, and the status is 4.
func TestGeneratorIsStopped(t *testing.T) {
	long(t)
	for _, c := range []struct {
		name string
		args []string
	}{{"send", nil}, {"skip", []string{"--late", "skip=50ms"}}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			g := startTarget(t)
			r := startRun(t, append([]string{g.url, "-r", "500", "-d", "5s", "--arrival", "uniform"}, c.args...)...)
			g.seen(t, 500)
			r.signal(t, syscall.SIGSTOP)
			time.Sleep(2 * time.Second)
			r.signal(t, syscall.SIGCONT)
			o := r.finish(t, 10*time.Second)
			if o.status != 4 || o.Verdict.Schedule != "slipped" || len(o.Verdict.Reasons) == 0 {
				t.Errorf("status %d, verdict %+v", o.status, o.Verdict)
			}
			if o.Requests.Scheduled != 2500 || o.Requests.Completed+o.Requests.Dropped != 2500 || o.Requests.Failed > 0 {
				t.Errorf("requests %+v; nothing of 2500 may be missing", o.Requests)
			}
			// 1000 of 2500 were due while it stood still.
			if got := shareAbove(distributions(t, o).Lateness, 50e6); got < 0.35 || got > 0.7 {
				t.Errorf("%.1f %% were late by more than 50 ms; expected 39 %%", 100*got)
			}
			if o.Lateness.Max < 1.8e9 {
				t.Errorf("the worst lateness is %v; it stood still for 2 s", time.Duration(o.Lateness.Max))
			}
			seen := g.stop(t).Requests
			if c.args == nil {
				if slices.Contains(o.Verdict.Trusted, "p90") || slices.Contains(o.Verdict.Trusted, "p99") {
					t.Errorf("trusted: %v", o.Verdict.Trusted)
				}
				if o.Latency.P99 < 1.5e9 || seen != 2500 {
					t.Errorf("p99 is %v, the target saw %d: late requests are sent, and keep their due times", time.Duration(o.Latency.P99), seen)
				}
				return
			}
			if d := o.Requests.Dropped; d < 850 || d > 1750 || o.DroppedBy["late"] != d || seen != 2500-d {
				t.Errorf("%d dropped (%v), the target saw %d; expected about 975 dropped for lateness, or some more on a busy machine", d, o.DroppedBy, seen)
			}
			if o.Latency.P99 > 1e9 {
				t.Errorf("p99 of latency is %v, though nothing was sent that late", time.Duration(o.Latency.P99))
			}
		})
	}
}

// A first SIGINT ends the schedule; what is under way finishes, and the results are written.
func TestInterrupt(t *testing.T) {
	long(t)
	t.Parallel()
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		g := startTarget(t, "--service", "constant:700ms")
		r := startRun(t, g.url, "-r", "100", "-d", "60s", "--timeout", "10s")
		g.seen(t, 100)
		r.signal(t, s)
		told := time.Now()
		o := r.finish(t, 5*time.Second)
		if took := r.ended.Sub(told); took > 10*time.Second {
			t.Errorf("%v: the run took %v to end", s, took)
		}
		if o.status != 130 || o.Run.End != "interrupted" {
			t.Errorf("%v: status %d, end %q", s, o.status, o.Run.End)
		}
		n := o.Requests
		if n.InFlight != 0 || n.Completed != n.Sent || n.Sent < 100 || n.Sent > 5000 {
			t.Errorf("%v: requests %+v; what was under way must finish", s, n)
		}
		if seen := g.stop(t); seen.Requests != n.Sent || seen.Answers != n.Sent {
			t.Errorf("%v: the target saw %d and answered %d; %d were sent", s, seen.Requests, seen.Answers, n.Sent)
		}
	}
}

// A second SIGINT ends at once, whatever is under way, and still writes the results.
func TestInterruptTwice(t *testing.T) {
	long(t)
	t.Parallel()
	g := startTarget(t, "--fault", "hang:share=50%")
	r := startRun(t, g.url, "-r", "100", "-d", "60s", "--timeout", "50s")
	g.seen(t, 100)
	r.signal(t, syscall.SIGINT)
	// It takes no new requests, and waits for those that hang.
	var before int64
	if !eventually(patience, func() bool {
		last := before
		before = g.now(t).Requests
		time.Sleep(300 * time.Millisecond)
		return before == last
	}) {
		t.Fatal("the schedule went on after SIGINT")
	}
	if r.await(0) == nil {
		t.Fatalf("the run did not wait for what was under way: %s", r.err)
	}
	told := time.Now()
	r.signal(t, syscall.SIGINT)
	o := r.finish(t, 5*time.Second)
	if took := r.ended.Sub(told); took > 5*time.Second {
		t.Errorf("the run took %v to end", took)
	}
	n := o.Requests
	if o.status != 130 || n.InFlight == 0 || n.Completed == 0 || n.Sent != before {
		t.Errorf("status %d, requests %+v; the target saw %d", o.status, n, before)
	}
	if !slices.ContainsFunc(o.Verdict.Reasons, func(s string) bool { return strings.Contains(s, "interrupted twice") }) {
		t.Errorf("reasons: %q", o.Verdict.Reasons)
	}
}

// Interrupted before anything has completed, a run says that nothing completed.
func TestInterruptEarly(t *testing.T) {
	t.Parallel()
	r := startRun(t, nobody(t), "-r", "1/m", "-d", "60s", "--arrival", "uniform")
	if !eventually(patience, func() bool {
		i, err := os.Stat(filepath.Join(r.dir, "series.jsonl"))
		return err == nil && i.Size() > 0
	}) {
		t.Fatal("the run did not begin")
	}
	r.signal(t, syscall.SIGINT)
	if o := r.finish(t, 5*time.Second); o.status != 1 || o.Run.End != "interrupted" || o.Requests.Completed != 0 {
		t.Errorf("status %d, end %q, requests %+v", o.status, o.Run.End, o.Requests)
	}
}
