package outages

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/report"
	"github.com/iagoloadgen/iago/test/cluster"
)

// all asserts that the target has seen every one of n records, and that the job ended with them.
func (r *rig) all(s *report.Summary, n int) {
	r.t.Helper()
	var missing []string
	for i := range n {
		if path := fmt.Sprint("/", i); r.target.Total(path) == 0 {
			missing = append(missing, path)
		}
	}
	if len(missing) > 0 {
		r.t.Errorf("%d of %d records were never sent: %v; records %+v", len(missing), n, missing[:min(5, len(missing))], s.Records)
	}
	if s.Run.End != report.EndSource {
		r.t.Errorf("the job's end is %q", s.Run.End)
	}
}

// byPath finds the path of a request in its head.
func byPath(head []byte) []byte {
	f := strings.Fields(string(head[:min(len(head), 100)]))
	if len(f) < 2 {
		return nil
	}
	return []byte(f[1])
}

// TestCoordinatorDies: the feeder that coordinates is killed in the middle of a job.
func TestCoordinatorDies(t *testing.T) {
	long(t)
	const shop = "rate: 200/s\nduration: 14s\narrival: uniform\nrecords: {file: %s}\n"
	for name, next := range map[string]func(r *rig, spec string, args []string) *cluster.Proc{
		"and a standby takes over": func(r *rig, spec string, args []string) *cluster.Proc {
			p := r.feed("second", spec, args...)
			p.Says(soon, "is under way")
			return p
		},
		"and is started again": nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, 1)
			spec := r.spec(fmt.Sprintf(shop, r.paths(100)))
			args := []string{"--workers", "2", "--lease", "3s", "--depth", "12s"} // it is longer than that until somebody takes over
			first := r.feed("first", spec, args...)
			crew := r.crew(2)
			r.after(time.Second)
			var second *cluster.Proc
			if next != nil {
				second = next(r, spec, args)
			}
			r.after(3 * time.Second)
			first.Kill()
			if second == nil {
				r.nobody()
				second = r.feed("second", spec, args...)
			}
			r.finish(second)
			ends(t, soon, crew...)
			s := &exact(t, r.out("second")).Summary
			plain(t, s, r.target, 14*200)
			steady(t, r.target, s, time.Second, 14*time.Second)
			for _, w := range s.Workers {
				if w.State != report.WorkerDone || w.Requests.Scheduled < 14*200*2/5 {
					t.Errorf("worker %s: %s, %s", w.Name, w.State, text(w.Requests))
				}
			}
		})
	}
}

// TestNobodyTakesOver: the workers go on to the job's end without anybody, leave their results on the bus and end. Whoever comes after collects them.
func TestNobodyTakesOver(t *testing.T) {
	long(t)
	r := newRig(t, 1)
	spec := r.spec("rate: 200/s\nduration: 8s\narrival: uniform\n")
	first := r.feed("first", spec, "--workers", "2", "--lease", "4s")
	crew := r.crew(2)
	r.after(2 * time.Second)
	first.Kill()
	ends(t, whole, crew...)
	late := r.feed("late", spec, "--workers", "2", "--lease", "4s")
	r.finish(late)
	s := &exact(t, r.out("late")).Summary
	plain(t, s, r.target, 8*200)
	steady(t, r.target, s, time.Second, 8*time.Second)
	if s.Run.End != report.EndSchedule || s.Load.DurationNS != int64(8*time.Second) {
		t.Errorf("end %q after %v", s.Run.End, time.Duration(s.Load.DurationNS))
	}
	for _, e := range s.Events {
		if strings.Contains(e.Text, "left") || strings.Contains(e.Text, "lease") {
			t.Errorf("the workers ended in order, but an event says: %s", e.Text)
		}
	}
}

// TestRecordsRunOutWithNobody: the feeder has put all records into the queue when it is killed. The workers send them all and end.
func TestRecordsRunOutWithNobody(t *testing.T) {
	long(t)
	r := newRig(t, 1)
	r.target.Close()
	r.serveByPath()
	const records = 1200
	spec := r.spec(fmt.Sprintf("rate: 200/s\nduration: 10m\narrival: uniform\nrecords: {file: %s, loop: false}\n", r.paths(records)))
	args := []string{"--workers", "2", "--lease", "3s", "--depth", "1m"}
	first := r.feed("first", spec, args...)
	crew := r.crew(2)
	r.after(2 * time.Second)
	first.Kill()
	ends(t, whole, crew...)
	late := r.feed("late", spec, args...)
	r.finish(late)
	s := &exact(t, r.out("late")).Summary
	r.all(s, records)
	plain(t, s, r.target, records)
	if s.Records.Read != records || s.Records.Unused != 0 {
		t.Errorf("records: %+v", s.Records)
	}
}

// TestFeederDiesWithTheSource: the feeder is killed before it has read its source to the end, long before the schedule's. The workers send
// what there is, wait for somebody, and break the job off when nobody comes.
func TestFeederDiesWithTheSource(t *testing.T) {
	long(t)
	r := newRig(t, 1)
	r.target.Close()
	r.serveByPath()
	spec := r.spec(fmt.Sprintf("rate: 200/s\nduration: 10m\narrival: uniform\nrecords: {file: %s, loop: false}\n", r.paths(20_000)))
	args := []string{"--workers", "2", "--lease", "2s", "--depth", "2s"}
	first := r.feed("first", spec, args...)
	crew := r.crew(2)
	r.after(2 * time.Second)
	first.Kill()
	for _, p := range crew {
		if status := p.Wait(whole); status != report.ExitFailed || !strings.Contains(p.Stderr(), "nobody") {
			t.Errorf("%v ended with status %d: %s", p, status, p.Stderr())
		}
	}
	late := r.feed("late", spec, args...)
	if status := late.Wait(whole); status != report.ExitFailed {
		t.Errorf("the feeder ended with status %d", status)
	}
	s := &exact(t, r.out("late")).Summary
	if q := s.Requests; q.Completed < 400 || q.Completed != r.target.Total() || q.Starved == 0 || !strings.Contains(s.Run.End, "nobody") {
		t.Errorf("end %q, %s, the target has seen %d", s.Run.End, text(q), r.target.Total())
	}
	if !slices.ContainsFunc(s.Verdict.Reasons, func(r string) bool { return strings.Contains(r, "broke off") }) {
		t.Errorf("reasons: %q", s.Verdict.Reasons)
	}
}
