package html

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/iagoloadgen/iago/report"
)

// TestInChromium opens reports in a real browser and looks at what it has drawn.
func TestInChromium(t *testing.T) {
	ctx := browser(t)
	sample := newSimulation(60).run()
	for _, c := range []struct {
		name string
		test func(*testing.T, context.Context, Data)
	}{
		{"marks", seeMarks},
		{"layout", seeLayout},
		{"schemes", seeSchemes},
		{"pointer", seePointer},
		{"keys", seeKeys},
		{"workers", seeWorkers},
		{"print", seePrint},
		{"hostile", seeHostile},
		{"odd runs", seeOddRuns},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, ctx, sample) })
	}
}

// mark is a drawn path, measured in pixels.
type mark struct {
	Figure, Name, Class, Stroke, Fill string
	Points                            int
	X, Y, Width, Height               float64 // from the plot's corner
	PlotWidth, PlotHeight             float64
}

const marksScript = `[...document.querySelectorAll("figure .plot")].flatMap(plot => {
	const p = plot.getBoundingClientRect();
	return [...plot.querySelectorAll(".marks path")].map(path => {
		const b = path.getBoundingClientRect(), s = getComputedStyle(path);
		return {Figure: plot.closest("figure").id, Name: path.dataset.name, Class: path.classList[0], Stroke: s.stroke, Fill: s.fill,
			Points: path.getAttribute("d").split(/(?=[ML])/).length,
			X: b.x - p.x, Y: b.y - p.y, Width: b.width, Height: b.height, PlotWidth: p.width, PlotHeight: p.height};
	});
})`

// seeMarks: every series of every chart is there, of the right size, with a point for every second that has a value.
func seeMarks(t *testing.T, ctx context.Context, d Data) {
	p := open(t, ctx, d, 1100, 900)
	byName := map[string]mark{}
	for _, m := range eval[[]mark](p, marksScript) {
		byName[m.Figure+" "+m.Name] = m
		const slack = 4 // px: strokes and rounding
		if m.X < -slack || m.Y < -slack || m.X+m.Width > m.PlotWidth+slack || m.Y+m.Height > m.PlotHeight+slack {
			t.Errorf("%s %s leaves its plot: %+v", m.Figure, m.Name, m)
		}
		if m.PlotWidth < 800 || m.PlotHeight < 150 {
			t.Errorf("%s: a plot of %v × %v pixels", m.Figure, m.PlotWidth, m.PlotHeight)
		}
		if paint := m.Stroke + m.Fill; !strings.Contains(paint, "rgb(") {
			t.Errorf("%s %s has no color: %s", m.Figure, m.Name, paint)
		}
	}
	measured, failed := 0, 0 // seconds with latencies, columns of refused connections
	for _, s := range d.Series[:60] {
		if s.Latency.Count > 0 {
			measured++
		}
		if s.Errors["connection refused"] > 0 {
			failed++
		}
	}
	if measured < 55 || measured > 59 || failed < 3 {
		t.Fatalf("%d seconds have latencies and %d refused connections: the sample has no warm-up, stall or restart", measured, failed)
	}
	for name, want := range map[string]struct {
		points        int
		width, height float64 // at least these shares of the plot
	}{
		"rates asked": {60, 0.97, 0}, "rates sent": {60, 0.97, 0.05}, "rates completed": {60, 0.97, 0.8},
		"latency p50": {measured, 0.97, 0.5}, "latency p90": {measured, 0.97, 0.5}, "latency p99": {measured, 0.97, 0.5}, "latency max": {measured, 0.97, 0.5},
		"distribution latency": {gridPoints, 0.99, 0.6}, "distribution service time": {gridPoints, 0.99, 0.6},
		"distribution lateness": {gridPoints, 0.98, 0.2}, "distribution wait": {gridPoints, 0.98, 0.6}, "distribution delay before sending": {2 * gridPoints, 0.99, 0.6},
		"errors connection refused": {failed, 0.03, 0.2}, "errors timeout": {failed, 0.03, 0.1}, "errors closed early": {failed, 0.03, 0.1},
		"errors answers that failed a check": {7, 0.1, 0.005},
		"concurrency mean":                   {60, 0.97, 0.3}, "concurrency max": {60, 0.97, 0.3}, "concurrency waiting": {60, 0.97, 0.5},
		"lateness p50": {60, 0.97, 0}, "lateness p99": {60, 0.97, 0.05}, "lateness max": {60, 0.97, 0.3},
	} {
		m, ok := byName[name]
		if !ok {
			t.Errorf("%s is not drawn", name)
			continue
		}
		if strings.HasPrefix(name, "distribution") {
			if m.Points < want.points || m.Points > want.points+40 {
				t.Errorf("%s has %d points, want about %d", name, m.Points, want.points)
			}
		} else if m.Points != want.points {
			t.Errorf("%s has %d points, want %d", name, m.Points, want.points)
		}
		if m.Width < want.width*m.PlotWidth || m.Height < want.height*m.PlotHeight {
			t.Errorf("%s is %.0f × %.0f in a plot of %.0f × %.0f", name, m.Width, m.Height, m.PlotWidth, m.PlotHeight)
		}
	}
	if shade := eval[float64](p, `document.querySelector("#rates rect.shade").getBoundingClientRect().width`); math.Abs(shade-byName["rates sent"].PlotWidth*5/60.04) > 1 {
		t.Errorf("the warm-up is %v pixels wide", shade)
	}
	p.quiet()
}

// layoutScript lists what is wrong with the layout: labels over each other or outside the page, text that is cut off.
const layoutScript = `(() => {
	const wrong = [], page = document.documentElement.clientWidth;
	if (document.documentElement.scrollWidth > page) wrong.push("the page is " + document.documentElement.scrollWidth + " wide in " + page);
	for (const svg of document.querySelectorAll(".plot > svg")) {
		const id = svg.closest("figure").id;
		const boxes = [...svg.querySelectorAll("text")].map(e => ({text: e.textContent, b: e.getBoundingClientRect()})).filter(e => e.b.width > 0);
		if (boxes.length < 6) wrong.push(id + ": only " + boxes.length + " labels");
		for (const [i, a] of boxes.entries()) {
			if (a.b.left < 0 || a.b.right > page) wrong.push(id + ": " + a.text + " leaves the page");
			for (const c of boxes.slice(i + 1))
				if (a.b.left < c.b.right + 2 && c.b.left < a.b.right + 2 && a.b.top < c.b.bottom - 1 && c.b.top < a.b.bottom - 1)
					wrong.push(id + ": " + a.text + " and " + c.text + " overlap");
		}
	}
	for (const e of document.querySelectorAll("h1,h2,h3,p,dt,dd,li,figcaption,summary")) {
		const b = e.getBoundingClientRect();
		if (b.width > 0 && (b.left < 0 || b.right > page + 1)) wrong.push(e.tagName + " leaves the page: " + e.textContent.slice(0, 40));
		if (e.clientWidth > 0 && e.scrollWidth > e.clientWidth + 1 && !e.closest(".sr")) wrong.push(e.tagName + " is cut: " + e.textContent.slice(0, 40));
	}
	return wrong;
})()`

// seeLayout: at the width of a screen, of a phone and of a small phone nothing overlaps or is cut.
func seeLayout(t *testing.T, ctx context.Context, d Data) {
	for _, width := range []int64{1100, 390, 320} {
		p := open(t, ctx, d, width, 900)
		for _, wrong := range eval[[]string](p, layoutScript) {
			t.Errorf("at %d pixels: %s", width, wrong)
		}
		p.picture(fmt.Sprintf("light-%d", width))
		p.quiet()
	}
}

// contrastScript lists texts whose contrast with what lies behind them is below WCAG 2's 4.5, and lines below 2.
const contrastScript = `(() => {
	const rgb = s => (s.match(/[\d.]+/g) || []).map(Number);
	const light = c => { const f = v => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; return .2126 * f(c[0]) + .7152 * f(c[1]) + .0722 * f(c[2]); };
	const ratio = (a, b) => { const x = light(a), y = light(b); return (Math.max(x, y) + .05) / (Math.min(x, y) + .05); };
	const behind = e => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor); if (c.length === 3 || c[3] === 1) return c; } return [255, 255, 255]; };
	const low = new Set();
	for (const e of document.querySelectorAll("body *")) {
		if (![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) || e.closest("script,title,desc")) continue;
		const s = getComputedStyle(e), r = ratio(rgb(e.closest("svg") ? s.fill : s.color), behind(e));
		if (r < 4.5) low.add(e.tagName + "." + e.getAttribute("class") + " " + r.toFixed(2));
	}
	for (const e of document.querySelectorAll("path.line")) {
		const r = ratio(rgb(getComputedStyle(e).stroke), behind(e));
		if (r < 2 || r < 3 && !e.matches(".sent,.p50,.peak,.max")) low.add(e.getAttribute("class") + " " + r.toFixed(2));
	}
	return [...low];
})()`

// seeSchemes: light and dark have colors of their own, charts included, and enough contrast.
func seeSchemes(t *testing.T, ctx context.Context, d Data) {
	p := open(t, ctx, d, 1100, 900)
	seen := map[string]string{}
	for _, scheme := range []string{"light", "dark"} {
		p.media(scheme, "")
		for _, low := range eval[[]string](p, contrastScript) {
			t.Errorf("%s: too little contrast: %s", scheme, low)
		}
		colors := eval[map[string]string](p, `Object.fromEntries([["page", "body", "backgroundColor"], ["text", "body", "color"], ["tick", ".tick", "fill"],
			["p99", "#latency path.p99", "stroke"], ["column", "#errors path.column", "fill"], ["grid", ".grid", "stroke"], ["verdict", "#verdict", "backgroundColor"]]
			.map(([name, selector, property]) => [name, getComputedStyle(document.querySelector(selector))[property]]))`)
		for name, color := range colors {
			if seen[name] == color {
				t.Errorf("%s is %s in light and dark", name, color)
			}
			seen[name] = color
		}
		p.picture(scheme)
	}
	p.quiet()
}

// shown is the state of the read-outs.
type shown struct {
	Crosses []string // ids of the figures with a crosshair
	Tips    []string // and with values
	Text    string
	Dots    int
	Inside  bool // the values stand inside the page
}

const shownScript = `(() => {
	const visible = s => [...document.querySelectorAll(s)].filter(e => e.offsetWidth > 0);
	const tip = visible(".tip")[0], b = tip && tip.getBoundingClientRect();
	return {Crosses: visible(".cross").map(e => e.closest("figure").id), Tips: visible(".tip").map(e => e.closest("figure").id),
		Text: tip ? tip.innerText : "", Dots: tip ? [...tip.parentElement.querySelectorAll(".dot")].filter(e => e.offsetWidth > 0).length : 0,
		Inside: !!b && b.left >= 0 && b.right <= document.documentElement.clientWidth};
})()`

// seePointer: under the pointer a crosshair and the values of that second, and the crosshair in all charts over time.
func seePointer(t *testing.T, ctx context.Context, d Data) {
	for _, width := range []int64{1100, 390} {
		p := open(t, ctx, d, width, 900)
		p.point("latency", (10+0.5)/60.04)
		s := eval[shown](p, shownScript)
		if got := fmt.Sprint(s.Crosses); got != "[rates latency errors concurrency lateness]" {
			t.Errorf("crosshairs in %s, want in all charts over time", got)
		}
		if fmt.Sprint(s.Tips) != "[latency]" || s.Dots != 4 || !s.Inside {
			t.Errorf("read-out %+v, want the latency chart's four values", s)
		}
		stats := d.Series[10].Latency
		for _, text := range []string{"10" + nbsp + "s\u2009–\u200911" + nbsp + "s", duration(float64(stats.P50)), duration(float64(stats.P99)), duration(float64(stats.Max))} {
			if !strings.Contains(s.Text, text) {
				t.Errorf("the read-out %q lacks %q", s.Text, text)
			}
		}
		p.keep(fmt.Sprintf("pointer-%d.png", width), chromedp.CaptureScreenshot())
		p.point("errors", 47.5/60.04)
		if s := eval[shown](p, shownScript); !strings.Contains(s.Text, "connection refused") || !s.Inside {
			t.Errorf("read-out of errors %+v", s)
		}
		p.point("distribution", 0.999)
		s = eval[shown](p, shownScript)
		if fmt.Sprint(s.Crosses) != "[distribution]" || !strings.Contains(s.Text, "the slowest") || !strings.Contains(s.Text, duration(float64(d.Summary.Latency.Max))) || !s.Inside {
			t.Errorf("read-out of the distribution's end %+v, want the largest latency", s)
		}
		if err := chromedp.Do(p.ctx, chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, 2, 2)); err != nil {
			t.Fatal(err)
		}
		if s := eval[shown](p, shownScript); len(s.Crosses)+len(s.Tips) > 0 {
			t.Errorf("read-outs stay when the pointer leaves: %+v", s)
		}
		p.quiet()
	}
}

// point moves the mouse over a plot, to a share of its width.
func (p *tab) point(figure string, at float64) {
	p.t.Helper()
	box := eval[[]float64](p, fmt.Sprintf(`(() => {
		const e = document.querySelector("#%s .hit");
		e.scrollIntoView({block: "center"});
		const b = e.getBoundingClientRect();
		return [b.x, b.y, b.width, b.height];
	})()`, figure))
	if err := chromedp.Do(p.ctx, chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, box[0]+at*box[2], box[1]+box[3]/2)); err != nil {
		p.t.Fatal(err)
	}
}

// seeKeys: the arrow keys move the read-out, and say its values to those who cannot see them.
func seeKeys(t *testing.T, ctx context.Context, d Data) {
	p := open(t, ctx, d, 1100, 900)
	eval[bool](p, `(document.querySelector("#rates .hit").focus(), true)`)
	for _, c := range []struct{ key, text string }{
		{kb.ArrowRight, "0 s\u2009–\u20091 s"},
		{kb.ArrowRight, "1 s\u2009–\u20092 s"},
		{kb.End, "59 s\u2009–\u200960 s"},
		{kb.ArrowRight, "59 s\u2009–\u200960 s"},
		{kb.ArrowLeft, "58 s\u2009–\u200959 s"},
		{kb.Home, "0 s\u2009–\u20091 s"},
	} {
		if err := chromedp.Do(p.ctx, chromedp.KeyEvent(c.key)); err != nil {
			t.Fatal(err)
		}
		said := strings.ReplaceAll(eval[string](p, `document.activeElement.getAttribute("aria-valuetext")`), nbsp, " ")
		if s := strings.ReplaceAll(eval[shown](p, shownScript).Text, nbsp, " "); !strings.HasPrefix(s, c.text) || !strings.HasPrefix(said, c.text+": asked 600/s") {
			t.Errorf("after %q the read-out is %q and %q, want %q", c.key, s, said, c.text)
		}
	}
	if err := chromedp.Do(p.ctx, chromedp.KeyEvent(kb.Escape)); err != nil {
		t.Fatal(err)
	}
	if s := eval[shown](p, shownScript); len(s.Crosses) > 0 {
		t.Errorf("read-outs stay after Escape: %+v", s)
	}
	p.quiet()
}

// seePrint: on paper the page is light even for those who read it dark, closed explanations are open, tables are whole.
func seePrint(t *testing.T, ctx context.Context, d Data) {
	p := open(t, ctx, d, 718, 1000) // A4 less its margins
	p.media("dark", "print")
	got := eval[map[string]any](p, `({page: getComputedStyle(document.body).backgroundColor, p99: getComputedStyle(document.querySelector("#latency .p99")).stroke,
		hit: getComputedStyle(document.querySelector(".hit")).display, help: document.querySelector("details.help p").offsetHeight > 10,
		cut: [...document.querySelectorAll(".scroll, pre")].filter(e => e.scrollWidth > e.clientWidth + 1).length,
		whole: [...document.querySelectorAll("figure")].every(e => getComputedStyle(e).breakInside === "avoid" && e.offsetHeight < 1000)})`)
	want := map[string]any{"page": "rgb(255, 255, 255)", "p99": "rgb(200, 80, 10)", "hit": "none", "help": true, "cut": 0.0, "whole": true}
	for k, v := range want {
		if got[k] != v {
			t.Errorf("%s is %v, want %v", k, got[k], v)
		}
	}
	p.picture("print")
	p.media("light", "")
	pdf, err := chromedp.Run(p.ctx, chromedp.PrintToPDF(chromedp.PDFPaper(chromedp.PaperA4)))
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(pdf, []byte("/Type /Page\n")); n < 3 || n > 11 {
		t.Errorf("%d pages", n)
	}
	p.quiet()
}

// seeHostile: text from outside is text, wherever it stands, and breaks no layout.
func seeHostile(t *testing.T, ctx context.Context, _ Data) {
	d := tiny()
	text := `<script>window.owned=1</script>"'><img src=x onerror=window.owned=1>` + strings.Repeat("long", 40)
	hostile(&d, text)
	p := open(t, ctx, d, 390, 844)
	if eval[bool](p, `"owned" in window || document.images.length > 0`) {
		t.Error("a text from outside ran")
	}
	if n := eval[int](p, `document.body.innerText.split("<script>window.owned=1</script>\"'><img src=x").length - 1`); n < 18 {
		t.Errorf("the text shows %d times, want wherever it was put", n)
	}
	for _, wrong := range eval[[]string](p, layoutScript) {
		t.Error(wrong)
	}
	p.point("errors", 0.5)
	if s := eval[shown](p, shownScript); !strings.Contains(s.Text, "<script>window.owned") || !s.Inside {
		t.Errorf("read-out %+v, want the cause as text", s)
	}
	p.picture("hostile")
	p.quiet()
}

// seeOddRuns: a run of one second, one of hours, one in closed mode, and one in which nothing completed.
func seeOddRuns(t *testing.T, ctx context.Context, _ Data) {
	second := tiny()
	second.Series = second.Series[1:2]
	second.Series[0].T = 0
	closed := newSimulation(5)
	closed.warmup = 0
	maximal := closed.run()
	maximal.Summary.Load.Mode, maximal.Summary.Verdict.Schedule, maximal.Summary.Warmup = "closed", "closed", nil
	nothing := Data{Summary: &report.Summary{}}
	spike := tiny()
	spike.Series[1].Latency.Max, spike.Series[2].Completed = 3600e9, 5_000_000
	for name, c := range map[string]struct {
		d      Data
		points int // of the line of what was sent
		charts int
	}{
		"second": {second, 1, 5}, "hours": {hours(3), 720, 5}, "closed": {maximal, 5, 6}, "nothing": {nothing, 0, 0}, "spike": {spike, 3, 6},
	} {
		p := open(t, ctx, c.d, 390, 844)
		for _, wrong := range eval[[]string](p, layoutScript) {
			t.Errorf("%s: %s", name, wrong)
		}
		charts := map[string]bool{}
		for _, m := range eval[[]mark](p, marksScript) {
			charts[m.Figure] = true
			if m.Figure == "rates" && m.Name == "sent" && (m.Points != c.points || m.Width < 0.6*m.PlotWidth) {
				t.Errorf("%s: %d points over %v of %v pixels, want %d", name, m.Points, m.Width, m.PlotWidth, c.points)
			}
		}
		if len(charts) != c.charts {
			t.Errorf("%s: charts %v, want %d", name, charts, c.charts)
		}
		p.picture(name)
		p.quiet()
	}
}
