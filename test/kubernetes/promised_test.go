//go:build linux

package kubernetes

import (
	"math"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/report"
	"github.com/iagoloadgen/iago/test/cluster"
	"github.com/iagoloadgen/iago/test/netns/counting"
)

// promised is what became of the job: its results, and what the target saw.
type promised struct {
	*report.Saved
	t      *testing.T
	target *counting.Target
}

// results collects them from the volume.
func (p *promising) results() *promised {
	p.t.Helper()
	dir := filepath.Join(p.runs, "run")
	o := &promised{cluster.Results(p.t, dir), p.t, p.target}
	if err := report.Verify(&o.Summary); err != nil {
		p.t.Error(err)
	}
	q := o.Summary.Requests
	if n := p.target.Total(); n < q.Completed || n > q.Sent {
		p.t.Errorf("the target has seen %d requests, but %d were completed and %d sent", n, q.Completed, q.Sent)
	}
	if o.Summary.Run.End != report.EndInterrupted {
		p.t.Errorf("the job's end is %q", o.Summary.Run.End)
	}
	p.t.Logf("requests %+v, unsent by %v", q, o.Summary.UnsentBy)
	for _, e := range o.Summary.Events {
		p.t.Logf("%8.1fs %s", time.Duration(e.AtNS).Seconds(), e.Text)
	}
	p.iago("report", dir).Finish(time.Minute)
	return o
}

// most is the highest rate that a second with so many expected may have: the promise and Poisson noise.
func most(rate float64) float64 { return 1.02*rate + 5*math.Sqrt(rate) }

// neverAbove: no second has more than was asked for, wherever it begins; nor has the time for which two workers of one index lived.
func (o *promised) neverAbove(s story) {
	o.t.Helper()
	times := o.target.Times()
	counting.NeverAbove(o.t, times.Counts(o.Summary.Run.Started), func(int) float64 { return promisedRate }, 1.02, 5)
	if got := times.MaxRate(time.Second); got > most(promisedRate) {
		o.t.Errorf("%.0f requests in a second, %.0f are the most", got, most(promisedRate))
	}
	n, expected := float64(len(times.Between(s.cut, s.healed))), promisedRate*s.healed.Sub(s.cut).Seconds()
	o.t.Logf("%.0f requests in %v with a worker cut off, %.0f asked for", n, s.healed.Sub(s.cut), expected)
	if n > most(expected) {
		o.t.Errorf("%.0f requests while a worker was cut off, %.0f are the most", n, most(expected))
	}
}

// fastest is a worker's highest rate over a second, of those between two moments.
func (o *promised) fastest(w Pod, from, to time.Time) float64 {
	return o.target.Times(w.IP).Between(from, to).MaxRate(time.Second)
}

// first is when the target saw a worker first.
func (o *promised) first(w Pod) time.Time { return time.Unix(0, o.target.Times(w.IP)[0]) }

// took: another worker has the share of one that was killed, and what comes in its place has a share again.
func (o *promised) took(s story) {
	o.t.Helper()
	o.givenUp(s.here, s.killed)
	if n := len(o.target.Times(s.here.IP).Between(s.killed.Add(time.Second), s.healed)); n > 0 {
		o.t.Errorf("%d requests of a worker that was killed", n)
	}
	if got := o.fastest(s.there, s.killed, o.first(s.third)); got < 0.8*promisedRate {
		o.t.Errorf("the other worker had %.0f/s at most before there was a third, expected %.0f", got, promisedRate)
	}
	if got := o.fastest(s.third, s.killed, s.cut); got < 0.3*promisedRate {
		o.t.Errorf("the worker that came had %.0f/s at most, expected %.0f", got, promisedRate/2)
	}
}

// silent: a worker that is cut off goes on until its lease ends and no longer, whoever has its share, and makes up for nothing when it is back.
func (o *promised) silent(s story) {
	o.t.Helper()
	o.givenUp(s.there, s.cut)
	its := o.target.Times(s.there.IP)
	if n := len(its.Between(s.cut, s.cut.Add(promiseLease))); n < int(promisedRate/2) {
		o.t.Errorf("%d requests of the worker that was cut off before its lease had ended, expected some seconds' worth: it reaches the target", n)
	}
	if n := len(its.Between(s.cut.Add(promiseLease), s.healed)); n > 0 {
		o.t.Errorf("%d requests of the worker that was cut off when its lease had ended", n)
	}
	if got := o.fastest(s.fourth, s.cut, s.healed); got < 0.3*promisedRate {
		o.t.Errorf("the worker that came had %.0f/s at most, expected %.0f", got, promisedRate/2)
	}
	if got := o.fastest(s.there, s.healed, time.Now()); got > most(promisedRate/2) {
		o.t.Errorf("the worker that is back had %.0f/s, where %.0f are the most", got, most(promisedRate/2))
	}
}

// busy is how much longer than a lease and a second things may take on a machine that has a cluster to run.
const busy = 5 * time.Second

// givenUp: a worker's share has been taken from it, in time.
func (o *promised) givenUp(w Pod, since time.Time) {
	o.t.Helper()
	re := regexp.MustCompile("^worker " + w.Name + " has not been heard of")
	i := slices.IndexFunc(o.Summary.Events, func(e report.Event) bool { return re.MatchString(e.Text) })
	if i < 0 {
		o.t.Errorf("no event tells that %s was given up", w.Name)
		return
	}
	at := o.Summary.Run.Started.Add(time.Duration(o.Summary.Events[i].AtNS))
	if late := at.Sub(since); late > promiseLease+time.Second+busy {
		o.t.Errorf("%s was given up after %v", w.Name, late)
	}
}

// told: the results tell of every worker what became of it.
func (o *promised) told(s story) {
	o.t.Helper()
	if n := len(o.Summary.Workers); n != 4 {
		o.t.Errorf("the summary tells of %d workers, expected 4", n)
	}
	for _, w := range o.Summary.Workers {
		o.t.Logf("worker %s: %s %s, from %v to %v, %+v", w.Name, w.State, w.Reason, time.Duration(w.FromNS), time.Duration(w.ThroughNS), w.Requests)
	}
	for _, x := range []struct {
		pod    Pod
		states []string
	}{
		{s.here, []string{report.WorkerLost}},
		{s.there, []string{report.WorkerLost, report.WorkerLeft, report.WorkerDone}}, // what it did is known, if it came to tell
		{s.third, []string{report.WorkerDone}},
		{s.fourth, []string{report.WorkerDone}},
	} {
		i := slices.IndexFunc(o.Summary.Workers, func(w report.Worker) bool { return w.Name == x.pod.Name })
		if i < 0 {
			o.t.Errorf("the summary tells nothing of %s", x.pod.Name)
			continue
		}
		w := o.Summary.Workers[i]
		n := o.target.Total(x.pod.IP)
		if !slices.Contains(x.states, w.State) || n < w.Requests.Completed || n > w.Requests.Sent {
			o.t.Errorf("%s is %q, expected %q; the target has seen %d requests of it, it tells of %+v", w.Name, w.State, x.states, n, w.Requests)
		}
	}
}
