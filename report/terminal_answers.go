package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/iagoloadgen/iago/measure"
)

const (
	mostStatuses = 12
	mostChecks   = 10
)

// statuses shows the answers by status: numbers in their order, then words, the most frequent first.
func (t *sheet) statuses(by map[string]int64) {
	names := slices.SortedFunc(maps.Keys(by), func(a, b string) int {
		x, errX := strconv.Atoi(a)
		y, errY := strconv.Atoi(b)
		switch {
		case errX == nil && errY == nil:
			return cmp.Or(x-y, strings.Compare(a, b))
		case errX != nil && errY != nil:
			return cmp.Or(cmp.Compare(by[b], by[a]), strings.Compare(a, b))
		case errX == nil:
			return -1
		}
		return 1
	})
	shown := names[:min(len(names), mostStatuses)]
	for _, status := range shown {
		t.row("", Count(by[status]), plain, "status "+clean(status))
	}
	rest := int64(0)
	for _, status := range names[len(shown):] {
		rest += by[status]
	}
	if rest > 0 {
		t.row("", Count(rest), plain, fmt.Sprintf("with one of %d other statuses, in the report", len(names)-len(shown)))
	}
}

// followups tells what became of requests that were made out of responses.
func (t *sheet) followups(f *Followups) {
	r := &f.Requests
	if *r == (measure.Requests{}) && f.Refused+f.Bad == 0 {
		return
	}
	about := []string{Count(r.Completed) + " completed", Count(r.Failed) + " failed"}
	for _, part := range []struct {
		n    int64
		name string
	}{{r.Dropped, "dropped"}, {r.Unsent, "unsent"}, {r.InFlight, "in flight"}, {r.Lost, "lost"}} {
		if part.n > 0 {
			about = append(about, Count(part.n)+" "+part.name)
		}
	}
	t.row("Follow-ups", Count(r.Scheduled), plain, strings.Join(about, ", "))
	if f.Latency.Count > 0 {
		t.row("", Duration(f.Latency.P50), plain, "p50 of their latency, p99 "+Duration(f.Latency.P99))
	}
	t.statuses(f.Status)
	for _, cause := range frequentFirst(f.Errors) {
		t.row("", Count(f.Errors[cause]), plain, clean(cause))
	}
	if f.Refused > 0 {
		t.row("", Count(f.Refused), yellow, "more not made: beyond the bounds on depth and number")
	}
	if f.Bad > 0 {
		t.row("", Count(f.Bad), yellow, "more not made: they could not be encoded")
	}
}

// datagrams tells of answers that came to no request under way.
func (t *sheet) datagrams(d *measure.Datagrams) {
	n := d.Late + d.Duplicate + d.Unmatched
	if n == 0 {
		return
	}
	by := map[string]int64{}
	for name, n := range map[string]int64{"late": d.Late, "duplicate": d.Duplicate, "unmatched": d.Unmatched} {
		if n > 0 {
			by[name] = n
		}
	}
	t.row("Datagrams", Count(n), yellow, "answered nothing: "+byCount(by))
}

// CheckNames are the names of the checks, those that failed most often first.
func (s *Summary) CheckNames() []string {
	return slices.SortedFunc(maps.Keys(s.Checks), func(a, b string) int {
		return cmp.Or(cmp.Compare(s.Checks[b].Failed, s.Checks[a].Failed), strings.Compare(a, b))
	})
}

// checks shows how often each check passed, the worst first.
func (t *sheet) checks(s *Summary) {
	names := s.CheckNames()
	if len(names) == 0 {
		return
	}
	t.line("\n%s", t.paint(bold, left("Checks", 42)+right("passed", 12)+right("failed", 12)+right("share passed", 14)))
	for _, name := range names[:min(len(names), mostChecks)] {
		c, mark, style := s.Checks[name], t.paint(green, "✓"), plain
		if c.Failed > 0 {
			mark, style = t.paint(red, "✗"), red
		}
		share := float64(c.Passed) / float64(max(c.Passed+c.Failed, 1))
		t.line("  %s %s%s%s%s", mark, left(clip(clean(name), 37), 38), right(Count(c.Passed), 12),
			t.paint(style, right(Count(c.Failed), 12)), right(Percent(share), 14))
	}
	if n := len(names) - mostChecks; n > 0 {
		t.line("  and %d more, in the report", n)
	}
	if n := s.CheckFailed; n > 0 {
		t.wrapped("  ", faint, requests(n)+" "+was(n)+" answered but failed a check; objectives count them as errors.")
	}
}
