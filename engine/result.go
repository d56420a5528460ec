package engine

import (
	"sync"
	"time"

	"github.com/iagoloadgen/iago/measure"
)

func (e *Engine) result(col *collector, elapsed time.Duration) Result {
	r := Result{
		Started: e.start, Elapsed: elapsed, End: e.end, Labels: map[string]*measure.Label{}, Shards: len(e.shards), Poller: e.pollerName,
	}
	if r.End == "" {
		r.End = EndSchedule
	}
	sample := measure.NewSample(e.cfg.Seed)
	for _, s := range e.shards {
		r.Duration = max(r.Duration, time.Duration(s.endedAt))
		r.Arrivals += s.rec.arrivals
		sample.Merge(s.rec.sample)
		if s.rec.only {
			col.total.Label(0) // is known by name also where nothing was due
		}
	}
	for i, l := range col.total.Labels {
		if l != nil {
			r.Labels[e.LabelName(i)] = l
		}
	}
	r.Sample, r.Failures = sample, sample.Failures()
	if e.prod != nil {
		r.Unused = e.prod.unused()
		r.Source = e.cfg.Source.Stats()
		bad, filtered := e.prod.bad.Load(), e.prod.filtered.Load()
		r.Source.Read -= bad + filtered
		r.Source.Bad += bad
		r.Source.Filtered += filtered
		r.Source.FirstBad = append(r.Source.FirstBad, e.prod.first...)
		r.Source.FirstBad = r.Source.FirstBad[:min(3, len(r.Source.FirstBad))]
	}
	return r
}

// LabelName is the name of a label that an interval has figures of ([measure.Interval.Labels]). It may be called from
// Config.OnInterval and after the run.
func (e *Engine) LabelName(number int) string {
	if e.prod == nil {
		return e.set.Load().fixed[0].req.Label
	}
	return e.prod.names.at(number)
}

// labelNames are the names of labels by number: the producer adds them while others ask for those that they have seen.
type labelNames struct {
	mu   sync.Mutex
	list []string
}

// add returns the new name's number.
func (l *labelNames) add(name string) int32 {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = append(l.list, name)
	return int32(len(l.list) - 1)
}

func (l *labelNames) at(number int) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.list[number]
}
