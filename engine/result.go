package engine

import (
	"time"

	"github.com/iagoloadgen/iago/measure"
)

func (e *Engine) result(elapsed time.Duration) Result {
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
		for i, l := range s.rec.labels {
			if l != nil {
				e.mergeLabel(r.Labels, e.labelName(i), l)
			}
		}
	}
	r.Failures = sample.Failures()
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

func (e *Engine) labelName(i int) string {
	if e.prod == nil {
		return e.shards[0].fixed[0].req.Label
	}
	return e.prod.names[i]
}

func (e *Engine) mergeLabel(all map[string]*measure.Label, name string, l *measure.Label) {
	m := all[name]
	if m == nil {
		m = new(measure.Label)
		all[name] = m
	}
	m.Requests.Add(&l.Requests)
	m.Latency.Add(&l.Latency)
}
