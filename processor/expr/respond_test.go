package expr

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/processor"
)

// exchange is a request with its answer.
func exchange() *processor.Exchange {
	return &processor.Exchange{
		Request: &load.Request{
			Method: []byte("POST"), URI: []byte("/login?u=1"), Body: []byte("secret"), Label: "login", Key: []byte("k"), Client: []byte("192.0.2.1"),
			Header: []load.Field{pair("User-Agent", "Agent/1"), pair("Content-Type", "text/plain"), pair("content-encoding", "gzip"), pair("Expect", "100-continue")},
			State:  &state{map[string]any{"user": "Ann", "n": 7}},
		},
		Response: load.Response{
			Status: 201, Body: 4096, Header: []load.Field{pair("Location", "/items/17?x"), pair("Content-Type", "application/json")},
			Content: []byte(`{"ok":true,"token":"t0ken","items":[{"id":1},{"id":12345678}],"none":null}`),
		},
		Status: "201", Target: "http://h:1", Due: time.Second, Latency: 12500 * time.Microsecond, Service: 10 * time.Millisecond,
	}
}

func lost() *processor.Exchange {
	return &processor.Exchange{Request: exchange().Request, Cause: "timeout", Target: "http://h:1", Latency: time.Second}
}

// respond gives x to the processor of c and returns its checks and follow-ups in words.
func respond(t testing.TB, c Config, x *processor.Exchange) (checks, follows []string) {
	t.Helper()
	p, ok := mustNew(t, c).(processor.Responder)
	if !ok {
		t.Fatal("the processor is no Responder")
	}
	return answer(p, x, 10)
}

func answer(p processor.Responder, x *processor.Exchange, allowed int) (checks, follows []string) {
	x.Begin(allowed, func() *load.Request { return new(load.Request) })
	p.Respond(x)
	made, passed, refused := x.Result()
	for _, c := range passed {
		checks = append(checks, fmt.Sprintf("%s: %v", c.Name, c.Passed))
	}
	for _, f := range made {
		follows = append(follows, fmt.Sprintf("%v %s", f.Think, shown(f.Request)))
	}
	if refused > 0 {
		follows = append(follows, fmt.Sprintf("%d refused", refused))
	}
	return checks, follows
}

func TestCheckVariables(t *testing.T) {
	keep := RequestConfig{Expr: Request{Keep: map[string]string{"user": "1", "n": "1"}}}
	for _, source := range []string{
		`status == 201`, `status in 200..299`, `outcome == "201"`, `cause == ""`, `body contains "t0ken"`, `len(body) > 10`, `size == 4096`,
		`json.ok`, `json.items[1].id == 12345678`, `len(json.items) == 2`, `json.missing == nil`, `all(json.items, .id > 0)`,
		`header("location") startsWith "/items/"`, `headers["Content-Type"] == "application/json"`, `headers.none == nil`, `"location" in headers`,
		`latency < duration("13ms")`, `latency_ms == 12.5`, `service_ms == 10.0`, `service <= latency`, `due == duration("1s")`,
		`target == "http://h:1"`, `depth == 0`, `request.method == "POST"`, `request.uri == "/login?u=1"`, `request.body == "secret"`,
		`request.label == "login"`, `request.key == "k"`, `kept.user == "Ann"`, `kept.n + 1 == 8`, `match(header("Location"), "(\\d+)") == "17"`,
	} {
		for want, source := range map[bool]string{true: source, false: "not (" + source + ")"} {
			checks, _ := respond(t, Config{Request: keep, Checks: []Check{{Expr: source}}}, exchange())
			if !slices.Equal(checks, []string{fmt.Sprintf("%s: %v", source, want)}) {
				t.Errorf("%s: got %q", source, checks)
			}
		}
	}
}

func TestWithoutAnswer(t *testing.T) {
	c := Config{
		Checks: []Check{{"ok", "status == 200"}, {"answered", `cause == ""`}, {"soon", `cause != "timeout" or latency_ms < 2000`}},
		FollowUps: []FollowUp{
			{Expr: Request{URI: `"/always"`}},
			{When: `outcome == "timeout"`, Expr: Request{URI: `"/blind"`}},
			{When: `cause == "timeout"`, Expr: Request{URI: `"/again"`}},
		},
	}
	checks, follows := respond(t, c, lost())
	if !slices.Equal(checks, []string{"answered: false", "soon: true"}) {
		t.Errorf("checks %q", checks)
	}
	if len(follows) != 1 || !strings.HasPrefix(follows[0], "0s GET /again") {
		t.Errorf("follow-ups %q", follows)
	}
}

// What cannot be evaluated has failed, and the first three reasons are logged.
func TestReasons(t *testing.T) {
	var lines []string
	c := Config{
		Checks:    []Check{{"deep", "json.none.id == 1"}, {"any", "json.token"}},
		FollowUps: []FollowUp{{Extract: map[string]Extract{"id": {JSON: "items[7].id"}}, Expr: Request{URI: `"/" + found.id`}}},
	}
	p, err := New(c, base(t), 0, func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) })
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		checks, follows := answer(p.(processor.Responder), exchange(), 10)
		if !slices.Equal(checks, []string{"deep: false", "any: false", "followups[0].extract.id: false"}) || follows != nil {
			t.Fatalf("checks %q, follow-ups %q", checks, follows)
		}
	}
	want := []string{
		"processor/expr: checks[0].expr: column 11: cannot fetch id from nothing (nil): in json.none.id == 1",
		"processor/expr: checks[1].expr: column 1: gave a string; expected true or false: in json.token",
		"processor/expr: followups[0].extract.id: nothing was found",
	}
	if !slices.Equal(lines, slices.Concat(want, want, want)) {
		t.Errorf("logged\n%s", strings.Join(lines, "\n"))
	}
	if p, err = New(c, base(t), 0, nil); err != nil {
		t.Fatal(err)
	}
	answer(p.(processor.Responder), exchange(), 10) // without a log nothing breaks
}

func TestFollowUps(t *testing.T) {
	const inherited = " [User-Agent: Agent/1]"
	const who = " key=k client=192.0.2.1"
	const kept = " kept=map[n:7 user:Ann]"
	tests := []struct {
		name string
		f    FollowUp
		want string
	}{
		{"plain", FollowUp{Expr: Request{URI: `"/x"`}}, "0s GET /x" + inherited + who + kept},
		{"when", FollowUp{When: `status == 200`, Expr: Request{URI: `"/x"`}}, ""},
		{"think and label", FollowUp{When: `json.ok`, Think: 100 * time.Millisecond, Label: "next", Expr: Request{URI: `"/x"`}}, "100ms GET /x" + inherited + who + " label=next" + kept},
		{"json", FollowUp{Extract: map[string]Extract{"id": {JSON: "$.items[-1].id"}, "t": {JSON: "token"}}, Expr: Request{URI: `text("/items/", found.id, "?t=", found.t)`}}, "0s GET /items/12345678?t=t0ken" + inherited + who + kept},
		{"regexp", FollowUp{Extract: map[string]Extract{"t": {Regexp: `"token":"(\w+)"`}}, Expr: Request{URI: `"/" + found.t`}}, "0s GET /t0ken" + inherited + who + kept},
		{"expr", FollowUp{Extract: map[string]Extract{"at": {Expr: `header("Location")`}}, Expr: Request{URI: `found.at`}}, "0s GET /items/17?x" + inherited + who + kept},
		{"all parts", FollowUp{Expr: Request{
			URI: `"/" + kept.user`, Method: `"PUT"`, Body: `{"n": kept.n}`, Headers: map[string]string{"user-agent": `nil`, "Authorization": `"Bearer " + json.token`},
			Key: `"key"`, Client: `nil`, Label: `request.label + "2"`, Weight: `2`, Keep: map[string]string{"token": "json.token", "n": "depth"},
		}}, `0s PUT /Ann [Authorization: Bearer t0ken] body={"n":7} key=key label=login2 weight=2 kept=map[n:0 token:t0ken user:Ann]`},
		{"none found", FollowUp{Extract: map[string]Extract{"t": {Regexp: `nothing`}}, Expr: Request{URI: `"/" + found.t`}}, ""},
		{"null", FollowUp{Extract: map[string]Extract{"t": {JSON: `none`}}, Expr: Request{URI: `"/x"`}}, ""},
		{"bad URI", FollowUp{Expr: Request{URI: `"/" + json.none`}}, ""},
	}
	for _, tt := range tests {
		_, follows := respond(t, Config{FollowUps: []FollowUp{tt.f}, Request: RequestConfig{Expr: Request{Keep: map[string]string{"user": "1", "n": "1"}}}}, exchange())
		if got := strings.Join(follows, "\n"); got != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", tt.name, got, tt.want)
		}
	}
}

// A rule goes as deep as it says and no deeper, and the run's bounds hold.
func TestDepth(t *testing.T) {
	c := Config{FollowUps: []FollowUp{
		{Expr: Request{URI: `"/first"`}},
		{MaxDepth: 2, When: `depth > 0`, Expr: Request{URI: `text("/depth/", depth)`}},
	}}
	for depth, want := range [][]string{{"/first"}, {"/depth/1"}, {"/depth/2"}, nil} {
		x := exchange()
		x.Depth = depth
		_, follows := respond(t, c, x)
		for i := range follows {
			follows[i] = strings.Fields(follows[i])[2]
		}
		if !slices.Equal(follows, want) {
			t.Errorf("depth %d: %q, want %q", depth, follows, want)
		}
	}
	p := mustNew(t, Config{FollowUps: slices.Repeat([]FollowUp{{Expr: Request{URI: `"/x"`}}}, 3)}).(processor.Responder)
	if _, follows := answer(p, exchange(), 1); len(follows) != 2 || follows[1] != "2 refused" {
		t.Errorf("with one allowed: %q", follows)
	}
}

func TestPaths(t *testing.T) {
	v, err := decodeJSON([]byte(`{"a":{"b c":[10,[20,{"":30}]]},"x":"text"}`))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		path string
		want any
	}{
		{"x", "text"},
		{"$.x", "text"},
		{".x", "text"},
		{"a.b c[0]", 10},
		{"a.b c[-1][0]", 20},
		{"a.b c[1][-2]", 20},
		{"$['x']", errPath},
		{"a.b c[2]", nil},
		{"a.b c[-3]", nil},
		{"a[0]", nil},
		{"x.y", nil},
		{"a.b c.d", nil},
		{"none", nil},
		{"a..b", errPath},
		{"a.", errPath},
		{"a[", errPath},
		{"a[x]", errPath},
		{"a[0]b", errPath},
		{"[]", errPath},
	}
	for _, tt := range tests {
		steps, err := parsePath(tt.path)
		if want, bad := tt.want.(error); bad {
			if !errors.Is(err, want) {
				t.Errorf("%s: got %v, %v, want an error", tt.path, steps, err)
			}
			continue
		}
		if got := follows(v, steps); err != nil || got != tt.want {
			t.Errorf("%s: got %v, %v, want %v", tt.path, got, err, tt.want)
		}
	}
}

// Only checks and follow-ups make a Responder.
func TestResponderOrNot(t *testing.T) {
	for _, c := range []Config{withURI("uri"), {Sample: 0.5}, {Filter: "true"}} {
		if p, ok := mustNew(t, c).(processor.Responder); ok {
			t.Errorf("%+v makes a %T", c, p)
		}
	}
}

// Process and Respond are called by two goroutines. The race detector does the judging.
func TestBothSidesAtOnce(t *testing.T) {
	const source = `text(rand(), uuid(), randInt(5), match(toJSON(json), "o(k)"), header("User-Agent") ?? "")`
	c := Config{
		Filter: `len(` + source + `) > 0`, Sample: 0.9,
		Request:   RequestConfig{Expr: Request{Body: source, Keep: map[string]string{"a": source}}, Query: Query{Drop: []string{"x*"}}},
		Checks:    []Check{{"text", `len(` + source + `) > 0`}},
		FollowUps: []FollowUp{{Extract: map[string]Extract{"t": {JSON: "token"}}, Expr: Request{URI: `"/" + found.t`, Body: source}}},
	}
	p := mustNew(t, c).(processor.Responder)
	var both sync.WaitGroup
	both.Go(func() {
		rec := record()
		rec.Object = []byte(`{"a":"ok"}`)
		for range 300 {
			if err := p.Process(rec, func() *load.Request { return new(load.Request) }); err != nil && !errors.Is(err, processor.ErrFiltered) {
				t.Error(err)
			}
		}
	})
	both.Go(func() {
		for range 300 {
			if checks, follows := answer(p, exchange(), 1); !slices.Equal(checks, []string{"text: true"}) || len(follows) != 1 {
				t.Errorf("%q, %q", checks, follows)
			}
		}
	})
	both.Wait()
}

func TestReadsContent(t *testing.T) {
	follow := func(f FollowUp) Config {
		if f.Expr.URI == "" {
			f.Expr.URI = `"/x"`
		}
		return Config{FollowUps: []FollowUp{f}}
	}
	for _, c := range []Config{
		{},
		withURI("body"),
		{Checks: []Check{{Expr: `status == 200 and request.body == "" and size > 5`}}},
		follow(FollowUp{When: "status == 200"}),
		follow(FollowUp{Extract: map[string]Extract{"a": {Expr: "status"}}}),
	} {
		if c.ReadsContent() {
			t.Errorf("%+v: true", c)
		}
	}
	for _, c := range []Config{
		{Checks: []Check{{Expr: "true"}, {Expr: "len(body) > 1"}}},
		{Checks: []Check{{Expr: `header("A") == nil`}}},
		{Checks: []Check{{Expr: `headers.a == nil`}}},
		{Checks: []Check{{Expr: `len(headers) > 1`}}},
		follow(FollowUp{When: "json.a"}), follow(FollowUp{Expr: Request{URI: `json.a`}}),
		follow(FollowUp{Extract: map[string]Extract{"a": {JSON: "a"}}}), follow(FollowUp{Extract: map[string]Extract{"a": {Regexp: "a"}}}),
		follow(FollowUp{Extract: map[string]Extract{"a": {Expr: "body"}}}), follow(FollowUp{Expr: Request{Headers: map[string]string{"A": "body"}}}),
		follow(FollowUp{Expr: Request{Keep: map[string]string{"A": "body"}}}),
	} {
		if !c.ReadsContent() {
			t.Errorf("%+v: false", c)
		}
	}
}
