package faults

import (
	"math"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/arrival"
	"github.com/iagoloadgen/iago/report"
	"github.com/iagoloadgen/iago/test/cluster"
	"github.com/iagoloadgen/iago/test/netns/counting"
)

// outcome is what became of a job.
type outcome struct {
	*report.Saved
	t     *testing.T
	rig   *rig
	start time.Time
}

// finish waits for the job's end: in order, with figures that do not contradict each other (else iago itself says so, by its
// status), and workers that have all ended with it, but for those that were told to be gone.
func (r *rig) finish(workers []*worker, gone ...*worker) *outcome {
	r.t.Helper()
	r.feeder.Finish(r.work.duration + soon)
	for _, w := range workers {
		if slices.Contains(gone, w) {
			continue
		}
		if status := w.Wait(soon); status != 0 {
			r.t.Errorf("%s ended with status %d", w.name, status)
		}
	}
	if n := r.target.Malformed(); n > 0 {
		r.t.Errorf("%d connections with malformed requests", n)
	}
	s := cluster.Results(r.t, r.dir)
	o := &outcome{Saved: s, t: r.t, rig: r, start: s.Summary.Run.Started}
	if err := report.Verify(&s.Summary); err != nil {
		r.t.Error(err)
	}
	if n := len(s.Summary.Workers); n != len(workers) {
		r.t.Errorf("the summary has %d workers, expected %d", n, len(workers))
	}
	o.accounted()
	if !r.work.late || o.calm(behind) {
		o.neverAbove()
	}
	return o
}

const (
	behind  = 100 * time.Millisecond // how late workers may be for the counts of seconds to be what was due in them
	stalled = 500 * time.Millisecond // and for leases to be renewed, and shares to be handed on, when they should
)

// calm tells whether the workers, some of them apart, got the processor when they were to have it: they were never later than that. If
// they did not, what is promised of times cannot be judged, and the test says so.
func (o *outcome) calm(most time.Duration, but ...*worker) bool {
	o.t.Helper()
	for _, x := range o.Summary.Workers {
		late := time.Duration(x.Lateness.Max)
		if late > most && !slices.ContainsFunc(but, func(w *worker) bool { return w.name == x.Name }) {
			o.t.Logf("not judged, since this machine is too busy: when things happened (worker %s was late by %v, and %v is the most)", x.Name, late, most)
			return false
		}
	}
	return true
}

// at is a moment in the job's time.
func (o *outcome) at(moment time.Time) time.Duration { return moment.Sub(o.start) }

// moment is a moment of the job on the clock.
func (o *outcome) moment(at time.Duration) time.Time { return o.start.Add(at) }

// accounted holds what the target saw against what the job says: it saw all that was answered, and nothing that is not counted as sent.
func (o *outcome) accounted() {
	o.t.Helper()
	q := o.Summary.Requests
	if n := o.rig.target.Total(); n < q.Completed || n > q.Sent {
		o.t.Errorf("%d requests reached the target, but %d were completed and %d sent", n, q.Completed, q.Sent)
	}
	if want := len(o.rig.due()); o.Summary.Run.End == report.EndSchedule && q.Scheduled != int64(want) {
		o.t.Errorf("%d requests were scheduled, expected %d", q.Scheduled, want)
	}
}

// neverAbove holds the target's seconds, whenever they begin, to the promise.
func (o *outcome) neverAbove() {
	o.t.Helper()
	const share = 1.02
	sigmas := 5.0
	if o.rig.work.arrival == "uniform" {
		sigmas = 2 // no noise; but some of a second's come late, in the next
	}
	rate := o.rig.work.rate
	counting.NeverAbove(o.t, o.rig.target.Counts(o.start), o.asked, share, sigmas)
	most := share*rate + sigmas*math.Sqrt(rate)
	if got := o.rig.target.Times().MaxRate(time.Second); got > most {
		o.t.Errorf("%.0f/s in a second, where %.0f were asked for and %.0f are the most", got, rate, most)
	}
}

// sharp tells whether the times of single requests show the law: the workers were hardly ever late by more than a small part of a gap.
func (o *outcome) sharp() bool {
	o.t.Helper()
	for _, x := range o.Summary.Workers {
		if late := time.Duration(x.Lateness.P99); late > 5*time.Millisecond {
			o.t.Logf("not judged, since this machine is too busy: single gaps (one in a hundred of %s's requests was late by %v)", x.Name, late)
			return false
		}
	}
	return o.calm(150 * time.Millisecond)
}

// follows fails the test unless what arrived is the whole schedule, each request when it was due or as much later as the job says.
func (o *outcome) follows() {
	o.t.Helper()
	times, due := o.rig.target.Times(), o.rig.due()
	if q := o.Summary.Requests; len(times) != len(due) || q.Unsent > 0 {
		if o.calm(stalled) {
			o.t.Errorf("%d requests arrived, where the schedule has %d: %+v", len(times), len(due), q)
		}
		return
	}
	const near = time.Millisecond // clocks differ, and so do the kernel's times
	most := time.Duration(o.Summary.Latency.Max) + near
	for i, at := range times {
		if late := time.Unix(0, at).Sub(o.moment(due[i])); late < -near || late > most {
			o.t.Errorf("request %d of %d arrived %v after it was due, expected up to %v", i, len(due), late, most)
			return
		}
	}
}

func (o *outcome) asked(int) float64 { return o.rig.work.rate }

// whole fails the test if something was left unsent in the seconds that lie between two moments of the job.
func (o *outcome) whole(from, to time.Duration) {
	o.t.Helper()
	first, last := int(math.Ceil(from.Seconds())), int(math.Floor(to.Seconds()))
	if first >= last {
		o.t.Errorf("no whole second lies between %v and %v", from, to)
	}
	for _, s := range o.Seconds {
		if s.T >= first && s.T < last && (s.Unsent > 0 || s.Lost > 0) {
			o.t.Errorf("second %d: of %d requests scheduled %d were not sent and %d lost", s.T, s.Scheduled, s.Unsent, s.Lost)
		}
	}
}

// of are a worker's own figures.
func (o *outcome) of(w *worker) report.Worker {
	o.t.Helper()
	for _, x := range o.Summary.Workers {
		if x.Name == w.name {
			return x
		}
	}
	o.t.Fatalf("the summary does not tell of %s", w.name)
	return report.Worker{}
}

// event finds the first event at or after a moment whose text matches, and returns when it was.
func (o *outcome) event(from time.Duration, pattern string) (at time.Duration, found bool) {
	re := regexp.MustCompile(pattern)
	for _, e := range o.Summary.Events {
		if e.AtNS >= int64(from) && re.MatchString(e.Text) {
			return time.Duration(e.AtNS), true
		}
	}
	return 0, false
}

// within finds such an event, which must be between two moments.
func (o *outcome) within(from, to time.Duration, pattern string) time.Duration {
	o.t.Helper()
	at, found := o.event(from, pattern)
	if !found || at > to {
		o.t.Errorf("no event %q between %v and %v among %v", pattern, from, to, o.Summary.Events)
	}
	return at
}

// stint is a time in which a worker had been given up.
type stint struct{ from, to time.Duration }

// givenUp are the times in which a worker had no lease by the coordinator's account.
func (o *outcome) givenUp(w *worker) (list []stint) {
	for at := time.Duration(math.MinInt64); ; {
		from, lost := o.event(at, "^worker "+w.name+" has not been heard of")
		if !lost {
			return list
		}
		to, back := o.event(from, "^worker "+w.name+" is back")
		if !back {
			return append(list, stint{from, time.Hour})
		}
		list = append(list, stint{from, to})
		at = to
	}
}

// silent fails the test if anything of a worker's reached the target while it had been given up. From a worker that has the processor taken away
// between its look at the clock and its write, that may be what it was about to send.
func (o *outcome) silent(w *worker, during []stint) {
	o.t.Helper()
	const aboutToSend = 10
	for _, s := range during {
		x := o.rig.target.Times(w.addr()).Between(o.moment(s.from), o.moment(s.to))
		if len(x) > aboutToSend || len(x) > 0 && o.calm(behind, w) {
			o.t.Errorf("%s was given up from %v to %v, and %d of its requests arrived meanwhile, the first at %v", w.name, s.from, s.to, len(x),
				o.at(time.Unix(0, x[0])))
		}
	}
}

// rate is how many of a worker's requests arrived per second between two moments of the job.
func (o *outcome) rate(from, to time.Duration, of ...*worker) float64 {
	tags := make([]string, len(of))
	for i, w := range of {
		tags[i] = w.addr()
	}
	return float64(len(o.rig.target.Times(tags...).Between(o.moment(from), o.moment(to)))) / (to - from).Seconds()
}

// due are the moments of the whole schedule.
func (r *rig) due() (list []time.Duration) {
	r.t.Helper()
	process, err := arrival.Parse(r.work.arrival, r.work.rate, seed)
	if err != nil {
		r.t.Fatal(err)
	}
	const parts = 64 // of a job on so few workers
	all := process.Parts(parts).Share(0, 1)
	all.Apply(&arrival.Plan{
		Profile: process.Profile, End: int64(r.work.duration), Held: []arrival.Holding{{Last: parts - 1, Through: arrival.Forever}},
	}, 0)
	for at, ok := all.Next(); ok; at, ok = all.Next() {
		list = append(list, time.Duration(at))
	}
	return list
}

// about tells whether a rate is another, give or take a share.
func about(got, want, share float64) bool { return math.Abs(got-want) <= share*want }
