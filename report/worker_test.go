package report

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/iagoloadgen/iago/measure"
	"pgregory.net/rapid"
)

// scatter plays a run's requests on workers, each on that which who names; below 0: on none. All end with the job.
func (m model) scatter(n int, who func(i int) int) []Worker {
	list := make([]Worker, n)
	for k := range list {
		part := m
		part.keep = func(i int) bool { return who(i) == k }
		list[k] = NewWorker("w"+string(rune('1'+k)), total(part.intervals()))
		list[k].State = WorkerDone
	}
	return list
}

// Whatever happens to requests, workers' figures add up to the job's, and each is judged by its own.
func TestWorkersAddUpInEveryRun(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := anyModel(t)
		n := rapid.IntRange(1, 5).Draw(t, "workers")
		f := m.facts()
		f.Workers = m.scatter(n, func(i int) int {
			if m.fate(i).unclaimed() {
				return -1
			}
			return i % n
		})
		s := Build(total(m.intervals()), f)
		if err := Verify(s); err != nil {
			t.Fatal(err)
		}
		if s.Generator.Workers != n {
			t.Fatalf("%d workers, want %d", s.Generator.Workers, n)
		}
		for k, w := range s.Workers {
			alone := m
			alone.keep = func(i int) bool { return i%n == k && !m.fate(i).unclaimed() }
			v := Build(total(alone.intervals()), m.facts()).Verdict
			if w.Verdict != v.Schedule || !cmp.Equal(w.Trusted, v.Trusted) {
				t.Fatalf("%s: %s, trusted %v; as a run of its own %s, %v", w.Name, w.Verdict, w.Trusted, v.Schedule, v.Trusted)
			}
		}
	})
}

func TestVerifyFindsWorkersThatDoNotAddUp(t *testing.T) {
	m := model{seconds: 2, rate: 100, fate: func(i int) fate {
		f := healthy(i)
		switch i % 10 {
		case 1:
			f.kind, f.cause = "dropped", "late"
		case 2:
			f.kind, f.cause = "unsent", measure.UnsentNoWorker
		case 3:
			f.kind = "starved"
		case 4:
			f.status, f.cause = 0, "timeout"
		case 5:
			f.kind, f.cause = "unsent", measure.UnsentLease
		case 6:
			f.kind = "lost"
		}
		return f
	}}
	for _, c := range []struct {
		name, finds string
		spoil       func(*Summary)
	}{
		{"scheduled", "scheduled is 200, but the workers' and what no worker had is 201", func(s *Summary) { s.Workers[0].Requests.Scheduled++ }},
		{"unsent", "unsent is 40, but the workers' and what no worker had is 41", func(s *Summary) { s.Workers[0].Requests.Unsent++ }},
		{"nobody's", "more than unsent that no worker had", func(s *Summary) { s.Workers[0].UnsentBy[measure.UnsentNoWorker] = 50 }},
		{"sent", "sent is 120, but the sum of the workers' is 121", func(s *Summary) { s.Workers[1].Requests.Sent++ }},
		{"completed", "completed is", func(s *Summary) { s.Workers[1].Requests.Completed-- }},
		{"failed", "failed is", func(s *Summary) { s.Workers[1].Requests.Failed-- }},
		{"timed out", "timed_out is", func(s *Summary) { s.Workers[1].Requests.TimedOut-- }},
		{"dropped", "dropped is", func(s *Summary) { s.Workers[1].Requests.Dropped-- }},
		{"starved", "starved is", func(s *Summary) { s.Workers[1].Requests.Starved-- }},
		{"in flight", "in_flight is", func(s *Summary) { s.Workers[1].Requests.InFlight++ }},
		{"lost", "lost is", func(s *Summary) { s.Workers[1].Requests.Lost-- }},
		{"latencies", "latencies is", func(s *Summary) { s.Workers[1].Latency.Count-- }},
		{"latenesses", "latenesses is", func(s *Summary) { s.Workers[1].Lateness.Count-- }},
		{"number", "generator.workers is 3", func(s *Summary) { s.Generator.Workers = 3 }},
		{"own identity", `worker "w2": sent is`, func(s *Summary) { s.Workers[1].Requests.Completed-- }},
		{"own errors", `worker "w1": sum of errors`, func(s *Summary) { s.Workers[0].Errors["timeout"]++ }},
		{"own drops", `worker "w2": sum of dropped_by`, func(s *Summary) { s.Workers[1].DroppedBy["late"]++ }},
		{"own unsent", `worker "w2": sum of unsent_by`, func(s *Summary) { s.Workers[1].UnsentBy[measure.UnsentLease]++ }},
		{"own latencies", `worker "w1": latencies`, func(s *Summary) { s.Workers[0].Latency.Count += 200 }},
		{"own latenesses", `worker "w1": latenesses`, func(s *Summary) { s.Workers[0].Lateness.Count += 200 }},
		{"stretch", `worker "w1": from_ns`, func(s *Summary) { s.Workers[0].FromNS = 3e9 }},
		{"clock", `worker "w1": clock_error_ns`, func(s *Summary) { s.Workers[0].ClockErrorNS = -1 }},
		{"state", `worker "w1": state is "gone", expected "done", "left" or "lost"`, func(s *Summary) { s.Workers[0].State = "gone" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := m.facts()
			f.Workers = m.scatter(2, func(i int) int {
				if i%10 == 2 {
					return -1
				}
				return i % 2
			})
			s := Build(total(m.intervals()), f)
			if err := Verify(s); err != nil {
				t.Fatalf("before: %v", err)
			}
			c.spoil(s)
			if err := Verify(s); err == nil || !strings.Contains(err.Error(), c.finds) {
				t.Fatalf("got %v, want one about %q", err, c.finds)
			}
		})
	}
}

func TestNewWorker(t *testing.T) {
	m := model{seconds: 3, rate: 100, warmup: 1, fate: func(i int) fate {
		f := healthy(i)
		if i == 7 {
			f.kind, f.cause = "unsent", measure.UnsentLate
		}
		return f
	}}
	iv := total(m.intervals())
	iv.DescriptorWaits = 5
	w := NewWorker("w1", iv)
	iv.Reset() // what was made of it stays
	want := Worker{
		Name: "w1", ThroughNS: 3e9, Requests: measure.Requests{Scheduled: 300, Sent: 299, Completed: 299, Unsent: 1},
		Latency: Stats{Count: 200}, Lateness: Stats{Count: 200}, UnsentBy: map[string]int64{"told late": 1}, Trusted: []string{},
		Generator: Generator{DescriptorWaits: 5, Workers: 1},
	}
	onlyCounts := cmp.Comparer(func(a, b Stats) bool { return a.Count == b.Count })
	if d := cmp.Diff(want, w, onlyCounts, cmpopts.EquateEmpty()); d != "" {
		t.Error(d)
	}
	raw, err := json.Marshal(w)
	if err != nil || strings.Contains(string(raw), "null") {
		t.Errorf("%s, %v", raw, err)
	}
	JudgeWorker(&w, ModeOpen)
	if w.Verdict != ScheduleSlipped || len(w.Trusted) != 4 {
		t.Errorf("%s, trusted %v: one of 300 was told late", w.Verdict, w.Trusted)
	}
	if JudgeWorker(&w, ModeClosed); w.Verdict != ScheduleClosed {
		t.Errorf("%s in closed mode", w.Verdict)
	}
}

// Build leaves what it was given alone.
func TestBuildOrdersEventsAndCopies(t *testing.T) {
	f := Facts{
		Workers: []Worker{{Name: "w1"}},
		Events:  []Event{{2e9, "b"}, {-1e9, "a"}, {2e9, "c"}},
	}
	s := Build(measure.NewInterval(), f)
	if d := cmp.Diff([]Event{{-1e9, "a"}, {2e9, "b"}, {2e9, "c"}}, s.Events); d != "" {
		t.Error(d)
	}
	if f.Events[0].Text != "b" || f.Workers[0].Verdict != "" || s.Workers[0].Verdict != "kept" {
		t.Errorf("%+v became %+v", f, s.Workers)
	}
	raw, err := json.Marshal(s)
	if want := `"events":[{"at_ns":-1000000000,"text":"a"},`; err != nil || !strings.Contains(string(raw), want) {
		t.Errorf("%s, %v\nlacks %s", raw, err, want)
	}
	alone, err := json.Marshal(Build(measure.NewInterval(), Facts{}))
	if err != nil || strings.Contains(string(alone), `"events"`) || strings.Contains(string(alone), `"workers":[`) {
		t.Errorf("%s, %v", alone, err)
	}
}

func TestWorstFirst(t *testing.T) {
	s := &Summary{Workers: []Worker{
		{Name: "ok2", Verdict: "kept", State: "done", Lateness: Stats{P99: 5}},
		{Name: "ok1", Verdict: "kept", State: "done", Lateness: Stats{P99: 5}},
		{Name: "later", Verdict: "kept", State: "done", Lateness: Stats{P99: 50}},
		{Name: "left", Verdict: "kept", State: "left"},
		{Name: "slipped", Verdict: "slipped", State: "left"},
		{Name: "lost", Verdict: "kept", State: "lost"},
		{Name: "both", Verdict: "slipped", State: "lost", Lateness: Stats{P99: 1}},
	}}
	var got []string
	list := s.WorkersWorstFirst()
	for i := range list {
		got = append(got, list[i].Name)
		if list[i].Troubled() != (i < 3) {
			t.Errorf("%s: troubled %v", list[i].Name, list[i].Troubled())
		}
	}
	if d := cmp.Diff(strings.Fields("both lost slipped left later ok1 ok2"), got); d != "" {
		t.Error(d)
	}
	for _, c := range []struct {
		list []Worker
		want string
	}{
		{list, "2 lost, 1 slipped"},
		{list[2:3], "1 slipped"},
		{list[3:], "all kept"},
		{[]Worker{{Verdict: "closed", State: "done"}}, "none lost"},
	} {
		if got := InShort(c.list); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

func TestRecordsThatOutlastTheSchedule(t *testing.T) {
	s := &Summary{Run: Run{End: EndSchedule}, Records: Records{Unused: 1200}, Workers: make([]Worker, 2)}
	if r := unusedReason(s); !strings.Contains(r, "1,200 records") {
		t.Errorf("%q", r)
	}
	for name, change := range map[string]func(*Summary){
		"one process": func(s *Summary) { s.Workers = nil }, "all sent": func(s *Summary) { s.Run.End = EndSource },
		"from the start again": func(s *Summary) { s.Records.Loops = 1 }, "none": func(s *Summary) { s.Records.Unused = 0 },
	} {
		other := *s
		if change(&other); unusedReason(&other) != "" {
			t.Errorf("%s: %q", name, unusedReason(&other))
		}
	}
}
