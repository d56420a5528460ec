package html

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"

	"github.com/iagoloadgen/iago/report"
)

// line is an event's line, or what stands above lines, measured in pixels from the plot's corner.
type line struct {
	Figure, Text     string
	X, Y, Height     float64
	PlotWidth, Plot  float64
	Visible, Stroked bool
}

const linesScript = `[...document.querySelectorAll("figure .plot")].flatMap(plot => {
	const p = plot.getBoundingClientRect();
	return [...plot.querySelectorAll(".event, .flag")].map(e => {
		const b = e.getBoundingClientRect();
		return {Figure: plot.closest("figure").id, Text: e.textContent, X: b.x + b.width / 2 - p.x, Y: b.y - p.y, Height: b.height,
			PlotWidth: p.width, Plot: p.height, Visible: getComputedStyle(e).display !== "none", Stroked: getComputedStyle(e).stroke.startsWith("rgb(")};
	});
})`

// seeWorkers: events are lines at their moments in all charts over time, with numbers where there is room and their words in the
// read-out; workers stand in a table, the lost one marked.
func seeWorkers(t *testing.T, ctx context.Context, d Data) {
	for _, width := range []int64{1100, 320} {
		p := open(t, ctx, d, width, 900)
		figures := map[string][]float64{}
		labels := map[string]string{}
		for _, l := range eval[[]line](p, linesScript) {
			if l.Text == "" {
				figures[l.Figure] = append(figures[l.Figure], math.Round(l.X/l.PlotWidth*60.04*10)/10)
				if !l.Stroked || l.Height < l.Plot || l.Height > l.Plot+10 {
					t.Errorf("a line of %s: %+v", l.Figure, l)
				}
				continue
			}
			if l.Visible {
				labels[l.Figure] = strings.TrimSpace(labels[l.Figure] + " " + l.Text)
				if l.Y+l.Height > 0 {
					t.Errorf("number %s of %s hangs into the plot: %+v", l.Text, l.Figure, l)
				}
			}
		}
		at := []float64{20, 41.8, 42.7}
		near := cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) <= 0.3 })
		for figure := range strings.FieldsSeq("rates latency errors concurrency lateness") {
			if diff := cmp.Diff(at, figures[figure], near); diff != "" || labels[figure] != "2 3–4" {
				t.Errorf("at %d pixels, events of %s are numbered %q; %s", width, figure, labels[figure], diff)
			}
		}
		if len(figures) != 5 {
			t.Errorf("events in %v, want them in the charts over time alone", figures)
		}
		p.point("latency", 41.5/60.04)
		if s := eval[shown](p, shownScript); !strings.Contains(s.Text, "3: w3 was lost: signal: killed") || !s.Inside {
			t.Errorf("read-out %+v, want the event", s)
		}
		p.keep(fmt.Sprintf("event-%d.png", width), chromedp.CaptureScreenshot())
		said := eval[string](p, `document.querySelector("#latency .hit").getAttribute("aria-valuetext")`)
		if !strings.HasSuffix(said, ". event 3: w3 was lost: signal: killed") {
			t.Errorf("said: %q", said)
		}
		p.point("latency", 30.5/60.04)
		if s := eval[shown](p, shownScript); strings.Contains(s.Text, "lost") {
			t.Errorf("read-out %+v, ten seconds before the event", s)
		}
		rows := eval[[][]string](p, `[...document.querySelectorAll("#workers tbody tr")].map(r => [r.cells[0].innerText, r.className, r.cells[2].innerText])`)
		want := [][]string{{"w3", "no", "lost: signal: killed"}, {"w2", "no", "done"}, {"w1", "", "done"}, {"w4", "", "done"}}
		if diff := cmp.Diff(want, rows); diff != "" {
			t.Error(diff)
		}
		p.quiet()
	}
	many := tiny()
	many.Summary.Events = nil
	for i := range int64(60) {
		many.Summary.Events = append(many.Summary.Events, report.Event{AtNS: i * i * 800_000, Text: "rate changed"})
	}
	for _, width := range []int64{1100, 704, 390, 320} {
		p := open(t, ctx, many, width, 900)
		for _, wrong := range eval[[]string](p, layoutScript) {
			t.Errorf("many events at %d pixels: %s", width, wrong)
		}
		p.picture(fmt.Sprintf("events-%d", width))
		p.quiet()
	}
}
