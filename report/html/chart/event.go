package chart

import (
	"html"
	"math"
	"strconv"
	"unicode/utf8"
)

// Event is a moment that an upright line marks, with its number above.
type Event struct {
	At     float64 // on the x axis
	Number int     // ascending
	Text   string  // in the read-out; may hold any text
}

// mostNotes bounds the events that the read-out tells of one place.
const mostNotes = 4

// flag is what stands above one line, or above some that are too close together for a number each.
type flag struct {
	first, last int     // numbers
	from, to    float64 // 0…1
	wide        bool    // shown only where the page is wide enough
}

// crowd says how much room letters take, as shares of a plot's width.
type crowd struct{ letter, gap float64 }

// A plot is at least some 570 pixels wide on a screen, 210 on a small phone, which has smaller letters.
var (
	roomy  = crowd{0.0135, 0.006}
	narrow = crowd{0.034, 0.012}
)

func (f flag) label() string {
	if f.first == f.last {
		return strconv.Itoa(f.first)
	}
	return strconv.Itoa(f.first) + "–" + strconv.Itoa(f.last)
}

func (f flag) middle() float64 { return (f.from + f.to) / 2 }

// end is where the label ends, to the right or, with side −1, to the left.
func (f flag) end(side float64, c crowd) float64 {
	return f.middle() + side*(c.letter*float64(utf8.RuneCountInString(f.label()))+c.gap)/2
}

// flags gives the events numbers that do not overlap: those too close together on a wide page share one, and on a narrow
// page only those are shown that have room.
func (c *Chart) flags() (list []flag) {
	for _, e := range c.Events {
		at := c.XScale.At(e.At)
		next := flag{first: e.Number, last: e.Number, from: at, to: at}
		for len(list) > 0 && list[len(list)-1].end(1, roomy) > next.end(-1, roomy) {
			before := list[len(list)-1]
			next.first, next.from = before.first, before.from
			list = list[:len(list)-1]
		}
		list = append(list, next)
	}
	free := math.Inf(-1)
	for i := range list {
		if list[i].end(-1, narrow) < free {
			list[i].wide = true
			continue
		}
		free = list[i].end(1, narrow)
	}
	return list
}

// events draws the lines and their numbers.
func (w *writer) events(c *Chart) {
	drawn := ""
	for _, e := range c.Events {
		p := num(100 * c.XScale.At(e.At))
		if p != drawn { // several at once are one line
			w.f(`<line class="event" x1="%s%%" x2="%s%%" y1="-5" y2="100%%"/>`, p, p)
		}
		drawn = p
	}
	for _, f := range c.flags() {
		class := "flag"
		if f.wide {
			class = "flag wide"
		}
		w.f(`<text class="%s" x="%s%%" y="0" dy="-.75em" text-anchor="middle">%s</text>`, class, num(100*f.middle()), html.EscapeString(f.label()))
	}
}

// notes are the events in words, by the place in whose span they lie, or the nearest one.
func (c *Chart) notes() map[int][]string {
	if len(c.Events) == 0 || len(c.X) == 0 {
		return nil
	}
	list, more := map[int][]string{}, map[int]int{}
	for _, e := range c.Events {
		i := c.place(e.At)
		if len(list[i]) == mostNotes {
			more[i]++
			continue
		}
		list[i] = append(list[i], strconv.Itoa(e.Number)+": "+e.Text)
	}
	for i, n := range more {
		list[i] = append(list[i], "and "+strconv.Itoa(n)+" more")
	}
	return list
}

// place is the one whose span holds x, or the one that is nearest.
func (c *Chart) place(x float64) int {
	best, least := 0, math.Inf(1)
	for i, s := range c.X {
		if s.From <= x && x < s.To {
			return i
		}
		if d := math.Abs(x - (s.From+s.To)/2); d < least {
			best, least = i, d
		}
	}
	return best
}
