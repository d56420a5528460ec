package chart

import (
	"math"
	"strings"
)

// y returns a value's height in the square of marks, from the top.
func (c *Chart) y(v float64) float64 { return 1000 - 1000*c.YScale.At(v) }

// line is the path through a series' values. A value without neighbors is drawn as a level stroke over its span, since
// a path of one point shows nothing.
func (c *Chart) line(s Series) string {
	var b strings.Builder
	mids := c.middles()
	have := func(i int) bool { return i >= 0 && i < len(s.Values) && !math.IsNaN(s.Values[i]) }
	for i, v := range s.Values {
		if !have(i) {
			continue
		}
		op := "M"
		if have(i - 1) {
			op = "L"
		}
		b.WriteString(op + num(mids[i]) + " " + height(c.y(v)))
		if !have(i-1) && !have(i+1) {
			from, to := c.stroke(i)
			b.WriteString("H" + num(from) + "H" + num(to))
		}
	}
	return b.String()
}

// stroke returns the span of place i, widened so that it can be seen.
func (c *Chart) stroke(i int) (from, to float64) {
	const least = 2
	mid := c.middles()[i]
	from, to = 1000*c.XScale.At(c.X[i].From), 1000*c.XScale.At(c.X[i].To)
	return math.Min(from, mid-least), math.Max(to, mid+least)
}

// band is the outline between Low and Values, one closed piece for every stretch that has both.
func (c *Chart) band(s Series) string {
	var b strings.Builder
	mids := c.middles()
	for i := 0; i < len(s.Values); i++ {
		first := i
		for i < len(s.Values) && !math.IsNaN(s.Values[i]) && !math.IsNaN(s.Low[i]) {
			i++
		}
		if i-first < 2 {
			continue
		}
		op := "M"
		for j := first; j < i; j++ {
			b.WriteString(op + num(mids[j]) + " " + height(c.y(s.Values[j])))
			op = "L"
		}
		for j := i - 1; j >= first; j-- {
			b.WriteString("L" + num(mids[j]) + " " + height(c.y(s.Low[j])))
		}
		b.WriteString("Z")
	}
	return b.String()
}

// columns stacks a series on base and raises base by it.
func (c *Chart) columns(s Series, base []float64) string {
	var b strings.Builder
	for i, v := range s.Values {
		if !(v > 0) {
			continue
		}
		low := base[i]
		base[i] += v
		from, to := c.stroke(i)
		inset := math.Min((to-from)/20, 2)
		b.WriteString("M" + num(from+inset) + " " + height(c.y(low)) + "V" + height(c.y(base[i])) +
			"H" + num(to-inset) + "V" + height(c.y(low)) + "Z")
	}
	return b.String()
}

// height writes a y coordinate with one decimal: a plot is some 200 pixels high.
func height(v float64) string { return num(math.Round(v*10) / 10) }
