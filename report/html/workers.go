package html

import (
	"fmt"
	"math"

	"github.com/iagoloadgen/iago/measure"
	"github.com/iagoloadgen/iago/report"
	"github.com/iagoloadgen/iago/report/html/chart"
)

// Bounds of what is told of events: those listed and drawn, and those listed without being asked for.
const (
	mostEvents = 100
	fewEvents  = 12
	mostNote   = 100 // letters of an event in a read-out
)

// events are what happened to a job.
type events struct {
	Summary string
	Open    bool
	List    []happened
	More    string
}

// happened is an event in words.
type happened struct{ At, Text string }

// newEvents returns nil where nothing happened.
func newEvents(list []report.Event) *events {
	if len(list) == 0 {
		return nil
	}
	v := &events{Summary: "1 event", Open: len(list) <= fewEvents}
	if n := len(list); n > 1 {
		v.Summary = count(int64(n)) + " events, from " + at(list[0].AtNS) + " to " + at(list[n-1].AtNS)
	}
	if more := len(list) - mostEvents; more > 0 {
		v.More = "and " + count(int64(more)) + " more in summary.json"
		list = list[:mostEvents]
	}
	for _, e := range list {
		v.List = append(v.List, happened{at(e.AtNS), clip(e.Text, mostLetters)})
	}
	return v
}

// mark gives the charts over time the events that lie on their axis. Numbers are those of the list.
func (t *timeline) mark(list []report.Event) {
	for i, e := range list[:min(len(list), mostEvents)] {
		if s := float64(e.AtNS) / 1e9; s >= 0 && s <= t.end {
			t.events = append(t.events, chart.Event{At: s, Number: i + 1, Text: clip(e.Text, mostNote)})
		}
	}
}

// workers are what each worker did, the worst first.
func workers(s *report.Summary) table {
	t := table{Name: "Workers", Class: "workers", Head: []column{
		left("worker"), left("host"), left("state"), left("verdict"), right("sent"), right("completed"), right("failed"), right("lost"), right("unsent"),
		right("latency p99"), right("lateness p99"), right("clock"), right("figures of"),
	}}
	list := s.WorkersWorstFirst()
	shown := list[:min(len(list), mostRows)]
	if more := list[len(shown):]; len(more) > 0 {
		t.More = "and " + count(int64(len(more))) + " more workers, " + report.InShort(more)
	}
	for i := range shown {
		w := &shown[i]
		if w.Troubled() {
			t.Alarm++
		}
		r := &w.Requests
		t.Rows = append(t.Rows, []string{
			clip(w.Name, mostLetters), clip(w.Host, mostLetters), workerState(w), clip(w.Verdict, mostLetters),
			count(r.Sent), count(r.Completed), count(r.Failed), count(r.Lost), count(r.Unsent),
			statsRow("", &w.Latency)[5], statsRow("", &w.Lateness)[5], clockOf(w),
			stretchOf(w),
		})
	}
	return t
}

// workerState is what became of a worker, and why.
func workerState(w *report.Worker) string {
	if w.Reason == "" {
		return clip(w.State, mostLetters)
	}
	return clip(w.State+": "+w.Reason, mostLetters)
}

// stretchOf is the time that a worker's figures account for.
func stretchOf(w *report.Worker) string {
	end := float64(w.ThroughNS) / 1e9
	return clock(float64(w.FromNS)/1e9, end) + "\u2009–\u2009" + clock(end, end)
}

// clockOf is how far a worker's clock is off, and how sure that is, to two digits.
func clockOf(w *report.Worker) string {
	if w.ClockOffsetNS == 0 && w.ClockErrorNS == 0 {
		return none
	}
	two := func(ns int64) string {
		v := math.Abs(float64(ns))
		if v == 0 {
			return "0"
		}
		digits := math.Pow(10, math.Floor(math.Log10(v))-1)
		return axisDuration(math.Round(v/digits) * digits)
	}
	sign := "+"
	if w.ClockOffsetNS < 0 {
		sign = "−"
	}
	return sign + two(w.ClockOffsetNS) + " ± " + two(w.ClockErrorNS)
}

// unclaimed says what is in the figures of the job and in no worker's.
func unclaimed(s *report.Summary) string {
	n := s.UnsentBy[measure.UnsentNoWorker]
	if n == 0 || len(s.Workers) == 0 {
		return ""
	}
	return fmt.Sprintf("Besides, %s of the job’s requests are in no row: no worker had their part of the schedule, so they are unsent.", count(n))
}

// crew sums the workers up in a few words; "" where one process ran alone.
func crew(s *report.Summary) string {
	if len(s.Workers) == 0 {
		return ""
	}
	return count(int64(len(s.Workers))) + ", " + report.InShort(s.Workers)
}
