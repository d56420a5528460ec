package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
	"github.com/google/go-cmp/cmp"
	"github.com/iagoloadgen/iago/measure"
	"pgregory.net/rapid"
)

var started = time.Date(2026, 7, 1, 12, 0, 0, 5e6, time.UTC)

// collect passes the seconds through a collector as the engine does: in one interval that is filled again.
func collect(c *Collector, list []*measure.Interval) []Second {
	var out []Second
	reused := measure.NewInterval()
	for _, iv := range list {
		reused.Reset()
		reused.Merge(iv, false)
		out = append(out, c.Add(reused, 0.01*float64(iv.Index)))
	}
	reused.Reset()
	return out
}

func TestCollectorAddsUpAndWritesDown(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := anyModel(t)
		list := m.intervals()
		var series bytes.Buffer
		c := NewCollector(Recording{
			Series: &series, Warmup: time.Duration(m.warmup) * time.Second,
			RateAsked: func(from, to int64) float64 { return float64(from+to) / 2e9 },
		})
		seconds := collect(c, list)
		if err := c.Err(); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(Build(total(list), m.facts()), Build(c.Total(), m.facts())); d != "" {
			t.Fatalf("totals differ:\n%s", d)
		}
		read, err := readLines[Second](&series)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(seconds, read); d != "" {
			t.Fatalf("series.jsonl differs:\n%s", d)
		}
		for i, s := range seconds {
			if s.T != i || s.Warmup != (i < m.warmup) || s.RateAsked != float64(list[i].Start+list[i].End)/2e9 || s.Steal != 0.01*float64(i) || s.LengthNS != list[i].End-list[i].Start {
				t.Fatalf("second %d: %+v", i, s)
			}
		}
		if c.StealMax() != 0.01*float64(len(list)-1) {
			t.Fatalf("most stolen: %v", c.StealMax())
		}
	})
}

// A line a second, in place, and the log's sum is the latencies of the run without those of the warm-up.
func TestCollectorLogsLatency(t *testing.T) {
	var log bytes.Buffer
	m := model{seconds: 4, rate: 100, warmup: 1, fate: troubled}
	c := NewCollector(Recording{Latency: &log, Started: func() time.Time { return started }, Warmup: time.Second})
	collect(c, m.intervals())
	if err := c.Err(); err != nil {
		t.Fatal(err)
	}
	reader, n := hdr.NewHistogramLogReader(&log), int64(0)
	for i := 0; ; i++ {
		h, err := reader.NextIntervalHistogram()
		if err != nil {
			t.Fatal(err)
		}
		if h == nil {
			break
		}
		n += h.TotalCount()
		if from := started.UnixMilli() + int64(i)*1000; max(h.StartTimeMs()-from, from-h.StartTimeMs()) > 1 {
			t.Fatalf("line %d begins at %d, want %d", i, h.StartTimeMs(), from)
		}
	}
	if want := int64(c.Total().Times.Latency.Count()); n != want || n != 300 {
		t.Fatalf("%d latencies in the log, %d in the run", n, want)
	}
}

// A second of the warm-up shows its times in the series, though the summary leaves them out.
func TestSeriesShowsTheWarmup(t *testing.T) {
	m := model{seconds: 4, rate: 100, warmup: 2, fate: healthy}
	seconds := collect(NewCollector(Recording{Warmup: 2 * time.Second}), m.intervals())
	for i, s := range seconds {
		if s.Latency.Count < 99 || s.Lateness.Count != 100 || s.Latency.P50 < 1_000_000 {
			t.Errorf("second %d: %d latencies, %d latenesses, p50 %d", i, s.Latency.Count, s.Lateness.Count, s.Latency.P50)
		}
	}
}

func TestWindow(t *testing.T) {
	list := model{seconds: 8, rate: 10, fate: healthy}.intervals()
	c := NewCollector(Recording{})
	for i, iv := range list[:8] {
		c.Add(iv, 0)
		w, whole := c.Window()
		if whole != (i >= 4) {
			t.Errorf("after second %d: whole %v", i, whole)
		}
		if want := int64(10 * min(i+1, 5)); w.Requests.Scheduled != want || w.End != int64(i+1)*1e9 {
			t.Errorf("after second %d: %d scheduled, want %d; ends at %d", i, w.Requests.Scheduled, want, w.End)
		}
	}
	// The generator stood still for four seconds: the window covers five, not eight.
	long := measure.NewInterval()
	long.Index, long.Start, long.End, long.Requests.Scheduled = 8, 8e9, 12e9, 40
	c.Add(long, 0)
	if w, whole := c.Window(); !whole || w.Start != 7e9 || w.Requests.Scheduled != 50 {
		t.Errorf("whole %v, from %d, %d scheduled", whole, w.Start, w.Requests.Scheduled)
	}
}

// full takes some bytes, then fails.
type full struct{ left int }

var errFull = errors.New("no space left on device")

func (f *full) Write(p []byte) (int, error) {
	if f.left -= len(p); f.left < 0 {
		return 0, errFull
	}
	return len(p), nil
}

// A full disk ends the writing, not the counting, and is not forgotten.
func TestFullDisk(t *testing.T) {
	m := model{seconds: 5, rate: 10, fate: healthy}
	for name, r := range map[string]Recording{
		"series.jsonl": {Series: &full{left: 1500}},
		"latency log":  {Latency: &full{left: 600}},
		"head":         {Latency: &full{left: 10}},
	} {
		c := NewCollector(r)
		collect(c, m.intervals())
		if err := c.Err(); !errors.Is(err, errFull) || name != "head" && !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
		if c.Total().Requests.Completed != 50 {
			t.Errorf("%s: %d completed", name, c.Total().Requests.Completed)
		}
	}
}

func TestCollectorReckonsTheStart(t *testing.T) {
	var log bytes.Buffer
	c := NewCollector(Recording{Latency: &log})
	iv := measure.NewInterval()
	iv.End = 1e9
	before := time.Now().Add(-time.Second)
	c.Add(iv, 0)
	h, err := hdr.NewHistogramLogReader(&log).NextIntervalHistogram()
	if err != nil {
		t.Fatal(err)
	}
	if d := h.StartTimeMs() - before.UnixMilli(); d < -2 || d > 10_000 {
		t.Fatalf("begins %d ms after the run did", d)
	}
}

// How many workers there are is asked for each second, and written down where a job has some.
func TestCollectorCountsWorkers(t *testing.T) {
	var series bytes.Buffer
	n := 0
	c := NewCollector(Recording{Series: &series, Workers: func() int { n++; return n }})
	list := model{seconds: 2, rate: 10, fate: healthy}.intervals()
	for i, s := range collect(c, list) {
		if s.Workers != i+1 {
			t.Errorf("second %d has %d workers", i, s.Workers)
		}
	}
	if !strings.Contains(series.String(), `"workers":2`) {
		t.Error(series.String())
	}
	alone := NewCollector(Recording{}).Add(list[0], 0)
	if raw, err := json.Marshal(alone); err != nil || strings.Contains(string(raw), "workers") {
		t.Errorf("%s, %v", raw, err)
	}
}
