package report

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/measure"
)

// stories are runs whose summaries are kept as golden files.
var stories = []struct {
	name  string
	model model
	facts func(*Facts)
}{
	{"good", model{seconds: 10, rate: 1000, warmup: 2, fate: healthy}, func(f *Facts) {
		f.Labels = someLabels()
	}},
	{"slipped", model{seconds: 10, rate: 1000, fate: func(i int) fate {
		f := healthy(i)
		if i > 4000 && i < 6000 { // stopped for two seconds
			f.lateness = int64(6000-i) * 1_000_000
		}
		if i%500 == 3 {
			f.kind = "starved"
		}
		return f
	}}, nil},
	{"closed", model{seconds: 10, rate: 1000, fate: func(i int) fate {
		f := healthy(i)
		f.lateness = 0
		return f
	}}, func(f *Facts) {
		f.Load.Mode, f.Load.Arrival, f.Load.Connections = ModeClosed, "closed", 8
	}},
	{"dead target", model{seconds: 2, rate: 50, fate: func(i int) fate {
		return fate{lateness: 20_000, wait: 0, service: 100_000, cause: "connection refused"}
	}}, nil},
	{"interrupted", model{seconds: 3, rate: 1000, fate: func(i int) fate {
		f := healthy(i)
		switch {
		case i%100 == 7:
			f.status, f.cause, f.service = 0, "timeout", 1_000_000_000
		case i%100 == 8:
			f.status, f.cause = 0, "connection reset"
		case i%100 == 9:
			f.status = 503
		case i >= 2990:
			f.kind = "in flight"
		case i >= 2950:
			f.kind, f.cause = "unsent", "connection limit"
		}
		return f
	}}, func(f *Facts) {
		f.Run.End, f.Load.Connections = EndInterrupted, 16
		f.Records.Bad, f.Records.FirstBad = 2, []string{
			"access.log:17: combined: no closing quote after the request: `GET /a HTTP/1.1 200 12 \"-\" \"\x1b[31mMozilla/5.0 (X11; Linux x86_64)`", "access.log:99: combined: empty line",
		}
		f.Run.Targets = []string{"http://10.0.0.1:80", "http://10.0.0.2:80", "http://10.0.0.3:80", "http://10.0.0.4:80", "http://10.0.0.5:80"}
	}},
	{"checked", model{seconds: 3, rate: 1000, fate: func(i int) fate {
		f := healthy(i)
		f.check = "passed"
		switch i % 500 {
		case 7:
			f.check = "failed"
		case 8:
			f.status, f.check, f.next = 503, "failed", 800_000
		}
		if i%10 == 1 {
			f.next = 2_000_000 + spread(i, 1_000_000)
		}
		return f
	}}, checked},
	{"scaled out", scattered, scaledOut},
}

// checked is a run over a protocol whose statuses are words, with what a processor and datagrams bring.
func checked(f *Facts) {
	words := map[int]string{200: "hit", 404: "miss", 503: "SERVER_ERROR out of memory"}
	f.StatusName = func(status int) string { return words[status] }
	f.Labels = map[string]*measure.Label{}
	for _, name := range []string{"get", "set", "gat\x1b[31m"} {
		l := &measure.Label{Requests: measure.Requests{Scheduled: 10, Sent: 10, Completed: 10}}
		for k := range 10 {
			l.Latency.Record(int64(k+1) * 100_000)
		}
		f.Labels[name] = l
	}
}

// besides fills in what the model does not play.
func besides(iv *measure.Interval) {
	for i := range 12 {
		iv.Checks[fmt.Sprintf("check %d of a chain that has a rather long name", i)] = measure.Check{Passed: 2_000_000, Failed: int64(i % 3)}
	}
	iv.Unseen, iv.Followups.Refused, iv.Followups.Bad = 12, 5, 2
	iv.Followups.Requests.Scheduled += 8
	iv.Followups.Requests.Unsent += 8
	iv.Datagrams = measure.Datagrams{Late: 4, Unmatched: 1}
}

func someLabels() map[string]*measure.Label {
	m := map[string]*measure.Label{}
	for i, name := range strings.Fields("/ /cart /checkout /images /login /logout /products /products/by-category/of-a-long-name /search /static /status /users") {
		l := &measure.Label{}
		for k := range 100 * (i + 1) {
			l.Latency.Record(1_000_000 + spread(k, 5_000_000))
		}
		n := int64(100 * (i + 1))
		l.Requests = measure.Requests{Scheduled: n, Sent: n, Completed: n}
		m[name] = l
	}
	return m
}

func story(t *testing.T, i int) *Summary {
	t.Helper()
	st := stories[i]
	f := st.model.facts()
	f.Objectives = conditions(t, "p99<50ms", "errors<0.1%", "rate>950/s")
	if st.name == "checked" {
		f.Objectives = conditions(t, "errors<0.1%", "checks>99.9999%", "checks{no such}>99%")
	}
	if st.facts != nil {
		st.facts(&f)
	}
	iv := total(st.model.intervals())
	if st.name == "checked" {
		besides(iv)
	}
	s := Build(iv, f)
	if err := Verify(s); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTerminal(t *testing.T) {
	for i, st := range stories {
		t.Run(st.name, func(t *testing.T) {
			var b strings.Builder
			if err := Terminal(&b, story(t, i), TerminalOptions{Report: "runs/checkout-20260701-120000/report.html"}); err != nil {
				t.Fatal(err)
			}
			fits(t, b.String(), 80)
			if strings.ContainsAny(b.String(), "\x1b\r\t") {
				t.Error("control characters in plain text")
			}
			golden(t, "terminal/"+strings.ReplaceAll(st.name, " ", "-")+".txt", b.String())
		})
	}
}

// Color adds nothing but color.
func TestTerminalInColor(t *testing.T) {
	for i := range stories {
		var plain, colored strings.Builder
		s := story(t, i)
		if err := errors.Join(Terminal(&plain, s, TerminalOptions{}), Terminal(&colored, s, TerminalOptions{Color: true})); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(colored.String(), "\x1b[") || uncolored(colored.String()) != plain.String() {
			t.Errorf("%s: differs in more than color", stories[i].name)
		}
	}
}

// uncolored takes the colors out.
func uncolored(s string) string {
	var b strings.Builder
	for {
		before, after, ok := strings.Cut(s, "\x1b[")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		_, s, _ = strings.Cut(after, "m")
	}
}

func TestTerminalTellsOfAWriterThatFails(t *testing.T) {
	if err := Terminal(&full{}, good(), TerminalOptions{}); !errors.Is(err, errFull) {
		t.Fatal(err)
	}
}

// Numbers stand in their order, words by their frequency, and an odd protocol does not fill the screen.
func TestTerminalBoundsStatuses(t *testing.T) {
	sheet := &sheet{}
	by := map[string]int64{"9": 1, "10": 2, "404": 3, "NXDOMAIN": 4, "OK": 50}
	for i := range 9 {
		by["rcode-"+string(rune('a'+i))] = 1
	}
	sheet.statuses(by)
	var got []string
	for l := range strings.Lines(sheet.String()) {
		got = append(got, strings.Join(strings.Fields(l), " "))
	}
	want := "1 status 9|2 status 10|3 status 404|50 status OK|4 status NXDOMAIN|1 status rcode-a|1 status rcode-b|1 status rcode-c|" +
		"1 status rcode-d|1 status rcode-e|1 status rcode-f|1 status rcode-g|2 with one of 2 other statuses, in the report"
	if s := strings.Join(got, "|"); s != want {
		t.Errorf("got  %s\nwant %s", s, want)
	}
}

func TestWrap(t *testing.T) {
	got := strings.Join(wrap("  one two   three averyverylongword four ", 9), "|")
	if want := "one two|three|averyverylongword|four"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestTerminalShowsWarmupApart(t *testing.T) {
	s := story(t, 0)
	if s.Warmup.DurationNS != int64(2*time.Second) || s.Warmup.Latency.Count != 2000 {
		t.Fatalf("%+v", s.Warmup)
	}
}

// Requests of more than one arrival are not taken for a rate that was missed.
func TestTerminalNamesArrivalsByWeight(t *testing.T) {
	for arrivals, want := range map[int64]string{1000: "1000/s for 1s (400/s), by weight", 400: "1000/s for 1s (400/s)\n"} {
		var b strings.Builder
		s := &Summary{Load: Load{Mode: "open", Arrival: "poisson, 1000/s", Arrivals: arrivals, DurationNS: 1e9, RateScheduled: 400}, Requests: measure.Requests{Scheduled: 400}}
		if err := Terminal(&b, s, TerminalOptions{}); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(b.String(), want) {
			t.Errorf("%d arrivals: no %q in\n%s", arrivals, want, b.String())
		}
	}
}
