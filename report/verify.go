package report

import (
	"errors"
	"fmt"
	"math"

	"github.com/iagoloadgen/iago/measure"
)

// Verify holds a summary against the identities that every run must fulfill, however it ended. An error is a mistake of
// Iago, not of its user, and names each identity that does not hold.
func Verify(s *Summary) error {
	var v verifier
	v.requests("requests", &s.Requests)
	v.followups(&s.Followups)
	v.checks(s)
	for name, l := range s.Labels {
		v.requests(fmt.Sprintf("label %q", name), &l.Requests)
		v.atMost(fmt.Sprintf("label %q: latencies", name), l.Latency.Count, "completed + timed_out", l.Requests.Completed+l.Requests.TimedOut)
	}
	v.equal("sum of status", sum(s.Status), "completed", s.Requests.Completed)
	v.equal("sum of errors", sum(s.Errors), "failed", s.Requests.Failed)
	v.equal("sum of dropped_by", sum(s.DroppedBy), "dropped", s.Requests.Dropped)
	v.equal("sum of unsent_by", sum(s.UnsentBy), "unsent", s.Requests.Unsent)
	v.atMost("server_errors", s.ServerErrors, "completed", s.Requests.Completed)
	if s.Load.Mode == "open" {
		v.atMost("scheduled", s.Requests.Scheduled, "arrivals", s.Load.Arrivals)
	}
	v.times(s)
	v.workers(s)
	left := s.Requests.InFlight + s.Requests.Lost + s.Followups.Requests.InFlight + s.Followups.Requests.Lost
	if left == 0 && s.Concurrency.InFlightTimeNS != s.Concurrency.AttemptTimeNS {
		v.wrong("the integral of concurrency, %d ns, is not the sum of attempt → outcome, %d ns", s.Concurrency.InFlightTimeNS, s.Concurrency.AttemptTimeNS)
	}
	return errors.Join(v.found...)
}

// verifier gathers what does not hold.
type verifier struct{ found []error }

func (v *verifier) wrong(format string, args ...any) {
	v.found = append(v.found, fmt.Errorf("report: summary: "+format, args...))
}

func (v *verifier) equal(a string, x int64, b string, y int64) {
	if x != y {
		v.wrong("%s is %d, but %s is %d", a, x, b, y)
	}
}

func (v *verifier) atMost(a string, x int64, b string, y int64) {
	if x > y {
		v.wrong("%s is %d, more than %s, %d", a, x, b, y)
	}
}

func (v *verifier) notNegative(a string, x int64) { v.atMost("0", 0, a, x) }

// requests checks what holds of any group of requests.
func (v *verifier) requests(of string, r *measure.Requests) {
	v.equal(of+": scheduled", r.Scheduled, "sent + dropped + starved + unsent", r.Sent+r.Dropped+r.Starved+r.Unsent)
	v.equal(of+": sent", r.Sent, "completed + failed + in_flight + lost", r.Completed+r.Failed+r.InFlight+r.Lost)
	v.atMost(of+": timed_out", r.TimedOut, "failed", r.Failed)
	for _, n := range []int64{r.Sent, r.Completed, r.Failed, r.TimedOut, r.Dropped, r.Starved, r.Unsent, r.InFlight, r.Lost} {
		if n < 0 {
			v.wrong("%s: %+v has a negative count", of, *r)
			break
		}
	}
}

// followups checks what holds of requests that were made out of responses.
func (v *verifier) followups(f *Followups) {
	r := &f.Requests
	v.requests("followups", r)
	v.equal("sum of followups.status", sum(f.Status), "followups: completed", r.Completed)
	v.equal("sum of followups.errors", sum(f.Errors), "followups: failed", r.Failed)
	v.equal("followups: latencies", f.Latency.Count, "completed + timed_out", r.Completed+r.TimedOut)
	v.notNegative("followups: refused", f.Refused)
	v.notNegative("followups: bad", f.Bad)
}

// checks checks what holds of checks, and of what came to no request.
func (v *verifier) checks(s *Summary) {
	failed := int64(0)
	for name, c := range s.Checks {
		v.notNegative(fmt.Sprintf("check %q: passed", name), c.Passed)
		v.notNegative(fmt.Sprintf("check %q: failed", name), c.Failed)
		failed += c.Failed
	}
	v.notNegative("check_failed", s.CheckFailed)
	v.atMost("check_failed", s.CheckFailed, "all failed checks", failed)
	v.atMost("check_failed", s.CheckFailed, "completed − server_errors", s.Requests.Completed-s.ServerErrors)
	v.notNegative("unseen", s.Unseen)
	v.notNegative("datagrams", min(s.Datagrams.Late, s.Datagrams.Duplicate, s.Datagrams.Unmatched))
}

// times checks how many requests each of the four times covers, the warm-up's together with the others.
func (v *verifier) times(s *Summary) {
	warm := Warmup{}
	if s.Warmup != nil {
		warm = *s.Warmup
	}
	r := &s.Requests
	v.equal("latencies, warm-up's included,", s.Latency.Count+warm.Latency.Count, "completed + timed_out", r.Completed+r.TimedOut)
	v.equal("service times, warm-up's included,", s.Service.Count+warm.Service.Count, "completed", r.Completed)
	waits, taken := s.Wait.Count+warm.Wait.Count, s.Lateness.Count+warm.Lateness.Count
	v.atMost("completed", r.Completed, "waits, warm-up's included", waits)
	v.atMost("waits, warm-up's included,", waits, "sent", r.Sent)
	v.atMost("sent − lost", r.Sent-r.Lost, "latenesses, warm-up's included", taken)
	v.atMost("latenesses, warm-up's included,", taken, "scheduled − starved", r.Scheduled-r.Starved)
	v.parts(s)
}

// parts checks that latency is the sum of its parts, where all four times cover the same requests. Means are rounded
// to whole ns; times beyond an hour count as an hour.
func (v *verifier) parts(s *Summary) {
	n := s.Latency.Count
	if n == 0 || s.Requests.Failed > 0 || s.Lateness.Count != n || s.Wait.Count != n || s.Service.Count != n || s.Latency.Max == measure.MaxValue {
		return
	}
	if d := s.Latency.Mean - s.Lateness.Mean - s.Wait.Mean - s.Service.Mean; math.Abs(float64(d)) > 2 {
		v.wrong("mean latency, %d ns, is not lateness + wait + service, %d + %d + %d ns", s.Latency.Mean, s.Lateness.Mean, s.Wait.Mean, s.Service.Mean)
	}
}

func sum(m map[string]int64) (n int64) {
	for _, v := range m {
		n += v
	}
	return n
}
