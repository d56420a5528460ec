package report

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/iagoloadgen/iago/measure"
)

// mostNamed is how many workers a reason names.
const mostNamed = 3

// named writes which workers a count comes from, the largest first: " (w3 1,200, w7 13)"; "" where nothing is known of workers.
func named(s *Summary, of func(*Worker) int64) string {
	by := map[string]int64{}
	for i := range s.Workers {
		if n := of(&s.Workers[i]); n > 0 {
			by[s.Workers[i].Name] += n
		}
	}
	if len(by) == 0 {
		return ""
	}
	var parts []string
	for _, name := range frequentFirst(by) {
		parts = append(parts, name+" "+Count(by[name]))
	}
	return " (" + listed(first(parts)) + ")"
}

// first keeps the first names of a list and says how many more there are.
func first(names []string) []string {
	if more := len(names) - mostNamed; more > 0 {
		return append(slices.Clone(names[:mostNamed]), Count(int64(more))+" more")
	}
	return names
}

// slowWorkerReason: some were late, others were not, so it was not the spec.
func slowWorkerReason(s *Summary) string {
	var slow []Worker
	kept := int64(0)
	for _, w := range s.WorkersWorstFirst() {
		switch {
		case w.Verdict == ScheduleKept:
			kept++
		case w.Verdict == ScheduleSlipped && !slices.Contains(w.Trusted, "p99"):
			slow = append(slow, w)
		}
	}
	if len(slow) == 0 || kept == 0 {
		return ""
	}
	slices.SortStableFunc(slow, func(a, b Worker) int { return cmp.Compare(b.Lateness.P99, a.Lateness.P99) })
	names := make([]string, len(slow))
	for i := range slow {
		names[i] = slow[i].Name
		if h := slow[i].Host; h != "" {
			names[i] += " on " + h
		}
	}
	who, late, theirs, its := "worker ", "was late by "+Duration(slow[0].Lateness.P99)+" at p99", "that machine's", "it"
	if n := len(slow); n > 1 {
		who, theirs, its = "workers ", "those machines'", "them"
		late = fmt.Sprintf("were late by %s to %s at p99", Duration(slow[n-1].Lateness.P99), Duration(slow[0].Lateness.P99))
	}
	others := several(kept, "other") + " kept the schedule"
	return fmt.Sprintf("%s%s %s while %s: the delay is %s own, neither the target's nor the spec's. Give %s cores of its own, or do without %s.",
		who, listed(first(names)), late, others, theirs, its, its)
}

func leaseReason(s *Summary) string {
	n := s.UnsentBy[measure.UnsentLease]
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%s %s never sent because their worker had been cut off from the job%s: one that cannot renew its lease stops, so that its share may be given "+
		"to others without raising the rate. Look at the network between the workers and the bus, and at how busy both are.",
		ofScheduled(n, s), was(n), named(s, func(w *Worker) int64 { return w.UnsentBy[measure.UnsentLease] }))
}

func leaseEndedReason(s *Summary) string {
	n := s.Errors[measure.FailedLease]
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%s %s aborted under way because the lease of their worker had ended%s: they count as failed, though the target did nothing wrong. "+
		"Look at the network between the workers and the bus.",
		ofScheduled(n, s), was(n), named(s, func(w *Worker) int64 { return w.Errors[measure.FailedLease] }))
}

func toldLateReason(s *Summary) string {
	n := s.UnsentBy[measure.UnsentLate]
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%s %s never sent because they were due before a worker had been told that they are its own%s: when workers come or go, shares change hands, "+
		"and the word was longer on its way than was allowed for. Look at how busy the bus and the feeder's machine are.",
		ofScheduled(n, s), was(n), named(s, func(w *Worker) int64 { return w.UnsentBy[measure.UnsentLate] }))
}

func noWorkerReason(s *Summary) string {
	n := s.UnsentBy[measure.UnsentNoWorker]
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%s %s never sent because no worker had their part of the schedule: a lost worker's share is given away only once its lease has ended, "+
		"so that the rate is never above what was asked, and for that long it was below. See why workers were lost or missing, or start more of them.",
		ofScheduled(n, s), was(n))
}

// lostReason: workers died, with or without what they had sent.
func lostReason(s *Summary) string {
	var names []string
	for _, w := range s.WorkersWorstFirst() {
		if w.State != WorkerLost {
			continue
		}
		name := w.Name
		if w.Reason != "" {
			name += " (" + w.Reason + ")"
		}
		names = append(names, name)
	}
	who := listed(first(names))
	const advice = " Look at its log, and at whether its machine was out of memory or stopped it."
	n := s.Requests.Lost
	switch {
	case n > 0 && who == "":
		who = "a worker"
		fallthrough
	case n > 0:
		return fmt.Sprintf("%s %s lost with %s: sent, but nobody knows what became of them. The target may have answered them; "+
			"their latencies are missing from the figures.", ofScheduled(n, s), was(n), who) + advice
	case len(names) > 0:
		were := was(int64(len(names)))
		return fmt.Sprintf("%s %s lost before the job's end; the figures of what was sent are whole.", who, were) + advice
	}
	return ""
}

// unusedReason: the records outlasted the schedule. One process reads no more of them than a moment's worth ahead.
func unusedReason(s *Summary) string {
	n := s.Records.Unused
	if n == 0 || len(s.Workers) == 0 || s.Run.End != EndSchedule || s.Records.Loops > 0 {
		return ""
	}
	return fmt.Sprintf("the schedule ended before the records did: %s that had been read ahead %s dropped.", several(n, "record"), was(n))
}
