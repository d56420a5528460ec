package faults

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/test/netns/counting"
)

// TestSlowWorker gives one of four workers two fifths of the time: it falls behind, its verdict says so, and the others do not wait for it.
func TestSlowWorker(t *testing.T) {
	const rate, duration = 600, 10 * time.Second
	long(t, duration)
	t.Parallel()
	records := filepath.Join(t.TempDir(), "paths")
	if err := os.WriteFile(records, []byte("/a\n/b\n/c\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := newRig(t, work{rate: rate, duration: duration, workers: 4, arrival: "uniform", lease: patience, late: true, spec: fmt.Sprintf("records: {file: %s}\n", records)})
	workers := r.join(4)
	slow := workers[2]
	r.begun()
	for began := time.Now(); time.Since(began) < duration-time.Second; {
		slow.Pause()
		r.pass(300 * time.Millisecond)
		slow.Continue()
		r.pass(200 * time.Millisecond)
	}
	o := r.finish(workers)
	o.follows()
	x := o.of(slow)
	if x.Verdict != "slipped" || x.Lateness.P90 < int64(100*time.Millisecond) {
		t.Errorf("%s is said to have %q its schedule, with a lateness of %v at p90", slow.name, x.Verdict, time.Duration(x.Lateness.P90))
	}
	calm := o.calm(2*behind, slow)
	for _, w := range workers {
		if w == slow {
			continue
		}
		x := o.of(w)
		if q := x.Requests; q.Sent != q.Scheduled || q.Starved > 0 {
			t.Errorf("%s: %+v", w.name, q)
		}
		if calm {
			counting.NeverBelow(t, r.target.Counts(o.start, w.addr())[:duration/time.Second], func(int) float64 { return rate / 4 }, 0.7, 0)
		}
	}
}
