// Package chart draws line and column charts as SVG text, so that a page shows them without a script, prints them
// and tests can look into them.
//
// A chart has no width of its own. Marks (lines, bands, columns) are drawn into a square of 1000 × 1000 units that the
// browser stretches to the plot, with strokes that do not stretch; gridlines and labels stand at percentages of it. So
// the same SVG fits a phone and a wide screen with letters of the same size. Y labels hang over its left edge,
// x labels below it: the page leaves room there. Colors come from the page's style sheet, by class.
package chart

import (
	"html/template"
	"math"
)

// Kind is how a series is drawn.
type Kind int

// The kinds of series.
const (
	Line   Kind = iota // a stroke through the values, broken where one is missing
	Band               // a filled stretch between Low and Values
	Column             // filled columns, one on top of the other in the order of the series
)

// Series is one thing drawn over the axis.
type Series struct {
	Name   string // in legend and read-out; may hold any text
	Class  string // of the style sheet; a plain word
	Kind   Kind
	Values []float64 // one a place of the chart's X; NaN: none
	Low    []float64 // of a Band
	Silent bool      // not in the read-out
}

// Span is the stretch of the x axis that a value stands for. A point in the middle marks it; From may equal To.
type Span struct{ From, To float64 }

// Chart is everything drawn in one plot.
type Chart struct {
	ID          string // unique in the page; a plain word
	Title, Desc string // for readers who cannot see the drawing
	Group       string // charts of one group share their crosshair: they have the same X
	X           []Span
	XScale      Scale
	YScale      Scale
	Series      []Series
	Shade       []Span                 // stretches set apart, such as a warm-up
	Events      []Event                // moments marked, in ascending order
	Where       func(i int) string     // names place i in the read-out
	Format      func(y float64) string // writes a value in the read-out
	mids        []float64              // 0…1000
}

// Entry is a line of the legend.
type Entry struct {
	Name, Class string
	Kind        Kind
}

// Legend lists the series in order.
func (c *Chart) Legend() []Entry {
	entries := make([]Entry, 0, len(c.Series))
	for _, s := range c.Series {
		entries = append(entries, Entry{s.Name, s.Class, s.Kind})
	}
	return entries
}

// Readout is what the page's script needs to show values under the pointer.
type Readout struct {
	ID     string          `json:"id"`
	Group  string          `json:"group,omitempty"`
	X      []float64       `json:"x"` // 0…1000
	Where  []string        `json:"where"`
	Series []ReadoutSeries `json:"series"`
	// Notes are the events at a place.
	Notes map[int][]string `json:"notes,omitempty"`
}

// ReadoutSeries are the written values of one series, "" where there is none.
type ReadoutSeries struct {
	Name   string   `json:"name"`
	Class  string   `json:"class"`
	Values []string `json:"values"`
}

// Readout returns the values in words.
func (c *Chart) Readout() Readout {
	r := Readout{ID: c.ID, Group: c.Group, X: c.middles(), Series: []ReadoutSeries{}, Notes: c.notes()}
	for i := range c.X {
		r.Where = append(r.Where, c.Where(i))
	}
	for _, s := range c.Series {
		if s.Silent {
			continue
		}
		rs := ReadoutSeries{Name: s.Name, Class: s.Class, Values: make([]string, len(s.Values))}
		for i, v := range s.Values {
			if !math.IsNaN(v) {
				rs.Values[i] = c.Format(v)
			}
		}
		r.Series = append(r.Series, rs)
	}
	return r
}

// SVG draws the chart. Every text in it is escaped.
func (c *Chart) SVG() template.HTML {
	var w writer
	w.open(c)
	w.shade(c)
	w.grid(c.XScale.Ticks(), true)
	w.grid(c.YScale.Ticks(), false)
	w.events(c)
	w.marks(c)
	w.close()
	return template.HTML(w.String())
}

// middles returns where on the x axis each value stands, 0…1000 with two decimals at most.
func (c *Chart) middles() []float64 {
	if c.mids == nil {
		c.mids = make([]float64, len(c.X))
		for i, s := range c.X {
			c.mids[i] = math.Round((c.XScale.At(s.From)+c.XScale.At(s.To))*50000) / 100
		}
	}
	return c.mids
}
