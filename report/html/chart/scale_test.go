package chart

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func plain(v float64) string { return strconv.FormatFloat(v, 'g', 6, 64) }

// labels writes ticks down: gridlines without a label as ".", labels for wide pages in brackets.
func labels(s Scale) string {
	var out []string
	for _, t := range s.Ticks() {
		switch t.Rank {
		case Minor:
			out = append(out, ".")
		case Wide:
			out = append(out, "("+t.Label+")")
		default:
			out = append(out, t.Label)
		}
	}
	return strings.ReplaceAll(strings.Join(out, " "), "\u00a0", "")
}

func TestTicksAreRound(t *testing.T) {
	for _, c := range []struct {
		name  string
		scale Scale
		want  string
	}{
		{"linear", NewLinear(983, 1, 5, plain), "0 200 400 600 800 1000"},
		{"linear, end on a step", NewLinear(50, 1, 5, plain), "0 10 20 30 40 50"},
		{"linear, fractions", NewLinear(0.3, 0.1, 5, plain), "0 0.1 0.2 0.3"},
		{"linear, all zero", NewLinear(0, 1, 5, plain), "0 0.2 0.4 0.6 0.8 1"},
		{"linear, huge", NewLinear(3.6e12, 1, 4, plain), "0 1e+12 2e+12 3e+12 4e+12"},
		{"log, short", NewLog(30, 1290, false, plain), "20 50 100 200 500 1000 2000"},
		{"log, long", NewLog(1000, 2e9, false, plain), "1000 . . 10000 . . 100000 . . 1e+06 . . 1e+07 . . 1e+08 . . 1e+09 ."},
		{"log, its ends too near", NewLog(5, 1e6, false, plain), ". 10 . . 100 . . 1000 . . 10000 . . 100000 . . 1e+06"},
		{"log, values below", NewLog(5, 1e6, true, plain), "≤ 5 . . . 100 . . 1000 . . 10000 . . 100000 . . 1e+06"},
		{"log, one value", NewLog(7, 7, false, plain), "5 10 20 50"},
		{"percentile, 1", NewPercentile(1), "0% 50% max"},
		{"percentile, 500", NewPercentile(500), "0% 50% 90% . 99% . max"},
		{"percentile, 10,000", NewPercentile(10_000), "0% (50%) 90% . 99% . 99.9% . 99.99% (max)"},
		{"percentile, 5,000,000", NewPercentile(5_000_000), "0% (50%) 90% . 99% . (99.9%) . 99.99% . (99.999%) . 99.9999% . (max)"},
		{"time, a second", NewTime(1), "0s 0.2s 0.4s 0.6s 0.8s 1s"},
		{"time, a minute", NewTime(60), "0s (10s) 20s (30s) 40s (50s) 60s"},
		{"time, five minutes", NewTime(300), "0min 1min 2min 3min 4min 5min"},
		{"time, three minutes", NewTime(180), "0:00 (0:30) 1:00 (1:30) 2:00 (2:30) 3:00"},
		{"time, three hours", NewTime(10_800), "0:00h (0:30h) 1:00h (1:30h) 2:00h (2:30h) 3:00h"},
		{"time, a day", NewTime(86_400), "0h (3h) 6h (9h) 12h (15h) 18h (21h) 24h"},
		{"time, a fortnight", NewTime(14 * 86_400), "0h (48h) 96h (144h) 192h (240h) 288h (336h)"},
	} {
		if got := labels(c.scale); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

func TestScalesMap(t *testing.T) {
	for _, c := range []struct {
		scale Scale
		v     float64
		want  float64
	}{
		{NewLinear(100, 1, 5, plain), 25, 0.25},
		{NewLinear(100, 1, 5, plain), -1, 0},
		{NewLinear(100, 1, 5, plain), 1e9, 1},
		{NewLinear(100, 1, 5, plain), math.NaN(), 0},
		{NewLog(1, 100, false, plain), 10, 0.5},
		{NewLog(1, 100, false, plain), 0, 0},
		{NewLog(1, 100, false, plain), math.Inf(1), 1},
		{NewPercentile(5000), 0.9, 0.25},
		{NewPercentile(5000), 0.99, 0.5},
		{NewPercentile(5000), 0.999, 0.75},
		{NewPercentile(5000), 1, 1},
		{NewTime(60), 15, 0.25},
	} {
		if got := c.scale.At(c.v); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%#v.At(%v) = %v, want %v", c.scale, c.v, got, c.want)
		}
	}
	p := NewPercentile(1_000_000)
	for _, q := range []float64{0, 0.3, 0.99, 0.99999} {
		if got := p.Quantile(p.At(q)); math.Abs(got-q) > 1e-9 {
			t.Errorf("Quantile(At(%v)) = %v", q, got)
		}
	}
}

// TestAxesHold asks of any range: the scale holds it, ticks ascend within it, and there are neither too few nor too many.
func TestAxesHold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		hi := math.Pow(10, rapid.Float64Range(-3, 13).Draw(t, "hi"))
		lo := hi / math.Pow(10, rapid.Float64Range(0, 9).Draw(t, "decades"))
		end := math.Pow(10, rapid.Float64Range(-1, 7).Draw(t, "end"))
		n := rapid.Uint64Range(0, 1e12).Draw(t, "n")
		lin, log := NewLinear(hi, 1e-3, 5, plain), NewLog(lo, hi, false, plain)
		if lin.Hi < hi*(1-1e-9) || lin.Hi > 2.5*hi {
			t.Fatalf("linear to %v for %v", lin.Hi, hi)
		}
		if log.Lo > lo*(1+1e-9) || log.Hi < hi*(1-1e-9) {
			t.Fatalf("log %v…%v for %v…%v", log.Lo, log.Hi, lo, hi)
		}
		for name, s := range map[string]Scale{"linear": lin, "log": log, "percentile": NewPercentile(n), "time": NewTime(end)} {
			ticks := s.Ticks()
			written := slices.DeleteFunc(slices.Clone(ticks), func(t Tick) bool { return t.Label == "" })
			if len(written) < 2 || len(written) > 16 {
				t.Fatalf("%s: %d labels: %s", name, len(written), labels(s))
			}
			seen := map[string]bool{}
			for i, k := range ticks {
				if k.At < 0 || k.At > 1 || i > 0 && k.At <= ticks[i-1].At {
					t.Fatalf("%s: tick %d at %v: %s", name, i, k.At, fmt.Sprint(ticks))
				}
				if k.Label != "" && seen[k.Label] {
					t.Fatalf("%s: two ticks are labeled %q", name, k.Label)
				}
				seen[k.Label] = true
			}
		}
	})
}
