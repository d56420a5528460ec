package html

import (
	"html/template"
	"strconv"
	"strings"

	"github.com/iagoloadgen/iago/report"
)

// view is what the page's templates show.
type view struct {
	Style     template.CSS
	Script    template.JS
	Policy    template.HTML
	Title     string
	Facts     []fact // the run in a line
	Verdict   verdict
	Keys      []key
	Closed    bool
	Latency   table
	Events    *events // nil: none
	Marked    bool    // some of them are drawn
	Figures   []figure
	Workers   table
	Unclaimed string
	Warmup    string
	Fates     table
	Status    table
	Errors    table
	Datagrams table
	Checks    table
	Followups *followups // nil: none
	Labels    table
	Failures  table
	Machine   []fact
	Identity  []fact
	Bad       []string // the first bad records
	Spec      string
	Command   string
	Schema    string
}

// fact is a name and a text.
type fact struct{ Name, Text string }

// key is a figure that everybody looks for.
type key struct{ Name, Value, Note, Class string }

func newView(d Data) view {
	s := d.Summary
	closed := s.Load.Mode == "closed"
	t := newTimeline(d.Series, s.Warmup)
	t.mark(s.Events)
	v := view{
		Style: template.CSS(style), Script: template.JS(script), Policy: policy(),
		Title: title(s), Facts: facts(s), Verdict: newVerdict(s), Keys: keys(s, closed), Closed: closed,
		Events: newEvents(s.Events), Marked: len(t.events) > 0, Workers: workers(s), Unclaimed: unclaimed(s),
		Latency: latencyTable(s), Fates: fates(s), Status: statuses(s.Status, s.Requests.Completed),
		Figures: []figure{
			t.rates(closed), t.latencies(closed), spectrum(d, closed), t.errors(), t.concurrency(), t.lateness(),
		},
		Errors: counts("cause", s.Errors, s.Requests.Scheduled, "None: no request failed."), Datagrams: datagrams(&s.Datagrams),
		Checks: checks(s), Followups: newFollowups(&s.Followups),
		Labels:   labels(s.Labels),
		Failures: failures(d.Failures, s),
		Machine:  machine(s), Identity: identity(s), Bad: s.Records.FirstBad,
		Spec: d.SpecYAML, Schema: s.Schema,
		Command: "iago run spec.yaml --seed " + strconv.FormatUint(s.Run.Seed, 10),
	}
	if n := s.Generator.Workers; n > 1 {
		v.Command += " --workers " + strconv.Itoa(n)
	}
	if s.Warmup != nil {
		v.Warmup = "The shaded stretch is the warm-up of " + long(float64(s.Warmup.DurationNS)) +
			". Its requests were sent, counted and drawn over time; latency and its parts above, and the whole distribution, leave them out."
	}
	return v
}

func title(s *report.Summary) string {
	if s.Run.Name != "" {
		return s.Run.Name
	}
	return "Iago run " + s.Run.ID
}

// facts describe the run in a few words.
func facts(s *report.Summary) []fact {
	list := []fact{
		{"Target", clip(strings.Join(s.Run.Targets, ", "), mostLetters)},
		{"Load", s.Load.Arrival},
		{"Workers", crew(s)},
		{"Started", moment(s.Run.Started)},
		{"Schedule", long(float64(s.Load.DurationNS))},
		{"Ended", ending(s.Run.End)},
	}
	if s.Load.Mode == "closed" {
		list[1].Text = "closed mode, " + count(int64(s.Load.Connections)) + " connections"
	}
	out := list[:0]
	for _, f := range list {
		if f.Text != "" && f.Text != none {
			out = append(out, f)
		}
	}
	return out
}

// ending says why a run ended.
func ending(end string) string {
	switch end {
	case "schedule":
		return "when its schedule was done"
	case "source":
		return "when the records ran out"
	default:
		return end
	}
}

// keys are the figures at the top.
func keys(s *report.Summary, closed bool) []key {
	r := &s.Requests
	asked := key{Name: "Asked", Value: count(r.Scheduled), Note: rate(s.Load.RateScheduled)}
	if closed {
		asked.Note = "as the target allowed"
	}
	failed := key{Name: "Failed", Value: count(r.Failed), Note: share(r.Failed, r.Sent) + " of sent"}
	if r.Sent == 0 {
		failed.Note = "nothing was sent"
	}
	if s.CheckFailed > 0 {
		failed.Note += "; " + count(s.CheckFailed) + " failed a check"
	}
	if r.Failed+s.CheckFailed > 0 {
		failed.Class = "alarm"
	}
	list := []key{
		asked,
		{Name: "Sent", Value: count(r.Sent), Note: rate(s.Load.RateSent)},
		{Name: "Completed", Value: count(r.Completed), Note: rate(s.Load.RateCompleted)},
		failed,
	}
	for _, q := range quantiles(&s.Latency, &s.Service)[0:4] {
		if q.key == "p90" {
			continue
		}
		k := key{Name: q.name + " latency", Value: duration(float64(q.a)), Note: "service " + duration(float64(q.b))}
		if s.Latency.Count == 0 {
			k.Value, k.Note = none, "nothing completed"
		}
		list = append(list, k)
	}
	return append(list, key{Name: "Mean concurrency", Value: number(s.Concurrency.Mean), Note: "at most " + count(s.Concurrency.Max)})
}

// machine is the generator's own state.
func machine(s *report.Summary) []fact {
	g := &s.Generator
	cpu := float64(g.CPUUserNS + g.CPUSystemNS)
	list := []fact{
		{"CPU time", duration(cpu) + " (" + duration(float64(g.CPUUserNS)) + " user, " + duration(float64(g.CPUSystemNS)) + " system)"},
	}
	wall := s.Run.ElapsedNS
	if wall == 0 {
		wall = int64(s.Run.Ended.Sub(s.Run.Started))
	}
	if wall > 0 {
		list = append(list, fact{"Cores in use", number(cpu/float64(wall)) + " on average"})
	}
	if s.Requests.Sent > 0 {
		list = append(list, fact{"CPU per request", duration(cpu / float64(s.Requests.Sent))})
	}
	list = append(list,
		fact{"Memory at most", size(g.RSSMax)},
		fact{"Longest GC pause", duration(float64(g.GCPauseMaxNS))},
		fact{"Shards", count(int64(g.Shards))},
		fact{"Workers", count(int64(g.Workers))},
		fact{"CPU stolen at most", percent(g.StealMax) + " of a second"},
		fact{"Connections at most", count(s.Concurrency.Connections)},
		fact{"Bytes sent, received", size(s.Bytes.Sent) + ", " + size(s.Bytes.Received)})
	if g.Descriptors > 0 {
		list = append(list, fact{"Descriptor limit", count(g.Descriptors)})
	}
	if g.DescriptorWaits > 0 {
		list = append(list, fact{"Waited for a descriptor", count(g.DescriptorWaits) + " requests"})
	}
	if g.Poller != "" {
		list = append(list, fact{"Poller", g.Poller})
	}
	return list
}

// identity is what tells this run from others.
func identity(s *report.Summary) []fact {
	list := []fact{
		{"Run", s.Run.ID},
		{"Iago", s.Run.Version},
		{"Seed", strconv.FormatUint(s.Run.Seed, 10)},
		{"Spec SHA-256", s.Run.SpecSHA256},
		{"Started", moment(s.Run.Started)},
		{"Ended", moment(s.Run.Ended)},
		{"Records", recordsRead(&s.Records)},
	}
	if s.Load.Arrivals != s.Requests.Scheduled && s.Load.Arrivals > 0 {
		list = append(list, fact{"Arrivals", count(s.Load.Arrivals) + " (weighted requests stand for several)"})
	}
	return list
}

func recordsRead(r *report.Records) string {
	s := count(r.Read) + " read, " + count(r.Bad) + " bad, " + count(r.Filtered) + " filtered"
	if r.Loops > 0 {
		s += ", started over " + count(r.Loops) + " times"
	}
	return s
}
