package expr

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/processor"
)

func record() *load.Record {
	return &load.Record{
		File: "shop.log", Line: 17, Raw: []byte("raw text"), Method: []byte("PUT"), URI: []byte("/item/7?user=a%20b&user=c&q=x+y&empty=&x%20y=1"),
		Header: []load.Field{pair("User-Agent", "Agent/1"), pair("Referer", "http://r/")},
		Body:   []byte("body"), Time: time.Date(2015, 5, 17, 10, 5, 3, 0, time.UTC),
		Fields: []load.Field{pair("c1", "one"), pair("c2", "2")},
		Object: []byte(`{"user":{"id":12345678901234567,"name":"<ö>","tags":["a","b"],"score":1.5,"admin":true,"none":null}}`),
	}
}

// Each expression is a body; the rest of the request comes from the record.
func TestVariablesAndFunctions(t *testing.T) {
	tests := []struct{ source, want string }{
		{`raw`, "raw text"},
		{`file + ":" + string(line)`, "shop.log:17"},
		{`seq`, "1"},
		{`method`, "PUT"},
		{`uri`, "/item/7?user=a%20b&user=c&q=x+y&empty=&x%20y=1"},
		{`path`, "/item/7"},
		{`query.user`, "a b"},
		{`query["q"]`, "x y"},
		{`query.empty == ""`, "true"},
		{`query["x y"]`, "1"},
		{`query.none ?? "default"`, "default"},
		{`"user" in query and not ("none" in query)`, "true"},
		{`len(query)`, "4"},
		{`let name = "user"; query[name]`, "a b"},
		{`headers["user-agent"]`, "Agent/1"},
		{`headers["User-Agent"]`, "Agent/1"},
		{`header("USER-AGENT")`, "Agent/1"},
		{`header("None") ?? "-"`, "-"},
		{`toJSON(keys(headers) | sort())`, `["referer","user-agent"]`},
		{`body | upper()`, "BODY"},
		{`time.Year()`, "2015"},
		{`time`, "2015-05-17T10:05:03Z"},
		{`time.Sub(date("2015-05-17T10:05:00Z"))`, "3s"},
		{`fields.c1 + fields["c2"]`, "one2"},
		{`fields.c3 ?? "none"`, "none"},
		{`json.user.id`, "12345678901234567"},
		{`json.user.name`, "<ö>"},
		{`json.user`, `{"admin":true,"id":12345678901234567,"name":"<ö>","none":null,"score":1.5,"tags":["a","b"]}`},
		{`json.user.tags`, `["a","b"]`},
		{`json.user.tags[1]`, "b"},
		{`json.user.score * 2`, "3"},
		{`json.other?.id ?? "none"`, "none"},
		{`{"id": int(fields.c2), "name": json.user.name}`, `{"id":2,"name":"<ö>"}`},
		{`1e15 + 0.5`, "1000000000000000.5"},
		{`2.0 ** 70`, "1.1805916207174113e+21"},
		{`line > 10 ? "late" : "early"`, "late"},
		{`text("/v", 2, "/", true, [1])`, "/v2/true[1]"},
		{`match(uri, "user=(\\w+)")`, "a"},
		{`match(uri, "item/\\d")`, "item/7"},
		{`match(uri, "(x)?item")`, ""},
		{`match(uri, "none") == nil`, "true"},
		{`replaceMatches(path, "(\\d)", "<$1>")`, "/item/<7>"},
		{`uri matches "^/item/\\d+"`, "true"},
		{`urlEncode("a b/ä+")`, "a%20b%2F%C3%A4%2B"},
		{`urlDecode("a%20b+c")`, "a b c"},
		{`toBase64("a")`, "YQ=="},
		{`fromBase64("YQ==")`, "a"},
		{`toHex("az")`, "617a"},
		{`fromHex("617a")`, "az"},
		{`md5("a")`, "0cc175b9c0f1b6a831c399e269772661"},
		{`sha1("a")`, "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"},
		{`sha256(5)`, "ef2d127de37b942baad06145e54b0c619a1f22327b2ebbcfbec78f5564afe39d"},
		{`hmacSHA256("key", "The quick brown fox jumps over the lazy dog")`, "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8"},
		{`fromJSON("{\"a\":[1,2.5]}").a[1]`, "2.5"},
		{`toJSON({"a": "<"})`, `{"a":"<"}`},
		{`rand() < 1`, "true"},
		{`randInt(1)`, "0"},
		{`uuid() matches "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"`, "true"},
		{`uuid() == uuid()`, "false"},
		{`now().Year() > 2000`, "true"},
		{`nil`, ""},
	}
	for _, tt := range tests {
		p := mustNew(t, Config{Request: RequestConfig{Expr: Request{Body: tt.source}}})
		var req load.Request
		err := p.Process(record(), func() *load.Request { return &req })
		if err != nil || string(req.Body) != tt.want {
			t.Errorf("%s: got %q, %v, want %q", tt.source, req.Body, err, tt.want)
		}
	}
}

func TestRequest(t *testing.T) {
	const usual = "PUT /item/7?user=a%20b&user=c&q=x+y&empty=&x%20y=1 "
	agent, referer := "[User-Agent: Agent/1]", "[Referer: http://r/]"
	tests := []struct {
		name string
		r    Request
		want string
	}{
		{"method", Request{Method: `"PO" + "ST"`}, "POST" + strings.TrimPrefix(usual, "PUT") + agent + " " + referer + " body=body"},
		{"uri", Request{URI: `"/user/" + fields.c1`}, "PUT /user/one " + agent + " " + referer + " body=body"},
		{"body", Request{Body: `json.user.tags`}, usual + agent + " " + referer + ` body=["a","b"]`},
		{"no body", Request{Body: `nil`}, usual + agent + " " + referer},
		{"headers", Request{Headers: map[string]string{"X-Line": "line", "referer": `"mine"`, "User-Agent": "nil"}}, usual + "[X-Line: 17] [referer: mine] body=body"},
		{"host", Request{Headers: map[string]string{"Host": `"h"`}}, usual + agent + " " + referer + " [Host: h] body=body"},
		{"others", Request{Key: `query.user`, Client: `"192.0.2." + string(line)`, Label: `"GET " + fields.c1`, Weight: `line * 2`}, usual + agent + " " + referer + " body=body key=a b client=192.0.2.17 label=GET one weight=34"},
		{"keep", Request{Keep: map[string]string{"id": "json.user.id", "none": "nil"}}, usual + agent + " " + referer + " body=body kept=map[id:12345678901234567 none:<nil>]"},
	}
	for _, tt := range tests {
		if got := made(mustNew(t, Config{Request: RequestConfig{Expr: tt.r}}), record()); got != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", tt.name, got, tt.want)
		}
	}
}

// What the base says besides stays: its prefix before an expression's URI, its headers, and every request of several.
func TestBase(t *testing.T) {
	c := Config{Request: RequestConfig{Expr: Request{URI: `"/x"`, Label: `"own"`, Headers: map[string]string{"A": "line"}}}}
	prefixed := base(t, func(c *processor.Config) {
		c.Prefix = "/v2"
		c.Headers = []processor.Header{{Name: "B", Value: "b"}, {Name: "a", Value: "old"}}
	})
	p, err := New(c, prefixed, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := made(p, &load.Record{Line: 3}), "GET /v2/x [B: b] [A: 3] label=own"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	twice := processor.Func(func(rec *load.Record, add func() *load.Request) error {
		for _, name := range []string{"1", "2"} {
			req := add()
			req.Method, req.URI, req.Label = req.KeepString(name), req.Keep(rec.URI), "theirs"
		}
		return nil
	})
	if p, err = New(c, twice, 1, nil); err != nil {
		t.Fatal(err)
	}
	if got, want := made(p, &load.Record{Line: 3}), "1 /x [A: 3] label=own\n2 /x [A: 3] label=own"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	needy := processor.Func(func(rec *load.Record, add func() *load.Request) error {
		if string(rec.Body) != "1" || string(rec.Method) != "SET" {
			return fmt.Errorf("method %q, body %q", rec.Method, rec.Body)
		}
		add()
		return nil
	})
	if p, err = New(Config{Request: RequestConfig{Expr: Request{Method: `"SET"`, Body: `seq`}}}, needy, 1, nil); err != nil {
		t.Fatal(err)
	}
	if got, want := made(p, &load.Record{}), "  body=1"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if p, err = New(Config{}, twice, 1, nil); err != nil || reflect.TypeOf(p) != reflect.TypeFor[processor.Func]() {
		t.Errorf("an empty configuration makes a %T, %v", p, err)
	}
}

// The structs that expressions are compiled and run with have the same fields at the same places.
func TestValuesAreLikeTypes(t *testing.T) {
	for _, tt := range []struct{ types, values any }{
		{recordTypes{}, recordValues{}}, {responseTypes{}, responseValues{}}, {requestTypes{}, requestValues{}},
	} {
		a, b := reflect.TypeOf(tt.types), reflect.TypeOf(tt.values)
		if a.NumField() != b.NumField() || a.NumField() > 64 {
			t.Fatalf("%v has %d fields, %v has %d", a, a.NumField(), b, b.NumField())
		}
		for i := range a.NumField() {
			if a.Field(i).Name != b.Field(i).Name || a.Field(i).Tag.Get("expr") == "" {
				t.Errorf("field %d: %v and %v", i, a.Field(i), b.Field(i).Name)
			}
		}
	}
	for i, f := range append(newRecordSide(0).fill, newResponseSide(0).fill...) {
		if f == nil {
			t.Errorf("variable %d cannot be loaded", i)
		}
	}
}
