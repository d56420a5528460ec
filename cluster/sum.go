package cluster

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/iagoloadgen/iago/arrival"
	"github.com/iagoloadgen/iago/engine"
	"github.com/iagoloadgen/iago/job"
	"github.com/iagoloadgen/iago/measure"
	"github.com/iagoloadgen/iago/report"
)

// summing adds a job up, once all results that will come are there.
type summing struct {
	*feeding
	c       *coordinator
	led     *ledger
	profile arrival.Profile
	end     int64          // of the schedule, ns since the start
	nobody  map[int]int64  // arrivals that were nobody's, by second
	lost    map[int]lostly // what died with workers, by second
}

// lostly is what died with workers.
type lostly struct {
	arrivals int64 // due, and never reported on
	waiting  int64 // taken up, reported as waiting for a connection
	inFlight int64 // reported as sent
}

// sum makes the outcome of a job that is over, and the run directory.
func (f *feeding) sum(c *coordinator, led *ledger, slo []report.Condition) (*job.Outcome, error) {
	if c.plan.Start == 0 {
		if c.plan.Stop == Interrupted {
			return nil, errBefore
		}
		err := errors.New("cluster: " + c.plan.Stop)
		if c.members.mistaken() {
			err = &CheckError{err}
		}
		return nil, err
	}
	led.mu.Lock()
	defer led.mu.Unlock()
	s := &summing{feeding: f, c: c, led: led, nobody: map[int]int64{}, lost: map[int]lostly{}}
	err := led.settle(math.MaxInt)
	if err != nil {
		return nil, err
	}
	if s.profile, err = arrival.Splice(f.base, c.plan.Changes...); err != nil {
		return nil, err
	}
	s.end = s.scheduleEnd()
	s.account()
	return s.write(slo), nil
}

// scheduleEnd is when the schedule was over: at its end, when the records had come to theirs, or when the last worker was stopped.
func (s *summing) scheduleEnd() (end int64) {
	p := &s.c.plan
	if p.End > 0 && !p.Drained && !p.Kill {
		return p.End
	}
	for _, a := range s.led.workers {
		at := a.through
		if a.last != nil {
			at = int64(a.last.Duration)
		}
		end = max(end, at)
	}
	if p.End > 0 {
		end = min(end, p.End)
	}
	return end
}

// account finds what nobody's figures account for: what workers that died had not reported, and what nobody held.
func (s *summing) account() {
	for _, m := range s.c.members.list {
		if s.led.workers[m.id] == nil && len(m.share.Had) > 0 { // it died before its first report
			s.led.workers[m.id] = newAccount(m.id)
		}
	}
	var stints []Holding
	for id, a := range s.led.workers {
		mine := slices.Clone(a.stints)
		if a.last == nil {
			had := after(s.c.members.get(id).share.Had, a.through) // given since its last report, for one
			upTo := s.died(a, had)
			mine = union(s.whole.N(), append(mine, had...), upTo)
			s.bury(a, mine, upTo)
		}
		stints = append(stints, mine...)
	}
	end := s.end
	if p := &s.c.plan; p.Drained { // nothing was called for any more that had no record
		end = min(end, max(p.FedAt, 0))
		for _, a := range s.led.workers {
			if a.last != nil && a.last.End == engine.EndSource {
				end = min(end, int64(a.last.Duration))
			}
		}
	}
	s.nobody = nobodys(s.whole, s.profile, gaps(s.whole.N(), stints, end))
}

// died is until when a worker that left no last word may have sent: until its lease ended, or, if the bus knew then that it was not connected
// any more, until its last sign of life and one more that was due. had is what was its own after its last report when its lease
// ended.
func (s *summing) died(a *account, had []Holding) int64 {
	at := a.through
	beat, heard := s.c.beats.Load(a.id)
	if ended, _ := s.c.ended.Load(a.id); heard && ended == true {
		at = max(at, beat.(int64)+2*int64(beatEvery(s.spec.Workers)))
	} else {
		for _, h := range had {
			at = max(at, h.Through)
		}
	}
	if s.c.plan.End > 0 {
		at = min(at, s.c.plan.End)
	}
	return at
}

// bury counts what died with a worker. It is taken as sent, since some of it may have been.
func (s *summing) bury(a *account, stints []Holding, upTo int64) {
	missing := max(owed(s.whole, s.profile, stints, upTo)-a.arrivals, 0)
	second := int(a.through / int64(time.Second))
	l := s.lost[second]
	l.arrivals += missing
	l.waiting += a.total.WaitingEnd
	l.inFlight += a.total.InFlightEnd
	s.lost[second] = l
	q := &a.total.Requests
	a.total.Arrivals += missing
	a.total.End = max(a.total.End, upTo)
	q.Scheduled += missing
	q.Sent += missing + a.total.WaitingEnd
	q.Lost += missing + a.total.WaitingEnd + a.total.InFlightEnd
	for n := range a.labels {
		if l := s.led.byLabel[n]; l != nil {
			loseLabel(l, &a.labels[n])
		}
	}
}

// loseLabel brings the counts of a worker that died, as they are in a label's, into their identities: what had no outcome yet is lost.
func loseLabel(l *measure.Label, q *measure.Requests) {
	sent := q.Scheduled - q.Sent - q.Dropped - q.Starved - q.Unsent
	l.Requests.Sent += sent
	l.Requests.Lost += q.Sent + sent - q.Completed - q.Failed - q.InFlight - q.Lost
}

// seconds adds every second up, in order, and passes them on.
func (s *summing) seconds(add func(iv *measure.Interval, steal float64)) error {
	all := slices.Sorted(maps.Keys(s.led.seconds))
	for _, m := range []map[int]int64{s.nobody} {
		all = append(all, slices.Sorted(maps.Keys(m))...)
	}
	all = append(all, slices.Sorted(maps.Keys(s.lost))...)
	slices.Sort(all)
	iv := measure.NewInterval()
	for _, index := range slices.Compact(all) {
		iv.Reset()
		steal, err := s.led.second(iv, index)
		if err != nil {
			return err
		}
		if iv.End == 0 { // no worker was there
			iv.Index, iv.Start, iv.End = index, int64(index)*int64(time.Second), int64(index+1)*int64(time.Second)
		}
		if n := s.nobody[index]; n > 0 {
			iv.Arrivals += n
			iv.Requests.Scheduled += n
			iv.Requests.Unsent += n
			iv.UnsentBy[measure.UnsentNoWorker] += n
		}
		l := s.lost[index]
		iv.Arrivals += l.arrivals
		iv.Requests.Scheduled += l.arrivals
		iv.Requests.Sent += l.arrivals + l.waiting
		iv.Requests.Lost += l.arrivals + l.waiting + l.inFlight
		add(iv, steal)
	}
	return nil
}

// write adds up, judges, and leaves a run directory.
func (s *summing) write(slo []report.Condition) *job.Outcome {
	started := time.Unix(0, s.c.plan.Start).Add(-s.c.ahead)
	rec := report.Recording{
		Warmup: s.model.Warmup(), Started: func() time.Time { return started },
		RateAsked: func(from, to int64) float64 { return meanRate(s.profile, from, to, s.end) },
	}
	dir, errs := s.openDir(&rec)
	col := report.NewCollector(rec)
	labels := map[int]*measure.Label{}
	errs = append(errs, s.seconds(func(iv *measure.Interval, steal float64) {
		col.Add(iv, steal)
	}), col.Err())
	for n, l := range s.led.byLabel {
		if l != nil {
			labels[n] = l
		}
	}
	sum := s.summary(col, labels, started, slo)
	errs = append(errs, s.complete(col.Total().Arrivals))
	if err := report.Verify(sum); err != nil {
		errs = append(errs, fmt.Errorf("cluster: the figures contradict each other (a mistake in Iago: please report it): %w", err))
	}
	out := &job.Outcome{Summary: sum}
	if dir != nil {
		errs = append(errs, dir.WriteFailures(s.led.sample.Failures()), dir.WriteDistributions(report.NewDistributions(&col.Total().Times)), dir.WriteSummary(sum), dir.Close())
		path, err := job.WriteHTML(dir.Path())
		if out.HTML = path; err != nil {
			out.HTML, errs = "", append(errs, err)
		}
	}
	out.Err = errors.Join(errs...)
	out.Status = report.Exit(sum, out.Err)
	return out
}

// checkable bounds what is drawn again just to be sure.
const checkable = 50_000_000

// complete holds the arrivals that were accounted for against those that the schedule has: all of them, each once.
func (s *summing) complete(arrivals int64) error {
	p := &s.c.plan
	if p.Kill || p.Drained || p.Fed || arrivals > checkable {
		return nil
	}
	if want := s.whole.Count(s.profile, 0, s.whole.N()-1, 0, s.end); want != arrivals {
		return fmt.Errorf("cluster: %d arrivals are accounted for, but the schedule has %d (a mistake in Iago: please report it)", arrivals, want)
	}
	return nil
}

// openDir makes the run directory, if there is to be one.
func (s *summing) openDir(rec *report.Recording) (*report.Dir, []error) {
	if s.Dir == "" {
		return nil, nil
	}
	dir, err := report.CreateDir(s.Dir)
	if err != nil {
		return nil, []error{err}
	}
	rec.Series, rec.Latency = dir.Series(), dir.Latency()
	yaml, err := s.Spec.YAML()
	if err == nil {
		err = dir.WriteSpec(yaml)
	}
	s.log(dir.Log())
	return dir, []error{err}
}

// log writes down what happened, and what workers said last.
func (s *summing) log(w io.Writer) {
	log := slog.New(slog.NewTextHandler(w, nil))
	for _, e := range s.c.diary.list {
		log.Info(e.Text, "at", time.Duration(e.At))
	}
	for _, id := range slices.Sorted(maps.Keys(s.led.workers)) {
		if l := s.led.workers[id].last; l != nil {
			for _, line := range l.Log {
				log.Info(line, "worker", id)
			}
		}
	}
}

// meanRate is the mean of the schedule's rate between two moments.
func meanRate(p arrival.Profile, from, to, end int64) float64 {
	if end > 0 {
		from, to = min(from, end), min(to, end)
	}
	if to <= from {
		return 0
	}
	a, b := float64(from)/1e9, float64(to)/1e9
	return (p.Area(b) - p.Area(a)) / (b - a)
}

func (s *summing) summary(col *report.Collector, labels map[int]*measure.Label, started time.Time, slo []report.Condition) *report.Summary {
	sha, _ := s.Spec.SHA256()
	total := col.Total()
	byName := make(map[string]*measure.Label, len(labels))
	for n, l := range labels {
		byName[s.led.labels.list[n]] = l
	}
	workers, gen := s.workers()
	gen.StealMax = max(gen.StealMax, col.StealMax())
	return report.Build(total, report.Facts{
		Run: report.Run{
			ID: started.UTC().Format("20060102T150405") + "-" + strconv.FormatUint(s.spec.Seed&0xffff, 16), Name: s.spec.Name, Version: s.Version,
			Started: started, Ended: s.Clock.Now(), Seed: s.spec.Seed, SpecSHA256: sha, End: s.why(), Targets: s.targets(),
		},
		Load: report.Load{
			Mode: report.ModeOpen, Arrival: s.model.Arrival(), Arrivals: total.Arrivals, DurationNS: s.end, Connections: s.Spec.Connections,
		},
		Records: s.records(), Generator: gen, Labels: byName, Warmup: s.model.Warmup(), StatusName: s.model.StatusName, Objectives: slo,
		Workers: workers, Events: s.events(),
	})
}

func (s *summing) events() []report.Event {
	list := make([]report.Event, len(s.c.diary.list))
	for i, e := range s.c.diary.list {
		list[i] = report.Event{AtNS: e.At, Text: e.Text}
	}
	return list
}

// why is the run's end.
func (s *summing) why() string {
	p := &s.c.plan
	switch {
	case p.Stop == Interrupted:
		return report.EndInterrupted
	case p.Stop != "" && p.Aborted:
		return report.Aborted(p.Stop)
	case p.Stop != "":
		return "failed: " + p.Stop
	case p.Drained && (p.End == 0 || p.FedAt < p.End):
		return report.EndSource
	}
	return report.EndSchedule
}
