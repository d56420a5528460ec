package report

import (
	"fmt"
	"slices"

	"github.com/iagoloadgen/iago/measure"
)

// workers checks each worker's figures, and that all of them add up to the job's. What no worker had is the job's alone:
// unsent for that cause.
func (v *verifier) workers(s *Summary) {
	if len(s.Workers) == 0 {
		return
	}
	var all measure.Requests
	var latencies, latenesses, told int64
	for i := range s.Workers {
		w := &s.Workers[i]
		v.worker(w)
		all.Add(&w.Requests)
		latencies += w.Latency.Count
		latenesses += w.Lateness.Count
		told += w.UnsentBy[measure.UnsentNoWorker]
	}
	nobody := s.UnsentBy[measure.UnsentNoWorker] - told
	v.notNegative("unsent that no worker had, less the workers' own", nobody)
	r := &s.Requests
	v.equal("scheduled", r.Scheduled, "the workers' and what no worker had", all.Scheduled+nobody)
	v.equal("unsent", r.Unsent, "the workers' and what no worker had", all.Unsent+nobody)
	for _, c := range []struct {
		name      string
		job, sums int64
	}{
		{"sent", r.Sent, all.Sent},
		{"completed", r.Completed, all.Completed},
		{"failed", r.Failed, all.Failed},
		{"timed_out", r.TimedOut, all.TimedOut},
		{"dropped", r.Dropped, all.Dropped},
		{"starved", r.Starved, all.Starved},
		{"in_flight", r.InFlight, all.InFlight},
		{"lost", r.Lost, all.Lost},
		{"latencies", s.Latency.Count, latencies},
		{"latenesses", s.Lateness.Count, latenesses},
	} {
		v.equal(c.name, c.job, "the sum of the workers'", c.sums)
	}
	v.equal("generator.workers", int64(s.Generator.Workers), "the number of workers", int64(len(s.Workers)))
}

// worker checks what holds of one worker's figures.
func (v *verifier) worker(w *Worker) {
	of := fmt.Sprintf("worker %q", w.Name)
	r := &w.Requests
	v.requests(of, r)
	v.equal(of+": sum of errors", sum(w.Errors), "failed", r.Failed)
	v.equal(of+": sum of dropped_by", sum(w.DroppedBy), "dropped", r.Dropped)
	v.equal(of+": sum of unsent_by", sum(w.UnsentBy), "unsent", r.Unsent)
	v.atMost(of+": latencies", w.Latency.Count, "completed + timed_out", r.Completed+r.TimedOut)
	v.atMost(of+": latenesses", w.Lateness.Count, "scheduled − starved", r.Scheduled-r.Starved)
	v.atMost(of+": from_ns", w.FromNS, "through_ns", w.ThroughNS)
	v.notNegative(of+": clock_error_ns", w.ClockErrorNS)
	if !slices.Contains([]string{WorkerDone, WorkerLeft, WorkerLost}, w.State) {
		v.wrong("%s: state is %q, expected %q, %q or %q", of, w.State, WorkerDone, WorkerLeft, WorkerLost)
	}
}
