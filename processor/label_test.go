package processor_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/processor"
)

func labeler(t testing.TB, c processor.LabelConfig) *processor.Labeler {
	t.Helper()
	l, err := processor.NewLabeler(c)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// request reads "GET /a".
func request(s string) *load.Request {
	method, uri, _ := strings.Cut(s, " ")
	return &load.Request{Method: []byte(method), URI: []byte(uri)}
}

func TestLabelSegments(t *testing.T) {
	tests := []struct{ in, one, two string }{
		{"GET /a/b/c?x=/y", "GET /a", "GET /a/b"},
		{"POST /a", "POST /a", "POST /a"},
		{"GET /a/", "GET /a", "GET /a"},
		{"GET /a?b/c", "GET /a", "GET /a"},
		{"GET /a#b", "GET /a", "GET /a"},
		{"GET /", "GET /", "GET /"},
		{"GET /?a/b", "GET /", "GET /"},
		{"GET ", "GET /", "GET /"},
		{"GET ?a", "GET /", "GET /"},
		{"GET //a/b", "GET /", "GET //a"},
		{"GET /a//b", "GET /a", "GET /a"},
		{"OPTIONS *", "OPTIONS *", "OPTIONS *"},
		{"GET /user/123", "GET /user", "GET /user/123"},
		{"GET /" + strings.Repeat("x", 300), "GET /" + strings.Repeat("x", 195) + "…", "GET /" + strings.Repeat("x", 195) + "…"},
	}
	one, two := labeler(t, processor.DefaultLabels()), labeler(t, processor.LabelConfig{Segments: 2, Max: 100})
	none := labeler(t, processor.LabelConfig{Max: 100})
	for _, tt := range tests {
		if got := one.Label(request(tt.in)); got != tt.one {
			t.Errorf("%s: one segment: got %q, want %q", tt.in, got, tt.one)
		}
		if got := two.Label(request(tt.in)); got != tt.two {
			t.Errorf("%s: two segments: got %q, want %q", tt.in, got, tt.two)
		}
		if got := none.Label(request(tt.in)); got != "" {
			t.Errorf("%s: no segments: got %q", tt.in, got)
		}
	}
}

func TestLabelRules(t *testing.T) {
	l := labeler(t, processor.LabelConfig{Segments: 1, Max: 100, Rules: []processor.Rule{
		{Match: `^/item/\d+$`, Name: "/item/:id"},
		{Match: `^/api/(v\d)/(?P<what>\w+)`, Name: "api ${what} $1"},
		{Match: `\.png(\?|$)`, Name: "images"},
		{Match: `^/empty/(\d*)`, Name: "$1"},
	}})
	for in, want := range map[string]string{
		"GET /item/123":       "/item/:id",
		"POST /item/9":        "/item/:id",
		"GET /item/x":         "GET /item",
		"GET /api/v2/users/7": "api users v2",
		"GET /a/b.png?x":      "images",
		"GET /item/b.png":     "images",
		"GET /empty/":         "(other)",
	} {
		if got := l.Label(request(in)); got != want {
			t.Errorf("%s: got %q, want %q", in, got, want)
		}
	}
	own := request("GET /item/1")
	own.Label = "mine"
	if got := l.Label(own); got != "mine" {
		t.Errorf("a request with a label: got %q", got)
	}
}

func TestLabelMax(t *testing.T) {
	l := labeler(t, processor.LabelConfig{Segments: 1, Max: 3})
	seen := map[string]int{}
	for i := range 50 {
		seen[l.Label(request(fmt.Sprintf("GET /%d/x", i%10)))]++
	}
	if got, want := fmt.Sprint(seen), "map[(other):35 GET /0:5 GET /1:5 GET /2:5]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	own := request("GET /0")
	own.Label = "mine"
	if got := l.Label(own); got != processor.OtherLabel {
		t.Errorf("a request with a label, beyond the bound: got %q", got)
	}
}

func TestLabelErrors(t *testing.T) {
	_, err := processor.NewLabeler(processor.LabelConfig{Segments: -1, Max: 0, Rules: []processor.Rule{
		{Match: "(", Name: "a"},
		{Match: "a", Name: ""},
		{Match: "(a)", Name: "$1x"},
		{Match: "(a)", Name: "${1}x $$ $"},
		{Match: "(a)", Name: "$2"},
	}})
	want := []string{
		"processor: labels: segments: -1 is negative",
		"processor: labels: max: 0: expected at least 1",
		"processor: labels: rules[0]: match: \"(\": error parsing regexp",
		"processor: labels: rules[1]: name: it is empty",
		"processor: labels: rules[2]: name: \"$1x\": match has no group $1x; write ${1}x",
		"processor: labels: rules[4]: name: \"$2\": match has no group $2",
	}
	got := strings.Split(fmt.Sprint(err), "\n")
	if len(got) != len(want) {
		t.Fatalf("got %d problems, want %d:\n%v", len(got), len(want), err)
	}
	for i := range want {
		if !strings.HasPrefix(got[i], want[i]) {
			t.Errorf("got %s, want %s", got[i], want[i])
		}
	}
}

func TestLabelAllocations(t *testing.T) {
	l := labeler(t, processor.LabelConfig{Segments: 2, Max: 50, Rules: []processor.Rule{{Match: `^/item/\d+$`, Name: "/item/:id"}}})
	requests := []*load.Request{request("GET /item/7"), request("GET /"), request("GET " + "/" + strings.Repeat("y", 1000))}
	for i := range 100 {
		requests = append(requests, request(fmt.Sprintf("GET /a/%d/c?d", i)))
	}
	own := request("GET /")
	own.Label = "mine"
	requests = append(requests, own)
	for _, r := range requests {
		l.Label(r)
	}
	i := 0
	if n := testing.AllocsPerRun(1000, func() {
		l.Label(requests[i%len(requests)])
		i++
	}); n != 0 {
		t.Errorf("%v allocations a request, want 0", n)
	}
}

// FuzzLabel: no panic, the bounds hold, and the same request has the same label.
func FuzzLabel(f *testing.F) {
	f.Add("GET", "/a/b?c", 1)
	f.Add("", "", 3)
	f.Add("X", "//", 2)
	f.Fuzz(func(t *testing.T, method, uri string, segments int) {
		l := labeler(t, processor.LabelConfig{Segments: int(uint(segments)%5) + 1, Max: 1, Rules: []processor.Rule{{Match: "^/z(.*)", Name: "z$1"}}})
		req := &load.Request{Method: []byte(method), URI: []byte(uri)}
		first := l.Label(req)
		if first == "" || len(first) > 203 || l.Label(req) != first {
			t.Errorf("labels %q and %q", first, l.Label(req))
		}
		if got := l.Label(&load.Request{URI: []byte("/another/label/beyond/the/bound")}); got != processor.OtherLabel && got != first && first != processor.OtherLabel {
			t.Errorf("a second label: %q", got)
		}
	})
}

func BenchmarkLabel(b *testing.B) {
	plain := processor.DefaultLabels()
	rules := plain
	rules.Rules = []processor.Rule{{Match: `^/item/\d+$`, Name: "/item/:id"}, {Match: `^/(presentations)/`, Name: "$1"}}
	for name, c := range map[string]processor.LabelConfig{"segments": plain, "rules": rules} {
		b.Run(name, func(b *testing.B) {
			l := labeler(b, c)
			req := request("GET /presentations/logstash-monitorama-2013/images/kibana-search.png")
			b.ReportAllocs()
			for b.Loop() {
				l.Label(req)
			}
		})
	}
}
