package report

import (
	"fmt"

	"github.com/iagoloadgen/iago/measure"
)

// Figures are what a [Condition] is judged on: a whole run or a stretch of it.
type Figures struct {
	Interval   *measure.Interval
	Labels     map[string]*measure.Label // nil: none known
	DurationNS int64                     // what rates refer to; 0: the interval's own length
	// Stretch says that the interval is a part of a run, in which requests are due and have their outcomes at different
	// times: errors then are a share of the requests that had their outcome in it, rather than of those scheduled.
	Stretch bool
}

// Judge tells the condition's figure and whether the condition holds. It is not known where nothing was measured; the
// objective then says why and counts as missed.
func (c Condition) Judge(f Figures) (o Objective, known bool) {
	o.Expr = c.expr
	o.Value, o.Note = c.value(f)
	if o.Note != "" {
		return o, false
	}
	switch c.op {
	case "<":
		o.OK = o.Value < c.limit
	case "<=":
		o.OK = o.Value <= c.limit
	case ">":
		o.OK = o.Value > c.limit
	default:
		o.OK = o.Value >= c.limit
	}
	return o, true
}

// value is the figure, or why there is none.
func (c Condition) value(f Figures) (v float64, why string) {
	switch c.figure {
	case figureErrors:
		return errorShare(f)
	case figureChecks:
		return passedShare(f.Interval.Checks, c.label)
	}
	latency, requests := &f.Interval.Times.Latency, &f.Interval.Requests
	if c.label != "" {
		l := f.Labels[c.label]
		if l == nil {
			return 0, fmt.Sprintf("no request had the label %q", c.label)
		}
		latency, requests = &l.Latency, &l.Requests
	}
	switch c.figure {
	case figureRate:
		d := f.DurationNS
		if d <= 0 {
			d = f.Interval.End - f.Interval.Start
		}
		if d <= 0 {
			return 0, "the schedule has no length"
		}
		return float64(requests.Completed) / (float64(d) / 1e9), ""
	}
	if latency.Count() == 0 {
		return 0, "no latency was measured"
	}
	switch c.figure {
	case figureMean:
		return latency.Mean(), ""
	case figureMax:
		return float64(latency.Max()), ""
	default:
		return float64(latency.Quantile(c.q)), ""
	}
}

// errorShare is (failed + dropped + server errors + requests with a failed check) / scheduled. Of a stretch it is at
// most 1: a processor that is behind tells of failed checks later than of the outcomes that it is a share of.
func errorShare(f Figures) (v float64, why string) {
	r := &f.Interval.Requests
	of := r.Scheduled
	if f.Stretch {
		of = r.Completed + r.Failed + r.Dropped
	}
	if of == 0 {
		return 0, "no request was due"
	}
	return min(float64(r.Failed+r.Dropped+f.Interval.ServerErrors+f.Interval.CheckFail)/float64(of), 1), ""
}

// passedShare is the share of checks that passed: of those with a name, or of all.
func passedShare(checks map[string]measure.Check, name string) (v float64, why string) {
	var sum Check
	for n, c := range checks {
		if name == "" || n == name {
			sum.Passed += c.Passed
			sum.Failed += c.Failed
		}
	}
	switch n := sum.Passed + sum.Failed; {
	case n > 0:
		return float64(sum.Passed) / float64(n), ""
	case name != "":
		return 0, fmt.Sprintf("no check %q was made", name)
	}
	return 0, "no check was made"
}

// value writes an objective's value for people, in its own unit.
func (o Objective) value() string {
	c, err := ParseCondition(o.Expr)
	switch {
	case o.Note != "":
		return o.Note
	case err == nil && (c.figure == figureErrors || c.figure == figureChecks):
		return Percent(o.Value)
	case err == nil && c.figure == figureRate:
		return Rate(o.Value)
	}
	return Duration(int64(o.Value))
}

// AbortReason tells which of the rules holds over the collector's last five seconds, and with what value; "" if none
// does, or the run is not five seconds old, or there is nothing to judge on.
func AbortReason(rules []Condition, c *Collector) string {
	if len(rules) == 0 {
		return ""
	}
	w, whole := c.Window()
	if r := &w.Requests; !whole || r.Scheduled+r.Completed+r.Failed+r.Dropped == 0 {
		return ""
	}
	for _, rule := range rules {
		if o, known := rule.Judge(Figures{Interval: w, Stretch: true}); known && o.OK {
			return fmt.Sprintf("%s held over the last 5s: %s", rule, o.value())
		}
	}
	return ""
}
