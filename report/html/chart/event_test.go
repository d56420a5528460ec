package chart

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func eventsAt(at ...float64) (list []Event) {
	for i, x := range at {
		list = append(list, Event{At: x, Number: i + 1, Text: "text " + fmt.Sprint(i+1)})
	}
	return list
}

func TestFlags(t *testing.T) {
	for _, c := range []struct {
		name string
		at   []float64 // of five seconds
		want string    // labels, those only for wide pages in parentheses
	}{
		{"none", nil, ""},
		{"apart", []float64{0, 1, 2.5, 5}, "1 2 3 4"},
		{"at once", []float64{1, 1, 1, 3}, "1–3 4"},
		{"close", []float64{1, 1.05, 3}, "1–2 3"},
		{"too close for a phone", []float64{1, 1.2, 1.4, 3}, "1 (2) 3 4"},
		{"one makes room for none", []float64{1, 1.1, 1.15}, "1–3"},
	} {
		chart := small()
		chart.Events = eventsAt(c.at...)
		var got []string
		for _, f := range chart.flags() {
			label := f.label()
			if f.wide {
				label = "(" + label + ")"
			}
			got = append(got, label)
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s: %s, want %s", c.name, s, c.want)
		}
	}
}

// Wherever events lie, each is under exactly one number, and numbers do not overlap.
func TestFlagsNeverOverlap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := rapid.SliceOfN(rapid.Float64Range(0, 1), 0, 100).Draw(t, "gaps")
		for i := 1; i < len(at); i++ {
			at[i] = at[i-1] + at[i]*0.2
		}
		c := small()
		c.Events = eventsAt(at...)
		next := 1
		wide, phone := -1.0, -1.0
		for _, f := range c.flags() {
			if f.first != next || f.last < f.first {
				t.Fatalf("flag %s after %d", f.label(), next-1)
			}
			next = f.last + 1
			if f.end(-1, roomy) < wide-1e-9 || !f.wide && f.end(-1, narrow) < phone-1e-9 {
				t.Fatalf("flag %s overlaps the one before", f.label())
			}
			if wide = f.end(1, roomy); !f.wide {
				phone = f.end(1, narrow)
			}
		}
		if next != len(at)+1 {
			t.Fatalf("%d of %d events under a number", next-1, len(at))
		}
	})
}

func TestNotes(t *testing.T) {
	c := small()
	c.X = c.X[:4] // nothing stands for the last second
	c.Events = eventsAt(0, 1, 1.9, 4.7, 4.8)
	c.Events = append(c.Events, Event{At: 4.9, Number: 6}, Event{At: 4.9, Number: 7}, Event{At: 4.9, Number: 8}, Event{At: 5, Number: 9})
	want := map[int][]string{0: {"1: text 1"}, 1: {"2: text 2", "3: text 3"}, 3: {"4: text 4", "5: text 5", "6: ", "7: ", "and 2 more"}}
	if d := cmp.Diff(want, c.Readout().Notes); d != "" {
		t.Error(d)
	}
	c.X = nil
	if n := c.notes(); n != nil {
		t.Errorf("%v without a place", n)
	}
}

func TestEventsAreDrawn(t *testing.T) {
	c := small(Series{Name: "a", Class: "p50", Values: []float64{1, 2, 3, 4, 5}})
	c.Events = eventsAt(1, 1, 4)
	svg := string(c.SVG())
	elements, texts := parse(t, svg)
	if elements["line.event"] != 2 || elements["text.flag"] != 2 || !texts["1–2"] || !texts["3"] {
		t.Errorf("%v, %v", elements, texts)
	}
	if strings.Contains(svg, "text 1") || strings.Index(svg, `"event"`) > strings.Index(svg, `"line p50"`) {
		t.Errorf("events are written out, or cover the line: %s", svg)
	}
}
