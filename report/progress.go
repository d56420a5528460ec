package report

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/iagoloadgen/iago/measure"
)

// Plan is what those who watch a run are told beforehand.
type Plan struct {
	Name     string
	Target   string
	Duration time.Duration // of the schedule; 0: not known
	Requests int64         // the schedule ends after so many; 0: not bounded
	Warmup   time.Duration
	Closed   bool
}

// Progress shows a run while it goes on: redrawn in place on a terminal, a plain line every five seconds elsewhere.
// It is not safe for concurrent use. Errors of its writer are ignored: no result depends on it.
type Progress struct {
	w     io.Writer
	tty   bool
	width func() int
	plan  Plan

	sum      measure.Requests
	answers  int64 // that count as errors: server errors, and those that failed a check
	answered []float64
	p99      []float64 // ns
	drawn    int       // lines on the screen
	told     int64     // the moment of the last plain line
	several  bool      // workers have been seen: their number is shown, even if none is left
}

const (
	tellEvery = int64(5 * time.Second)
	slack     = int64(100 * time.Millisecond)
	shortest  = int64(500 * time.Millisecond) // a shorter stretch, at a run's end, gives no rate worth showing
	history   = 400                           // seconds that the small charts may show
	maxWidth  = 100
)

// NewProgress shows nothing yet. width gives the terminal's columns, asked at each update; nil: 80.
func NewProgress(w io.Writer, tty bool, width func() int, plan Plan) *Progress {
	plan.Name, plan.Target = clean(plan.Name), clean(plan.Target)
	return &Progress{w: w, tty: tty, width: width, plan: plan}
}

// Update shows a second that has just passed. window is the last seconds merged, as [Collector.Window] gives them.
func (p *Progress) Update(s Second, window *measure.Interval) {
	p.sum.Add(&s.Requests)
	p.answers += s.ServerErr + s.CheckFailed
	p.several = p.several || s.Workers > 0
	if s.LengthNS < shortest {
		return
	}
	p.answered = remember(p.answered, perSecond(s.Completed, s.LengthNS))
	p.p99 = remember(p.p99, float64(s.Latency.P99))
	now := window.End
	switch {
	case p.tty:
		p.draw(&s, window, now)
	case now-p.told >= tellEvery-slack:
		p.told = now
		p.write(p.plainLine(&s, window, now) + "\n")
	}
}

// Done takes the live display off the terminal.
func (p *Progress) Done() {
	if p.tty && p.drawn > 0 {
		p.write(p.home() + "\x1b[J")
		p.drawn = 0
	}
}

func (p *Progress) write(s string) { _, _ = io.WriteString(p.w, s) }

func remember(list []float64, v float64) []float64 {
	if len(list) == history {
		list = append(list[:0], list[1:]...)
	}
	return append(list, v)
}

func perSecond(n, ns int64) float64 {
	if ns <= 0 {
		return 0
	}
	return float64(n) / (float64(ns) / 1e9)
}

// times are the window's; those of the warm-up while there are no others.
func times(w *measure.Interval) *measure.Times {
	if w.Times.Latency.Count() == 0 && w.Times.Lateness.Count() == 0 {
		return &w.Warmup
	}
	return &w.Times
}

// plainLine is one line about the last seconds.
func (p *Progress) plainLine(s *Second, w *measure.Interval, now int64) string {
	length, t := w.End-w.Start, times(w)
	parts := []string{p.position(now)}
	if !p.plan.Closed {
		parts = append(parts, "asked "+Rate(s.RateAsked))
	}
	parts = append(parts,
		"sent "+Rate(perSecond(w.Requests.Sent, length)), "answered "+Rate(perSecond(w.Requests.Completed, length)),
		"p50 "+quantileOf(&t.Latency, 0.5), "p99 "+quantileOf(&t.Latency, 0.99), "errors "+p.errors(),
		"in flight "+Count(w.InFlightEnd))
	if w.WaitingEnd > 0 {
		parts = append(parts, "waiting "+Count(w.WaitingEnd))
	}
	if p.several {
		parts = append(parts, several(int64(s.Workers), "worker"))
	}
	if !p.plan.Closed {
		parts = append(parts, "lateness p99 "+quantileOf(&t.Lateness, 0.99))
	}
	return strings.Join(parts, "  ")
}

// position is how far the run is: "15s/1m".
func (p *Progress) position(now int64) string {
	s := Duration(roundSecond(now))
	if p.plan.Duration > 0 {
		s += "/" + Duration(int64(p.plan.Duration))
	} else if p.plan.Requests > 0 {
		s += fmt.Sprintf(" (%s of %s)", Count(p.sum.Scheduled), Count(p.plan.Requests))
	}
	if now <= int64(p.plan.Warmup) {
		s += " warm-up"
	}
	return s
}

func roundSecond(ns int64) int64 { return int64(time.Duration(ns).Round(time.Second)) }

func quantileOf(h *measure.Histogram, q float64) string {
	if h.Count() == 0 {
		return "-"
	}
	return Duration(h.Quantile(q))
}

// errors is the share of requests so far that failed, were dropped, were answered with an error of the server, or failed a check.
func (p *Progress) errors() string {
	return Percent(float64(p.bad()) / float64(max(p.sum.Scheduled, 1)))
}

func (p *Progress) bad() int64 { return p.sum.Failed + p.sum.Dropped + p.answers }
