package chart

import (
	"fmt"
	"html"
	"math"
	"strconv"
	"strings"
)

// writer writes SVG.
type writer struct{ strings.Builder }

func (w *writer) f(format string, args ...any) { fmt.Fprintf(&w.Builder, format, args...) }

func (w *writer) open(c *Chart) {
	w.f(`<svg class="chart" role="img" aria-labelledby="%s-t %s-d" width="100%%" height="100%%">`, c.ID, c.ID)
	w.f(`<title id="%s-t">%s</title>`, c.ID, html.EscapeString(c.Title))
	w.f(`<desc id="%s-d">%s</desc>`, c.ID, html.EscapeString(c.Desc))
}

func (w *writer) close() { w.WriteString("</svg>") }

func (w *writer) shade(c *Chart) {
	for _, s := range c.Shade {
		from, to := c.XScale.At(s.From), c.XScale.At(s.To)
		w.f(`<rect class="shade" x="%s%%" y="0" width="%s%%" height="100%%"/>`, num(100*from), num(100*(to-from)))
	}
}

// grid draws the gridlines and labels of the x axis (upright lines) or the y axis.
func (w *writer) grid(ticks []Tick, upright bool) {
	for i, t := range ticks {
		class := "grid"
		if t.Rank == Minor {
			class = "grid minor"
		}
		if i == 0 && !upright {
			class = "axis"
		}
		p := num(100 * t.At)
		if upright {
			w.f(`<line class="%s" x1="%s%%" x2="%s%%" y1="0" y2="100%%"/>`, class, p, p)
		} else {
			p = num(100 - 100*t.At)
			w.f(`<line class="%s" x1="0" x2="100%%" y1="%s%%" y2="%s%%"/>`, class, p, p)
		}
		if t.Rank != Minor {
			w.label(t, p, upright)
		}
	}
}

func (w *writer) label(t Tick, p string, upright bool) {
	class := "tick"
	if t.Rank == Wide {
		class = "tick wide"
	}
	if upright {
		w.f(`<text class="%s" x="%s%%" y="100%%" dy="1.5em" text-anchor="middle">%s</text>`, class, p, html.EscapeString(t.Label))
		return
	}
	w.f(`<text class="%s" x="0" dx="-.6em" y="%s%%" dy=".34em" text-anchor="end">%s</text>`, class, p, html.EscapeString(t.Label))
}

// marks draws the series, bands below columns below lines so that nothing is hidden.
func (w *writer) marks(c *Chart) {
	w.WriteString(`<svg class="marks" width="100%" height="100%" viewBox="0 0 1000 1000" preserveAspectRatio="none">`)
	base := make([]float64, len(c.X))
	for _, kind := range []Kind{Band, Column, Line} {
		for _, s := range c.Series {
			if s.Kind != kind {
				continue
			}
			var d string
			switch kind {
			case Band:
				d = c.band(s)
			case Column:
				d = c.columns(s, base)
			case Line:
				d = c.line(s)
			}
			w.f(`<path class="%s %s" data-name="%s" d="%s"/>`, kind, s.Class, html.EscapeString(s.Name), d)
		}
	}
	w.WriteString("</svg>")
}

// String is the kind's class in the style sheet.
func (k Kind) String() string { return [...]string{"line", "band", "column"}[k] }

// num writes a coordinate with two decimals at most: a hundredth of a unit is far less than a pixel.
func num(v float64) string {
	return strconv.FormatFloat(math.Round(v*100)/100, 'f', -1, 64)
}
