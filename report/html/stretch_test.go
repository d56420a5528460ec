package html

import (
	"math"
	"testing"

	"github.com/iagoloadgen/iago/measure"
	"github.com/iagoloadgen/iago/report"
)

func seconds(n int) []report.Second {
	list := make([]report.Second, n)
	for i := range list {
		list[i] = report.Second{T: i, LengthNS: 1e9, RateAsked: 100, Requests: measure.Requests{Sent: int64(i % 7)}}
		list[i].Latency = report.Stats{Count: 1, P99: int64(i)}
	}
	return list
}

func TestStretches(t *testing.T) {
	tail := append(seconds(60), report.Second{T: 60, LengthNS: 4e6})
	for _, c := range []struct {
		name        string
		series      []report.Second
		points, per int
		end         float64
	}{
		{"none", nil, 0, 1, 0},
		{"a second", seconds(1), 1, 1, 1},
		{"a minute", seconds(60), 60, 1, 60},
		{"a short last piece joins the second before it", tail, 60, 1, 60.004},
		{"the most seconds a point each", seconds(720), 720, 1, 720},
		{"an hour", seconds(3600), 720, 5, 3600},
		{"three hours", seconds(10_800), 720, 15, 10_800},
		{"three hours and a bit", seconds(10_801), 721, 15, 10_801},
		{"ten hours", seconds(36_000), 600, 60, 36_000},
	} {
		list, step := stretches(c.series)
		if len(list) != c.points || step != c.per || end(c.series) != c.end {
			t.Errorf("%s: %d points of %d s to %v s, want %d of %d to %v", c.name, len(list), step, end(c.series), c.points, c.per, c.end)
		}
		var n int
		at := 0.0
		for _, p := range list {
			if p.from != at {
				t.Errorf("%s: a stretch begins at %v, want %v", c.name, p.from, at)
			}
			at, n = p.to, n+len(p.seconds)
		}
		if n != len(c.series) {
			t.Errorf("%s: %d seconds in stretches, want %d", c.name, n, len(c.series))
		}
	}
}

func TestStretchStatistics(t *testing.T) {
	s := seconds(3)
	s[1].LengthNS, s[1].Sent = 2e9, 600 // the generator was stopped for a second
	s[2].T = 3
	s[2].Latency.Count = 0
	p := &stretch{0, 4, s}
	if got, want := p.rate(sent), 602.0/4; got != want {
		t.Errorf("rate %v, want %v", got, want)
	}
	if lo, hi := p.extremes(perSecond(sent)); lo != 0 || hi != 300 {
		t.Errorf("extremes %v…%v, want 0…300", lo, hi)
	}
	p99 := func(s *report.Stats) int64 { return s.P99 }
	if got := p.worst(latencyOf, p99); got != 1 {
		t.Errorf("worst p99 %v, want 1: the second without latencies does not count", got)
	}
	none := &stretch{3, 4, s[2:]}
	if got := none.worst(latencyOf, p99); !math.IsNaN(got) {
		t.Errorf("worst p99 of nothing is %v, want none", got)
	}
	s[2].LengthNS, s[2].RateAsked = 3e6, 0
	if got := p.settled(func(s *report.Second) float64 { return s.RateAsked }); got != 100 {
		t.Errorf("asked %v, want 100: the last milliseconds are after the schedule", got)
	}
}
