package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/iagoloadgen/iago/measure"
)

// What became of a worker, in [Worker.State].
const (
	WorkerDone = "done" // it ended with the job
	WorkerLeft = "left" // it was asked to leave, or left by itself
	WorkerLost = "lost" // it died, or was never heard of again
)

// Worker is one process's part in a job that ran on several. Its figures are those of its own requests alone.
type Worker struct {
	Name   string `json:"name"`
	Host   string `json:"host,omitempty"`
	State  string `json:"state"`            // "done", "left", "lost"
	Reason string `json:"reason,omitempty"` // in words, why it left or was lost: its error, for one
	// FromNS and ThroughNS are the stretch, in ns since the job's start, that its figures account for.
	FromNS    int64            `json:"from_ns"`
	ThroughNS int64            `json:"through_ns"`
	Requests  measure.Requests `json:"requests"`
	Latency   Stats            `json:"latency_ns"`  // without the warm-up, as in the summary
	Lateness  Stats            `json:"lateness_ns"` // the same
	Errors    map[string]int64 `json:"errors,omitempty"`
	DroppedBy map[string]int64 `json:"dropped_by,omitempty"`
	UnsentBy  map[string]int64 `json:"unsent_by,omitempty"`
	// ClockOffsetNS is the coordinator's clock less the worker's, and at most ClockErrorNS off; both 0: not compared.
	ClockOffsetNS int64     `json:"clock_offset_ns"`
	ClockErrorNS  int64     `json:"clock_error_ns"`
	Verdict       string    `json:"verdict"` // "kept", "slipped", "closed": of its own part of the schedule
	Trusted       []string  `json:"trusted"` // of p50, p90, p99, p999 of its own latencies
	Generator     Generator `json:"generator"`
}

// Event is something that happened to a job: a worker came or died, the rate was changed.
type Event struct {
	AtNS int64  `json:"at_ns"` // ns since the start; below 0: before it
	Text string `json:"text"`
}

// NewWorker sums up a worker's figures; total is the merge of all its intervals. What intervals do not know, among it State,
// is for the caller to fill in; [Build] judges.
func NewWorker(name string, total *measure.Interval) Worker {
	return Worker{
		Name: name, FromNS: total.Start, ThroughNS: total.End, Requests: total.Requests,
		Latency: StatsOf(&total.Times.Latency), Lateness: StatsOf(&total.Times.Lateness),
		Errors: maps.Clone(total.Errors), DroppedBy: maps.Clone(total.DroppedBy), UnsentBy: maps.Clone(total.UnsentBy),
		Trusted: []string{}, Generator: Generator{DescriptorWaits: total.DescriptorWaits, Workers: 1},
	}
}

// JudgeWorker fills in Verdict and Trusted by the rules of [Judge], from the worker's own figures. mode is [Load].Mode.
func JudgeWorker(w *Worker, mode string) {
	own := measure.Interval{DroppedBy: w.DroppedBy, UnsentBy: w.UnsentBy, Errors: w.Errors}
	w.Verdict, w.Trusted = keeping(mode, &w.Latency, &w.Lateness, &w.Requests, own.GeneratorsOwn())
}

// Troubled tells whether a worker was lost or slipped from its schedule.
func (w *Worker) Troubled() bool { return w.State == WorkerLost || w.Verdict == ScheduleSlipped }

// trouble is the larger the worse it went.
func (w *Worker) trouble() int {
	switch {
	case w.State == WorkerLost:
		return 3
	case w.Verdict == ScheduleSlipped:
		return 2
	case w.State == WorkerLeft:
		return 1
	}
	return 0
}

// WorkersWorstFirst are the workers that were lost, then those that slipped, those that left, and the others; among equals
// those first that were latest, by p99 of lateness.
func (s *Summary) WorkersWorstFirst() []Worker {
	list := slices.Clone(s.Workers)
	slices.SortStableFunc(list, func(a, b Worker) int {
		return cmp.Or(cmp.Compare(b.trouble(), a.trouble()), cmp.Compare(b.Lateness.P99, a.Lateness.P99), strings.Compare(a.Name, b.Name))
	})
	return list
}

// InShort sums workers up that are not shown one by one: "all kept", "2 lost, 1 slipped".
func InShort(list []Worker) string {
	lost, slipped, kept := 0, 0, 0
	for i := range list {
		switch w := &list[i]; {
		case w.State == WorkerLost:
			lost++
		case w.Verdict == ScheduleSlipped:
			slipped++
		case w.Verdict == ScheduleKept:
			kept++
		}
	}
	var parts []string
	if lost > 0 {
		parts = append(parts, fmt.Sprintf("%d lost", lost))
	}
	if slipped > 0 {
		parts = append(parts, fmt.Sprintf("%d slipped", slipped))
	}
	switch {
	case len(parts) > 0:
		return strings.Join(parts, ", ")
	case kept == len(list):
		return "all kept"
	}
	return "none lost" // closed mode has no schedule to keep
}

// Scattered tells whether some requests were unsent for a cause that only a job on several workers has; such requests were
// not waiting for anything when the run ended.
func (s *Summary) Scattered() bool {
	return s.UnsentBy[measure.UnsentLease]+s.UnsentBy[measure.UnsentLate]+s.UnsentBy[measure.UnsentNoWorker] > 0
}

// inOrder sorts events by time; those of the same moment keep their order.
func inOrder(events []Event) []Event {
	list := slices.Clone(events)
	slices.SortStableFunc(list, func(a, b Event) int { return cmp.Compare(a.AtNS, b.AtNS) })
	return list
}

// judgedWorkers copies the workers and judges each.
func judgedWorkers(workers []Worker, mode string) []Worker {
	list := slices.Clone(workers)
	for i := range list {
		JudgeWorker(&list[i], mode)
	}
	return list
}
