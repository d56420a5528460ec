package expr

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/processor"
	"github.com/iagoloadgen/iago/processor/processortest"
)

// What needs no value of the record made anew keeps the whole contract, without an allocation.
func TestContract(t *testing.T) {
	constant := Config{
		Filter: `true`,
		Request: RequestConfig{
			Query: Query{Drop: []string{"o*"}, Shift: []Shift{{Name: "q", Kind: millis, By: time.Hour}}},
			Expr:  Request{Method: `"PO" + "ST"`, Label: `"all"`, Weight: `1 + 1`, Headers: map[string]string{"Accept": `"text/html"`, "Referer": `nil`}},
		},
		Checks: []Check{{Expr: "status == 200"}},
	}
	for name, c := range map[string]Config{"constant": constant, "nothing": {}, "everything": {Sample: 1}} {
		t.Run(name, func(t *testing.T) {
			processortest.Run(t, func(t testing.TB) processor.Processor { return mustNew(t, c) })
		})
	}
}

// rich makes new values for each record, which cannot be done without allocating.
var rich = Config{
	Sample: 0.9,
	Filter: `not (path startsWith "/path/13")`,
	Request: RequestConfig{Expr: Request{
		URI: `path + "?r=" + string(randInt(1000000)) + "&q=" + (query.q ?? "")`, Body: `{"line": line, "id": uuid()}`, Label: `method`,
		Headers: map[string]string{"X-Ref": `header("Referer")`}, Key: `raw`, Client: `text("192.0.2.", line % 250)`,
	}},
}

// Requests stay what they are when the record's bytes are gone, and equal processors make equal requests.
func TestContractOfRich(t *testing.T) {
	a, b := mustNew(t, rich), mustNew(t, rich)
	var kept []*load.Request
	var were []string
	for i := range 300 {
		rec := &load.Record{Raw: []byte("raw text"), Line: int64(i), Method: []byte("PUT"), URI: []byte("/path/1?q=x&r=y"), Header: []load.Field{pair("Referer", "http://r/")}}
		if text, other := made(a, rec), made(b, rec); text != other {
			t.Fatalf("got %s, and %s", text, other)
		}
		err := a.Process(rec, func() *load.Request { kept = append(kept, new(load.Request)); return kept[len(kept)-1] })
		if _ = made(b, rec); err != nil && !errors.Is(err, processor.ErrFiltered) {
			t.Fatal(err)
		}
		if len(kept) > len(were) {
			were = append(were, shown(kept[len(kept)-1]))
		}
		for _, bytes := range [][]byte{rec.Raw, rec.Method, rec.URI, rec.Header[0].Name, rec.Header[0].Value} {
			copy(bytes, "!!!!!!!!!!!!!!!!!!!!!!!!!!")
		}
	}
	if len(kept) < 200 {
		t.Fatalf("%d requests of 300 records", len(kept))
	}
	for i, req := range kept {
		if got := shown(req); got != were[i] || bytes.Contains([]byte(got), []byte("!")) {
			t.Fatalf("a request became %s, was %s", got, were[i])
		}
	}
}

// typical is what an access log gives, with three expressions.
var typical = Config{Request: RequestConfig{Expr: Request{
	URI: `"/v2" + path`, Label: `method + " images"`, Headers: map[string]string{"X-Original-Line": `line`},
}}}

func logEntry() *load.Record {
	return &load.Record{
		File: "access.log", Line: 123, Method: []byte("GET"), URI: []byte("/presentations/logstash-monitorama-2013/images/kibana-search.png"),
		Header: []load.Field{
			pair("Referer", "http://semicomplete.com/presentations/logstash-monitorama-2013/"),
			pair("User-Agent", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_9_1) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/32.0.1700.77 Safari/537.36"),
		},
		Object: []byte(`{"method":"GET","uri":"/presentations","user":{"id":17,"name":"Ann"},"tags":["a","b"]}`),
	}
}

// Allocations are those of the values themselves: a text is two (its bytes, and the value that the library sees), a number one.
func TestAllocations(t *testing.T) {
	tests := []struct {
		name string
		c    Config
		most float64
	}{
		{"three expressions", typical, 9},
		{"filter", Config{Filter: `path startsWith "/presentations"`}, 2},
		{"number", Config{Filter: `line > 5`}, 1},
		{"query", Config{Filter: `query.a == nil`}, 2},
		{"query rules", Config{Request: RequestConfig{Query: Query{Drop: []string{"oauth_*"}}}}, 0},
	}
	for _, tt := range tests {
		p, rec := mustNew(t, tt.c), logEntry()
		var req load.Request
		add := func() *load.Request { req.Reset(); return &req }
		if n := testing.AllocsPerRun(1000, func() {
			if err := p.Process(rec, add); err != nil {
				t.Fatal(err)
			}
		}); n > tt.most {
			t.Errorf("%s: %v allocations a record, want at most %v", tt.name, n, tt.most)
		}
	}
}

func BenchmarkProcess(b *testing.B) {
	for name, c := range map[string]Config{
		"three": typical,
		"none":  {Sample: 1},
		"json":  {Request: RequestConfig{Expr: Request{URI: `"/user/" + string(json.user.id)`}}},
		"query": {Request: RequestConfig{Query: Query{Drop: []string{"oauth_*"}, Shift: []Shift{{"since_id", snowflake, time.Hour}}}}},
		"five": {Filter: `not (path endsWith ".css")`, Request: RequestConfig{Expr: Request{
			URI: `"/v2" + path`, Label: `match(path, "^/(\\w+)")`, Key: `header("Referer") ?? ""`, Weight: `line % 3 + 1`,
		}}},
	} {
		b.Run(name, func(b *testing.B) {
			p, rec := mustNew(b, c), logEntry()
			if name == "query" {
				rec.URI = []byte("/statuses?oauth_token=abcdef&since_id=421000000000000000&count=20")
			}
			var req load.Request
			add := func() *load.Request { req.Reset(); return &req }
			b.ReportAllocs()
			for b.Loop() {
				if err := p.Process(rec, add); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
		})
	}
}

func BenchmarkRespond(b *testing.B) {
	p := mustNew(b, Config{Checks: []Check{{"status", "status == 201"}, {"fast", `latency < duration("50ms")`}, {"body", `body contains "t0ken"`}}}).(processor.Responder)
	x := exchange()
	b.ReportAllocs()
	for b.Loop() {
		x.Begin(0, nil)
		p.Respond(x)
	}
}
