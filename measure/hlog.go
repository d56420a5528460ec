package measure

import (
	"fmt"
	"io"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// LogWriter writes an HdrHistogram V2 interval log (format 1.3), which HdrHistogram's own tools read: a line for each
// stretch of time with its histogram, all of them of values in nanoseconds. It is used by one goroutine.
//
// Start times and lengths are in milliseconds, as the format has them, and relative to the log's base time.
type LogWriter struct {
	log  *hdr.HistogramLogWriter
	base int64 // of the log, in ms since the epoch
	hist *hdr.Histogram
}

// NewLogWriter writes the log's head to w: the comments, the format's version, the run's start instant and the legend.
// Comments must not hold line breaks.
func NewLogWriter(w io.Writer, started time.Time, comments ...string) (*LogWriter, error) {
	l := &LogWriter{log: hdr.NewHistogramLogWriter(w), base: started.UnixMilli(), hist: hdr.New(1, MaxValue, 3)}
	l.log.SetBaseTime(l.base)
	if err := l.head(comments); err != nil {
		return nil, fmt.Errorf("measure: latency log: %w", err)
	}
	return l, nil
}

// head writes everything before the first line. The library's own start and base lines drop the milliseconds.
func (l *LogWriter) head(comments []string) error {
	for _, c := range comments {
		if err := l.log.OutputComment(c); err != nil {
			return err
		}
	}
	if err := l.log.OutputLogFormatVersion(); err != nil {
		return err
	}
	sec, ms := l.base/1000, l.base%1000
	iso := time.UnixMilli(l.base).UTC().Format("2006-01-02T15:04:05.000Z")
	if err := l.log.OutputComment(fmt.Sprintf("[StartTime: %d.%03d (seconds since epoch), %s]", sec, ms, iso)); err != nil {
		return err
	}
	if err := l.log.OutputComment(fmt.Sprintf("[BaseTime: %d.%03d (seconds since epoch)]", sec, ms)); err != nil {
		return err
	}
	return l.log.OutputLegend()
}

// Write adds a line: what h counted from start to end, both in ns since the run's start. The counts of all buckets are
// kept exactly; an empty histogram is a line as well. A line goes out in one write.
func (l *LogWriter) Write(start, end int64, h *Histogram) error {
	l.hist.Reset()
	var err error
	h.Each(func(_, hi int64, n uint64) {
		// The buckets are HdrHistogram's own: any value of a bucket stands for it, the largest one seen for the last.
		if e := l.hist.RecordValues(min(hi, h.Max()), int64(n)); e != nil && err == nil {
			err = e
		}
	})
	if err == nil {
		l.hist.SetStartTimeMs(l.base + start/int64(time.Millisecond))
		l.hist.SetEndTimeMs(l.base + end/int64(time.Millisecond))
		err = l.log.OutputIntervalHistogram(l.hist)
	}
	if err != nil {
		return fmt.Errorf("measure: latency log: %w", err)
	}
	return nil
}
