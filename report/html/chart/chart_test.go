package chart

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var gap = math.NaN()

// small is a chart of five seconds over 0…100.
func small(series ...Series) *Chart {
	c := &Chart{
		ID: "c", Title: "Title", Desc: "Desc", XScale: NewTime(5), YScale: NewLinear(100, 1, 5, plain),
		Series: series, Where: func(i int) string { return plain(float64(i)) }, Format: plain,
	}
	for i := range 5 {
		c.X = append(c.X, Span{float64(i), float64(i + 1)})
	}
	return c
}

func TestLine(t *testing.T) {
	for _, c := range []struct {
		name   string
		values []float64
		want   string
	}{
		{"whole", []float64{0, 25, 50, 75, 100}, "M100 1000L300 750L500 500L700 250L900 0"},
		{"broken", []float64{10, 20, gap, 30, 40}, "M100 900L300 800M700 700L900 600"},
		{"a lone value is a stroke over its second", []float64{gap, 50, gap, gap, gap}, "M300 500H200H400"},
		{"beyond the axis", []float64{-5, 1e12, gap, gap, gap}, "M100 1000L300 0"},
		{"nothing", []float64{gap, gap, gap, gap, gap}, ""},
	} {
		if got := small().line(Series{Values: c.values}); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestBand(t *testing.T) {
	s := Series{Values: []float64{50, 60, gap, 70, 80}, Low: []float64{10, 20, 30, 40, 50}}
	want := "M100 500L300 400L300 800L100 900ZM700 300L900 200L900 500L700 600Z"
	if got := small().band(s); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestColumnsStack(t *testing.T) {
	base := make([]float64, 5)
	c := small()
	first := c.columns(Series{Values: []float64{10, 0, gap, 0, 20}}, base)
	second := c.columns(Series{Values: []float64{30, 0, 0, 0, 0}}, base)
	want := "M2 1000V900H198V1000ZM802 1000V800H998V1000Z M2 900V600H198V900Z"
	if got := first + " " + second; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestReadout(t *testing.T) {
	c := small(Series{Name: "a", Class: "p50", Values: []float64{1, gap, 3, 4, 5}}, Series{Name: "b", Silent: true, Kind: Band})
	c.Group = "time"
	want := Readout{
		ID: "c", Group: "time", X: []float64{100, 300, 500, 700, 900}, Where: []string{"0", "1", "2", "3", "4"},
		Series: []ReadoutSeries{{Name: "a", Class: "p50", Values: []string{"1", "", "3", "4", "5"}}},
	}
	if diff := cmp.Diff(want, c.Readout()); diff != "" {
		t.Error(diff)
	}
}

// TestSVG holds the drawing as a whole: title, grid, labels and marks, all of it well-formed and escaped.
func TestSVG(t *testing.T) {
	c := small(
		Series{Name: "<script>alert(1)</script>", Class: "p50", Values: []float64{0, 25, 50, 75, 100}},
		Series{Name: "range", Class: "p50", Kind: Band, Values: []float64{1, 2, 3, 4, 5}, Low: []float64{0, 0, 0, 0, 0}},
		Series{Name: `"&'`, Class: "cause1", Kind: Column, Values: []float64{1, 2, 3, 4, 5}},
	)
	c.Title, c.Desc = "<Title>", `"Desc" & <b>`
	c.Shade = []Span{{0, 1}}
	svg := string(c.SVG())
	if !strings.Contains(svg, `role="img" aria-labelledby="c-t c-d"`) {
		t.Error("the drawing has no name for those who cannot see it")
	}
	if strings.Contains(svg, "<script") || strings.Contains(svg, "<b>") {
		t.Error("unescaped text")
	}
	elements, texts := parse(t, svg)
	want := map[string]int{
		"svg": 2, "title": 1, "desc": 1, "rect.shade": 1, "path.line p50": 1, "path.band p50": 1, "path.column cause1": 1,
		"line.axis": 1, "line.grid": 11, "text.tick": 12,
	}
	if diff := cmp.Diff(want, elements); diff != "" {
		t.Error(diff)
	}
	for _, text := range []string{"<Title>", `"Desc" & <b>`, "0\u00a0s", "5\u00a0s", "100"} {
		if !texts[text] {
			t.Errorf("no text %q", text)
		}
	}
	if i, j := strings.Index(svg, `"band `), strings.Index(svg, `"line p50`); i > j {
		t.Error("a band covers the line")
	}
}

// parse counts the elements of a drawing, with their classes, and collects its texts.
func parse(t *testing.T, svg string) (elements map[string]int, texts map[string]bool) {
	t.Helper()
	elements, texts = map[string]int{}, map[string]bool{}
	d := xml.NewDecoder(strings.NewReader(svg))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return elements, texts
		}
		if err != nil {
			t.Fatalf("not well-formed: %v in %s", err, svg)
		}
		switch token := token.(type) {
		case xml.StartElement:
			name := token.Name.Local
			for _, a := range token.Attr {
				if a.Name.Local == "class" && name != "svg" {
					name += "." + a.Value
				}
			}
			elements[name]++
		case xml.CharData:
			texts[string(token)] = true
		}
	}
}
