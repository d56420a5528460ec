package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/iagoloadgen/iago/measure"
)

// Recording says where a [Collector] writes what it gets, and what it should know of the run.
type Recording struct {
	Series  io.Writer // series.jsonl; nil: not written
	Latency io.Writer // latency.hlog; nil: not written
	// Started gives the run's start instant; it is asked when the first interval comes. nil: reckoned from that
	// interval's end and the clock.
	Started func() time.Time
	// RateAsked is the mean of the schedule's rate between two moments, in ns since the start; nil in closed mode.
	RateAsked func(from, to int64) float64
	Warmup    time.Duration
	// Workers is how many workers the job has at the moment, asked at each second; nil: one process alone.
	Workers func() int
}

const (
	windowSize = 5
	// A window counts as whole when it covers this much: seconds are cut off at the passes of an event loop, not to the ns.
	windowNS = int64(4_900_000_000)
)

// Collector takes a run's seconds in order: it adds them up, keeps the last five for those who watch, and writes each
// down as it comes. Its memory does not grow with the run. It is not safe for concurrent use.
type Collector struct {
	rec   Recording
	total *measure.Interval
	steal float64

	last   [windowSize]*measure.Interval // copies, by Seconds modulo windowSize
	n      int                           // seconds so far
	window *measure.Interval

	log       *measure.LogWriter
	seriesErr error
	logErr    error
}

// NewCollector returns a collector that has seen nothing.
func NewCollector(r Recording) *Collector {
	c := &Collector{rec: r, total: measure.NewInterval(), window: measure.NewInterval()}
	for i := range c.last {
		c.last[i] = measure.NewInterval()
	}
	return c
}

// Add takes the next second, merged over all shards; steal is the share of it that the hypervisor took. The interval is
// not kept. What cannot be written is told by Err.
func (c *Collector) Add(iv *measure.Interval, steal float64) Second {
	around := Around{Steal: steal, Warmup: iv.Start < int64(c.rec.Warmup)}
	if c.rec.RateAsked != nil && iv.End > iv.Start {
		around.RateAsked = c.rec.RateAsked(iv.Start, iv.End)
	}
	if c.rec.Workers != nil {
		around.Workers = c.rec.Workers()
	}
	s := NewSecond(iv, around)
	c.total.Merge(iv, false)
	c.steal = max(c.steal, steal)
	slot := c.last[c.n%windowSize]
	slot.Reset()
	slot.MergeTotals(iv, false) // nobody asks for the labels of a few seconds
	c.n++
	c.writeSecond(&s)
	c.writeLatency(iv)
	return s
}

func (c *Collector) writeSecond(s *Second) {
	if c.rec.Series == nil || c.seriesErr != nil {
		return // after a line cut short by a full disk, no other
	}
	line, err := json.Marshal(s)
	if err == nil {
		_, err = c.rec.Series.Write(append(line, '\n'))
	}
	if err != nil {
		c.seriesErr = fmt.Errorf("report: %s: second %d: %w", seriesFile, s.T, err)
	}
}

// writeLatency logs the latencies of the second without those of the warm-up, so that the log's sum is the summary's.
func (c *Collector) writeLatency(iv *measure.Interval) {
	if c.rec.Latency == nil || c.logErr != nil {
		return
	}
	if c.log == nil {
		started := time.Now().Add(-time.Duration(iv.End))
		if c.rec.Started != nil {
			started = c.rec.Started()
		}
		if c.log, c.logErr = measure.NewLogWriter(c.rec.Latency, started, "[Iago: latency (due to last byte) in ns, warm-up left out]"); c.logErr != nil {
			return
		}
	}
	c.logErr = c.log.Write(iv.Start, iv.End, &iv.Times.Latency)
}

// Total is everything so far; it is the collector's own and changes with the next Add.
func (c *Collector) Total() *measure.Interval { return c.total }

// StealMax is the largest share of a second that the hypervisor took so far.
func (c *Collector) StealMax() float64 { return c.steal }

// Err tells what could not be written.
func (c *Collector) Err() error { return errors.Join(c.seriesErr, c.logErr) }

// Window is the last five seconds merged (fewer at a run's beginning) and whether it covers five seconds. It holds until the next call.
func (c *Collector) Window() (w *measure.Interval, whole bool) {
	c.window.Reset()
	for back := 1; back <= min(c.n, windowSize) && c.window.End-c.window.Start < windowNS; back++ {
		c.window.MergeTotals(c.last[(c.n-back)%windowSize], false)
	}
	return c.window, c.window.End-c.window.Start >= windowNS
}
