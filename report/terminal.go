package report

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// TerminalOptions say how a summary is printed.
type TerminalOptions struct {
	Color  bool   // ANSI colors
	Report string // where the report is; "": not told
}

// Terminal prints a summary for people, 80 columns wide: what was asked, what was sent, what came back, latency with its
// three parts side by side, the verdict in words, and the objectives.
func Terminal(w io.Writer, s *Summary, o TerminalOptions) error {
	t := &sheet{color: o.Color}
	t.heading(s)
	t.load(s)
	t.outcomes(s)
	t.latency(s)
	t.labels(s)
	t.checks(s)
	t.workers(s)
	t.events(s)
	t.verdict(s)
	t.objectives(s)
	if o.Report != "" {
		t.line("\n%s %s", t.paint(bold, "Report:"), o.Report)
	}
	return t.flush(w)
}

// heading tells which run it was.
func (t *sheet) heading(s *Summary) {
	parts := []string{"Iago " + s.Run.Version}
	if s.Run.Name != "" {
		parts = append(parts, clip(clean(s.Run.Name), 30))
	}
	if !s.Run.Started.IsZero() {
		parts = append(parts, s.Run.Started.UTC().Format("2006-01-02 15:04:05 UTC"))
	}
	parts = append(parts, fmt.Sprintf("seed %d", s.Run.Seed))
	t.line("%s", t.paint(bold, strings.Join(parts, " · ")))
	for i, target := range s.Run.Targets {
		if i == 3 && len(s.Run.Targets) > 4 {
			t.line("→ and %d more", len(s.Run.Targets)-3)
			break
		}
		t.line("→ %s", clean(target))
	}
	t.line("")
}

// row is a line of figures: a name, a number, and what there is to say of it, wrapped.
func (t *sheet) row(name, number, style, about string) {
	lead := "  " + left(name, 12) + t.paint(style, right(number, 10))
	if about == "" {
		t.line("%s", lead)
		return
	}
	const indent = 2 + 12 + 10 + 2
	for i, l := range wrap(about, width-indent) {
		if i > 0 {
			lead = strings.Repeat(" ", indent-2)
		}
		t.line("%s  %s", lead, l)
	}
}

// load tells what was asked and sent.
func (t *sheet) load(s *Summary) {
	r := &s.Requests
	asked := fmt.Sprintf("%s for %s (%s)", clean(s.Load.Arrival), Duration(s.Load.DurationNS), Rate(s.Load.RateScheduled))
	if s.Load.Mode == ModeClosed {
		asked = fmt.Sprintf("as many as %s connections take, for %s (closed mode)", Count(int64(s.Load.Connections)), Duration(s.Load.DurationNS))
	}
	if n := s.Load.Arrivals; n > r.Scheduled {
		asked += fmt.Sprintf(", by weight %s arrivals", Count(n))
	}
	t.row("Asked", Count(r.Scheduled), plain, asked)
	t.row("Sent", Count(r.Sent), plain, Rate(s.Load.RateSent)+", "+Size(s.Bytes.Sent))
	if r.Dropped > 0 {
		t.row("Dropped", Count(r.Dropped), yellow, byCount(s.DroppedBy))
	}
	if r.Starved > 0 {
		t.row("Starved", Count(r.Starved), red, "no record was there when they were due")
	}
	if r.Unsent > 0 {
		about := "still waiting at the end: "
		if s.Scattered() {
			about = "never sent: "
		}
		t.row("Unsent", Count(r.Unsent), yellow, about+byCount(s.UnsentBy))
	}
}

// outcomes tells what came back.
func (t *sheet) outcomes(s *Summary) {
	r := &s.Requests
	style := plain
	if r.Completed == 0 {
		style = red
	}
	t.row("Answered", Count(r.Completed), style, Rate(s.Load.RateCompleted)+", "+Size(s.Bytes.Received))
	t.statuses(s.Status)
	if r.Failed > 0 {
		t.row("Failed", Count(r.Failed), red, Percent(float64(r.Failed)/float64(max(r.Sent, 1)))+" of sent")
		for _, cause := range frequentFirst(s.Errors) {
			t.row("", Count(s.Errors[cause]), plain, clean(cause))
		}
	}
	if r.InFlight > 0 {
		t.row("In flight", Count(r.InFlight), yellow, "without an outcome when the run broke off")
	}
	if r.Lost > 0 {
		t.row("Lost", Count(r.Lost), red, "with a worker that died")
	}
	t.followups(&s.Followups)
	t.datagrams(&s.Datagrams)
	t.row("Concurrency", Number(s.Concurrency.Mean), plain,
		fmt.Sprintf("in flight on average, at most %s (%s connections)", Count(s.Concurrency.Max), Count(s.Concurrency.Connections)))
	t.generator(s)
	if s.Records.Bad > 0 {
		t.row("Bad", Count(s.Records.Bad), yellow, "records that could not be used; the first ones:")
		for _, bad := range s.Records.FirstBad {
			t.wrapped("    ", faint, clean(bad))
		}
	}
}

// generator tells what the run cost on this side.
func (t *sheet) generator(s *Summary) {
	g := &s.Generator
	if s.Run.ElapsedNS == 0 || g.CPUUserNS+g.CPUSystemNS == 0 {
		return
	}
	shards := "1 shard"
	if g.Shards != 1 {
		shards = Count(int64(g.Shards)) + " shards"
	}
	if g.Workers > 1 {
		shards += " in " + Count(int64(g.Workers)) + " workers"
	}
	if g.Poller != "" {
		shards += " on " + g.Poller
	}
	t.row("Generator", Percent(float64(g.CPUUserNS+g.CPUSystemNS)/float64(s.Run.ElapsedNS)), plain,
		fmt.Sprintf("of a core, %s of memory at most, %s", Size(g.RSSMax), shards))
}

// byCount writes counts by name, the largest first: "late 12, overload 3".
func byCount(m map[string]int64) string {
	var parts []string
	for _, k := range frequentFirst(m) {
		parts = append(parts, clean(k)+" "+Count(m[k]))
	}
	return strings.Join(parts, ", ")
}

func frequentFirst(m map[string]int64) []string {
	return slices.SortedFunc(maps.Keys(m), func(a, b string) int { return cmp.Or(cmp.Compare(m[b], m[a]), cmp.Compare(a, b)) })
}

// verdict tells what the figures are worth.
func (t *sheet) verdict(s *Summary) {
	var head, style string
	switch s.Verdict.Schedule {
	case ScheduleKept:
		head, style = "the schedule was kept.", green
	case ScheduleSlipped:
		head, style = "the generator slipped from its schedule: the figures do not describe the target alone.", red
	default:
		head, style = "closed mode, so there was no schedule to keep, and latency hides queueing.", yellow
	}
	t.line("")
	t.wrapped("Verdict: ", style, head)
	if s.Load.Mode != ModeClosed && s.Latency.Count > 0 {
		t.wrapped("  ", plain, trust(s))
	}
	for _, r := range s.Verdict.Reasons {
		t.wrapped("  - ", plain, clean(r))
	}
}

// trust tells which quantiles can be trusted.
func trust(s *Summary) string {
	var names []string
	for _, q := range judged {
		if slices.Contains(s.Verdict.Trusted, q.key) {
			names = append(names, q.name)
		}
	}
	if len(names) == 0 {
		return "No quantile of latency can be trusted."
	}
	return "Latency can be trusted at " + listed(names) + "."
}

// objectives tells which were met.
func (t *sheet) objectives(s *Summary) {
	if len(s.Verdict.SLO) == 0 {
		return
	}
	t.line("\n%s", t.paint(bold, "Objectives"))
	for _, o := range s.Verdict.SLO {
		mark := t.paint(green, "✓")
		if !o.OK {
			mark = t.paint(red, "✗")
		}
		t.line("  %s %s %s", mark, left(clean(o.Expr), 24), clean(o.value()))
	}
}
