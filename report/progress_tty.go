package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/iagoloadgen/iago/measure"
)

// home takes the cursor to the first line that was drawn (ECMA-48 sequences, as all ANSI terminals have them).
func (p *Progress) home() string {
	if p.drawn == 0 {
		return "\r"
	}
	return fmt.Sprintf("\x1b[%dA\r", p.drawn)
}

// draw puts the display in the place of the one before, in one write so that it does not flicker.
func (p *Progress) draw(s *Second, w *measure.Interval, now int64) {
	columns := width
	if p.width != nil {
		columns = p.width()
	}
	// The last column stays free: a full line would wrap on some terminals.
	lines := p.frame(s, w, now, min(max(columns-1, 20), maxWidth))
	var b strings.Builder
	b.WriteString(p.home())
	for _, l := range lines {
		b.WriteString(l + "\x1b[K\n")
	}
	b.WriteString("\x1b[J")
	p.drawn = len(lines)
	p.write(b.String())
}

// frame is the display, each line at most n columns wide.
func (p *Progress) frame(s *Second, w *measure.Interval, now int64, n int) []string {
	length, t := w.End-w.Start, times(w)
	rates := fmt.Sprintf("sent %s  answered %s", Rate(perSecond(s.Sent, s.LengthNS)), Rate(perSecond(s.Completed, s.LengthNS)))
	lateness := "p99 " + quantileOf(&t.Lateness, 0.99) + "  max " + quantileOf(&t.Lateness, 1)
	if p.plan.Closed {
		lateness = "none in closed mode"
	} else {
		rates = "asked " + Rate(s.RateAsked) + "  " + rates
	}
	load := fmt.Sprintf("in flight %s  waiting %s  connections %s", Count(w.InFlightEnd), Count(s.Waiting), Count(s.Connections))
	if p.several {
		load += "  " + several(int64(s.Workers), "worker")
	}
	lines := []string{
		p.title(now, n),
		p.bar(now, n),
		"rate      " + rates,
		fmt.Sprintf("latency   p50 %s  p90 %s  p99 %s  max %s  (last %s)", quantileOf(&t.Latency, 0.5), quantileOf(&t.Latency, 0.9),
			quantileOf(&t.Latency, 0.99), quantileOf(&t.Latency, 1), Duration(roundSecond(length))),
		"lateness  " + lateness,
		"load      " + load,
		"errors    " + p.errors() + p.causes(w),
		chart("answered  ", p.answered, n, func(v float64) string { return Rate(v) }),
		chart("p99       ", p.p99, n, func(v float64) string { return Duration(int64(v)) }),
	}
	for i := range lines {
		lines[i] = clip(lines[i], n)
	}
	return lines
}

// title is what runs, and how long it has to go.
func (p *Progress) title(now int64, n int) string {
	end := p.remaining(now)
	what := p.plan.Target
	if p.plan.Name != "" {
		what = p.plan.Name + " → " + what
	}
	what = clip(what, max(n-len([]rune(end))-2, 10))
	return left(what, n-len([]rune(end))) + end
}

// remaining is the time left, as far as it is known.
func (p *Progress) remaining(now int64) string {
	share, to := p.share(now)
	switch {
	case share >= 1:
		return "schedule done, waiting for answers"
	case to <= 0:
		return p.position(now)
	}
	return p.position(now) + ", " + Duration(roundSecond(to)) + " left"
}

// share is how much of the schedule is done, and the time left; 0, 0 where neither is known.
func (p *Progress) share(now int64) (share float64, left int64) {
	if d := int64(p.plan.Duration); d > 0 {
		share, left = float64(now)/float64(d), d-now
	}
	if r := p.plan.Requests; r > 0 {
		byCount := float64(p.sum.Scheduled) / float64(r)
		if byCount > share && byCount > 0 {
			share, left = byCount, int64(float64(now)*(1/byCount-1))
		}
	}
	return min(share, 1), max(left, 0)
}

var eighths = []rune(" ▏▎▍▌▋▊▉")

// bar shows how much is done.
func (p *Progress) bar(now int64, n int) string {
	share, _ := p.share(now)
	percent := right(fmt.Sprintf("%.0f%%", math.Floor(100*share)), 5)
	room := n - len(percent) - 2
	full := share * float64(room)
	s := strings.Repeat("█", int(full))
	if int(full) < room {
		s += string(eighths[int(8*(full-math.Floor(full)))])
	}
	return "▕" + left(s, room) + "▏" + percent
}

// causes names the most frequent failures of the last seconds.
func (p *Progress) causes(w *measure.Interval) string {
	parts := []string{"", Count(p.bad()) + " of " + requests(p.sum.Scheduled)}
	for _, cause := range frequentFirst(w.Errors) {
		if parts = append(parts, clean(cause)+" "+Count(w.Errors[cause])); len(parts) == 4 {
			break
		}
	}
	return strings.Join(parts, "  ")
}

var levels = []rune("▁▂▃▄▅▆▇█")

// chart draws the last seconds as columns, the largest of them at full height, and names that.
func chart(name string, list []float64, n int, text func(float64) string) string {
	const reserved = 10 // for the largest value
	room := max(n-len(name)-reserved, 5)
	list = list[max(len(list)-room, 0):]
	most := slices.Max(list)
	var b strings.Builder
	b.WriteString(name)
	for _, v := range list {
		level := 0
		if most > 0 {
			level = min(int(v/most*float64(len(levels))), len(levels)-1)
		}
		b.WriteRune(levels[level])
	}
	return b.String() + " " + text(most)
}
