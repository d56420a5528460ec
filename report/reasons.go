package report

import (
	"fmt"
	"math"
	"strings"

	"github.com/iagoloadgen/iago/measure"
)

// reasons are what a reader of the figures should know, in the order of weight. Each says what happened with numbers,
// what it means, and what to do.
func reasons(s *Summary) []string {
	var list []string
	for _, f := range []func(*Summary) string{
		// These make a slip, or hint at one.
		lateReason, slowWorkerReason, starvedReason, skippedReason, descriptorReason, portReason,
		leaseReason, leaseEndedReason, toldLateReason, noWorkerReason,
		// These are about the figures.
		lostReason, closedReason, endReason, nothingReason, fewReason, overloadReason, limitReason, behindReason, timeoutReason,
		unseenReason, refusedReason, unusedReason,
		// These are about the machine.
		stealReason, pauseReason,
	} {
		if r := f(s); r != "" {
			list = append(list, r)
		}
	}
	return list
}

// ofScheduled writes a number of requests and their share.
func ofScheduled(n int64, s *Summary) string {
	return fmt.Sprintf("%s (%s of those scheduled)", requests(n), Percent(float64(n)/float64(max(s.Requests.Scheduled, 1))))
}

func requests(n int64) string { return several(n, "request") }

// several writes a number of things.
func several(n int64, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return Count(n) + " " + thing + "s"
}

// was is the verb's form that goes with n.
func was(n int64) string {
	if n == 1 {
		return "was"
	}
	return "were"
}

// listed joins names: a, b and c.
func listed(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

// standstill is a lateness, in ns, that an event loop does not come to by itself.
const standstill = 500_000_000

func lateReason(s *Summary) string {
	var names []string
	var first quantile
	for _, q := range judged {
		if !q.trusted(&s.Latency, &s.Lateness) {
			if names = append(names, q.name); len(names) == 1 {
				first = q
			}
		}
	}
	if len(names) == 0 {
		return ""
	}
	advice := "Try --wait spin, more --shards, a lower rate, or a machine with less else to do."
	if s.Lateness.Max >= standstill {
		advice = "A delay this long mostly means that the process was stopped or got no CPU: see that it has cores of its own."
	}
	return fmt.Sprintf("%s cannot be trusted: the generator itself was late by %s at %s (at worst %s), more than the %s that do no harm there "+
		"(the larger of 1ms and a tenth of latency, %s). %s",
		listed(names), Duration(first.of(&s.Lateness)), first.name, Duration(s.Lateness.Max),
		Duration(tolerated(first.of(&s.Latency))), Duration(first.of(&s.Latency)), advice)
}

func starvedReason(s *Summary) string {
	n := s.Requests.Starved
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%s found no record when due, though the source had not ended: reading or processing records could not keep up. "+
		"Try a faster source (uncompressed, on a local disk), a simpler processor, or a lower rate.", ofScheduled(n, s))
}

func skippedReason(s *Summary) string {
	n := s.DroppedBy[measure.DroppedLate]
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%s %s dropped because the generator was later for them than --late skip allows. "+
		"Try --wait spin, more --shards, or a lower rate.", ofScheduled(n, s), was(n))
}

func descriptorReason(s *Summary) string {
	limit := ""
	if s.Generator.Descriptors > 0 {
		limit = fmt.Sprintf(" (the limit is %s)", Count(s.Generator.Descriptors))
	}
	const advice = " Raise the limit (ulimit -n), or set --connections below it so that waiting is on purpose."
	waits, unsent := s.Generator.DescriptorWaits, s.UnsentBy[measure.UnsentDescriptors]
	switch {
	case unsent > 0:
		return fmt.Sprintf("%s %s never sent because this process ran out of file descriptors%s.", ofScheduled(unsent, s), was(unsent), limit) + advice
	case waits > 0:
		return fmt.Sprintf("%s had to wait because this process ran out of file descriptors%s; the delay is in their wait, though it is not the target's.",
			ofScheduled(waits, s), limit) + advice
	}
	return ""
}

func portReason(s *Summary) string {
	n := s.Errors[measure.FailedNoPort]
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%s failed because this machine had no local port left for another connection: closed ones keep theirs for a minute. "+
		"Let connections be reused, widen net.ipv4.ip_local_port_range, or give the target more addresses.", ofScheduled(n, s))
}

func closedReason(s *Summary) string {
	if s.Load.Mode != ModeClosed {
		return ""
	}
	return fmt.Sprintf("each of the %s connections sent again only once it had its answer (closed mode), so a slow target was asked less often, and "+
		"latency hides the queueing that users would meet. Read it as throughput; for latency, give a --rate.", Count(int64(s.Load.Connections)))
}

func endReason(s *Summary) string {
	switch {
	case s.Run.End == EndInterrupted && s.Requests.InFlight > 0:
		return fmt.Sprintf("the run was interrupted twice: %s %s left without an outcome.", requests(s.Requests.InFlight), was(s.Requests.InFlight))
	case s.Run.End == EndInterrupted:
		return "the run was interrupted: the figures are of the part that ran."
	case brokeOff(s):
		return "the run broke off (" + s.Run.End + "): the figures are of the part that ran."
	}
	return ""
}

func nothingReason(s *Summary) string {
	switch {
	case s.Requests.Scheduled == 0:
		return "nothing was due: the schedule is empty."
	case s.Requests.Completed == 0:
		if cause, n := mostFrequent(s.Errors); n > 0 {
			return fmt.Sprintf("not one request completed; most frequent cause: %s (%s). Is the target there, and is its address right?", cause, Count(n))
		}
		return "not one request completed."
	}
	return ""
}

// mostFrequent returns the largest count and its key, the first by name among equals.
func mostFrequent(m map[string]int64) (key string, n int64) {
	for k, v := range m {
		if v > n || v == n && k < key {
			key, n = k, v
		}
	}
	return key, n
}

// fewReason speaks up when a quantile is nothing but the largest value: below 1/(1−q) samples.
func fewReason(s *Summary) string {
	n := s.Latency.Count
	var names []string
	needed := int64(0)
	for _, q := range judged {
		if least := int64(math.Round(1 / (1 - q.q))); n > 0 && n < least {
			names = append(names, q.name)
			if needed == 0 {
				needed = least
			}
		}
	}
	if len(names) == 0 {
		return ""
	}
	is := "is"
	if len(names) > 1 {
		is = "are"
	}
	return fmt.Sprintf("%s %s here simply the largest of %s latencies: %s takes at least %s to be anything else.", listed(names), is, Count(n), names[0], Count(needed))
}

func overloadReason(s *Summary) string {
	n := s.DroppedBy[measure.DroppedOverload]
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%s %s dropped by the overload rule, because too many waited for a connection: the target took less than it was asked for, "+
		"and the latencies are of those that went out.", ofScheduled(n, s), was(n))
}

func limitReason(s *Summary) string {
	n := s.UnsentBy[measure.UnsentConnections]
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%s %s still waiting for one of the %s connections when the run ended: the latencies are of the others, and lower than all would have been. "+
		"Raise --connections if the limit is not on purpose.", ofScheduled(n, s), was(n), Count(int64(s.Load.Connections)))
}

// behindReason: answers went on coming long after the last request was due.
func behindReason(s *Summary) string {
	over := s.Run.ElapsedNS - s.Load.DurationNS
	if s.Load.DurationNS <= 0 || over < s.Load.DurationNS/10 || over < 1e9 {
		return ""
	}
	return fmt.Sprintf("the last outcome came %s after the schedule's end: rates are per second of the schedule (%s) and count such late answers, "+
		"so the target may have managed less per second than they say.",
		Duration(over), Duration(s.Load.DurationNS))
}

func timeoutReason(s *Summary) string {
	if s.Requests.TimedOut == 0 {
		return ""
	}
	return fmt.Sprintf("%s timed out; they are in the latencies with the time from due to expiry, and would have taken longer.", ofScheduled(s.Requests.TimedOut, s))
}

func unseenReason(s *Summary) string {
	if s.Unseen == 0 {
		return ""
	}
	return fmt.Sprintf("the processor was behind: %s %s not shown to it, so checks and follow-ups of these are missing. "+
		"Try simpler checks, a faster processor, or a lower rate.", several(s.Unseen, "outcome"), was(s.Unseen))
}

func refusedReason(s *Summary) string {
	n := s.Followups.Refused
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%s %s not made, being beyond the bounds on their depth and number: the target got less of them than the processor asked for. "+
		"Raise followup_limits if that is not on purpose.", several(n, "follow-up"), was(n))
}

const noisySteal = 0.05

func stealReason(s *Summary) string {
	if s.Generator.StealMax <= noisySteal {
		return ""
	}
	return fmt.Sprintf("the hypervisor took up to %s of a second's CPU time from this machine (steal): what it delayed shows as lateness or as latency. "+
		"Run again on a quieter or larger machine.", Percent(s.Generator.StealMax))
}

func pauseReason(s *Summary) string {
	pause := s.Generator.GCPauseMaxNS
	if pause <= tolerated(s.Latency.P999) {
		return ""
	}
	return fmt.Sprintf("the generator's own garbage collection paused it for up to %s: what was due meanwhile was late. A processor or source of one's own may "+
		"allocate too much, or the machine be short of processors.", Duration(pause))
}
