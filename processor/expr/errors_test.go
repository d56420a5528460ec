package expr

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/processor"
)

func withURI(source string) Config {
	return Config{Request: RequestConfig{Expr: Request{URI: source}}}
}

func TestValidate(t *testing.T) {
	follow := func(f FollowUp) Config {
		if f.Expr.URI == "" {
			f.Expr.URI = `"/x"`
		}
		return Config{FollowUps: []FollowUp{f}}
	}
	tests := []struct {
		c    Config
		want string
	}{
		{withURI(`urii`), "request.expr.uri: column 1: unknown name urii: in urii (did you mean uri?)"},
		{withURI("\"/\" +\n  zzzz"), "request.expr.uri: line 2, column 3: unknown name zzzz: in \"/\" + zzzz; known here: raw, file, line, "},
		{withURI(`"a" +`), "request.expr.uri: column 5: unexpected token EOF: in \"a\" +"},
		{withURI(`"a" + 1`), `request.expr.uri: column 5: invalid operation: + (mismatched types string and int): in "a" + 1`},
		{withURI(`uper(uri)`), "request.expr.uri: column 1: unknown name uper: in uper(uri) (did you mean upper?)"},
		{withURI(`md55(uri)`), "(did you mean md5?)"},
		{withURI(`$env.uri`), "request.expr.uri: column 1: $env has no use here"},
		{withURI(`match(uri, "(")`), "request.expr.uri: column 12: error parsing regexp: missing closing ): `(`: in match(uri"},
		{withURI(`uri matches "("`), "request.expr.uri: column"},
		{withURI(`randInt("x")`), "request.expr.uri: column 9: cannot use string as argument (type int)"},
		{withURI(`status`), "unknown name status"},
		{Config{Filter: `uri`}, "filter: expected true or false, but it gives a string: in uri"},
		{Config{Filter: `1 +`}, "filter: "},
		{Config{Sample: 1.5}, "sample: 1.5: expected a share"},
		{Config{Request: RequestConfig{Expr: Request{Weight: `"x"`}}}, "request.expr.weight: expected int, but got string"},
		{Config{Request: RequestConfig{Expr: Request{Headers: map[string]string{"A b": `"x"`}}}}, `request.expr.headers.A b: headers: "A b": expected a header name`},
		{Config{Request: RequestConfig{Expr: Request{Headers: map[string]string{"A": ``}}}}, "request.expr.headers.A: it is empty"},
		{Config{Request: RequestConfig{Expr: Request{Headers: map[string]string{"Content-Length": `1`}}}}, "request.expr.headers.Content-Length: headers: Content-Length: says where"},
		{Config{Request: RequestConfig{Expr: Request{Keep: map[string]string{"a": ``}}}}, "request.expr.keep.a: it is empty"},
		{Config{Request: RequestConfig{Query: Query{Drop: []string{""}}}}, "request.query.drop[0]: it is empty"},
		{Config{Request: RequestConfig{Query: Query{Shift: []Shift{{Kind: "x"}}}}}, "request.query.shift[0].name: it is empty; give a parameter's name, such as since_id\nrequest.query.shift[0].kind: \"x\": expected snowflake, seconds or millis"},
		{Config{Checks: []Check{{}}}, "checks[0].expr: it is empty"},
		{Config{Checks: []Check{{Expr: "status"}}}, "checks[0].expr: expected true or false, but it gives a int"},
		{Config{Checks: []Check{{Expr: "statuss == 200"}}}, "checks[0].expr: column 1: unknown name statuss: in statuss == 200 (did you mean status?)"},
		{Config{Checks: []Check{{Expr: "request.urii == ''"}}}, "checks[0].expr: column 9: request has no field urii: in request.urii == '' (did you mean uri?)"},
		{Config{Checks: []Check{{"a", "true"}, {"a", "false"}}}, `checks[1].name: "a": another check has this name`},
		{Config{Checks: []Check{{Expr: "kept.id == 1"}}}, "checks[0].expr: column 6: kept has no members without request.expr.keep"},
		{Config{Checks: []Check{{Expr: "found.id == 1"}}}, "checks[0].expr: column 7: found has members only in the expr of a follow-up"},
		{Config{Checks: []Check{{Expr: "kept.idd == 1"}}, Request: RequestConfig{Expr: Request{Keep: map[string]string{"id": "1"}}}}, "checks[0].expr: column 6: kept has no member idd; it has id"},
		{Config{FollowUps: []FollowUp{{}}}, "followups[0].expr.uri: it is empty"},
		{follow(FollowUp{When: "1"}), "followups[0].when: expected true or false, but it gives a int"},
		{follow(FollowUp{MaxDepth: -1, Think: -time.Second, Label: "a", Expr: Request{Label: `"b"`}}), "followups[0].max_depth: -1: expected 0 or more\nfollowups[0].think: -1s: expected a duration that is not negative\nfollowups[0].label: expr.label is set too"},
		{follow(FollowUp{Extract: map[string]Extract{"a": {}}}), "followups[0].extract.a: expected exactly one of json, regexp and expr"},
		{follow(FollowUp{Extract: map[string]Extract{"a": {JSON: "a", Expr: "1"}}}), "followups[0].extract.a: expected exactly one"},
		{follow(FollowUp{Extract: map[string]Extract{"a": {Regexp: "("}}}), "followups[0].extract.a.regexp: error parsing regexp"},
		{follow(FollowUp{Extract: map[string]Extract{"a": {JSON: "a..b"}}}), `followups[0].extract.a.json: "a..b": expected names and places`},
		{follow(FollowUp{Extract: map[string]Extract{"a": {Expr: "zz"}}}), "followups[0].extract.a.expr: column 1: unknown name zz"},
		{follow(FollowUp{Extract: map[string]Extract{"a": {JSON: "a"}}, Expr: Request{URI: "found.b"}}), "followups[0].expr.uri: column 7: found has no member b; it has a"},
	}
	for _, tt := range tests {
		err := tt.c.Validate()
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("got  %v\nwant %s", err, tt.want)
		}
		if _, newErr := New(tt.c, base(t), 0, nil); err != nil && (newErr == nil || newErr.Error() != "processor/expr: "+err.Error()) {
			t.Errorf("New: %v", newErr)
		}
	}
}

func TestBadRecords(t *testing.T) {
	expr := func(r Request) Config { return Config{Request: RequestConfig{Expr: r}} }
	bad := record()
	bad.Object = []byte(`{"a":`)
	tests := []struct {
		c    Config
		rec  *load.Record
		want string
	}{
		{withURI(`"/" + fields.c3`), record(), `processor/expr: request.expr.uri: column 5: invalid operation: string + nothing (nil): in "/" + fields.c3`},
		{withURI(`json.none.id`), record(), "processor/expr: request.expr.uri: column 11: cannot fetch id from nothing (nil): in json.none.id"},
		{withURI(`json.user`), &load.Record{}, "processor/expr: request.expr.uri: column 6: cannot fetch user from nothing (nil)"},
		{withURI(`json.a`), bad, "processor/expr: request.expr.uri: not JSON: "},
		{withURI(`fields.c3`), record(), "processor/expr: request.expr.uri: gave nothing (nil); expected text: in fields.c3"},
		{withURI(`0.0 / 0.0`), record(), "processor/expr: request.expr.uri: the number is NaN: in 0.0 / 0.0"},
		{withURI(`md5(nil)`), record(), "processor/expr: request.expr.uri: column 1: md5: expected text, not nothing (nil)"},
		{withURI(`match(uri, raw + "(")`), record(), "processor/expr: request.expr.uri: column 1: error parsing regexp"},
		{withURI(`text(seq, nil)`), record(), "text: argument 2 is nothing (nil)"},
		{withURI(`randInt(0)`), record(), "randInt(0): expected a whole number of at least 1"},
		{withURI(`fromHex("x")`), record(), "fromHex: encoding/hex: invalid byte"},
		{expr(Request{Method: `nil`}), record(), "processor/expr: request.expr.method: gave nothing (nil)"},
		{expr(Request{Weight: `line - 17`}), record(), "processor/expr: request.expr.weight: gave 0; expected a whole number from 1 to 1000000: in line - 17"},
		{expr(Request{Headers: map[string]string{"A": "fields.c1 + 1"}}), record(), "processor/expr: request.expr.headers.A: column 11: invalid operation: string + int"},
		{expr(Request{Keep: map[string]string{"A": "json.a.b"}}), record(), "processor/expr: request.expr.keep.A: column 8: cannot fetch b"},
		{Config{Filter: `json.user.id`}, record(), "processor/expr: filter: "},
	}
	for _, tt := range tests {
		p := mustNew(t, tt.c)
		err := p.Process(tt.rec, func() *load.Request { t.Error("a request was begun"); return new(load.Request) })
		if err == nil || !strings.Contains(err.Error(), tt.want) || errors.Is(err, processor.ErrFiltered) {
			t.Errorf("got  %v\nwant %s", err, tt.want)
		}
	}
}

func TestFilter(t *testing.T) {
	p := mustNew(t, Config{Filter: `line % 3 == 1 and seq < 8`})
	var kept []int64
	for line := range int64(10) {
		err := p.Process(&load.Record{Line: line}, func() *load.Request { kept = append(kept, line); return new(load.Request) })
		if err != nil && !errors.Is(err, processor.ErrFiltered) {
			t.Fatal(err)
		}
	}
	if !slices.Equal(kept, []int64{1, 4}) {
		t.Errorf("lines %v, want 1 and 4", kept)
	}
}

func TestSample(t *testing.T) {
	used := func(share Share, seed uint64) (list []int) {
		p, err := New(Config{Sample: share}, base(t), seed, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 10_000 {
			err := p.Process(&load.Record{}, func() *load.Request { list = append(list, i); return new(load.Request) })
			if err != nil && !errors.Is(err, processor.ErrFiltered) {
				t.Fatal(err)
			}
		}
		return list
	}
	a, b, c := used(0.1, 1), used(0.1, 1), used(0.1, 2)
	// 1000 expected, of standard deviation 30.
	if len(a) < 850 || len(a) > 1150 {
		t.Errorf("%d of 10000 records, want about 1000", len(a))
	}
	if !slices.Equal(a, b) || slices.Equal(a, c) {
		t.Error("the seed does not fix the sample")
	}
	if n := len(used(1, 1)); n != 10_000 {
		t.Errorf("a share of 1 uses %d of 10000", n)
	}
}

func TestShare(t *testing.T) {
	for text, want := range map[string]Share{"0.1": 0.1, "10%": 0.1, " 100 % ": 1, "1": 1, "0": 0, "2.5%": 0.025} {
		var s Share
		if err := s.UnmarshalText([]byte(text)); err != nil || s != want {
			t.Errorf("%q: got %v, %v, want %v", text, s, err, want)
		}
		back, err := s.MarshalText()
		var again Share
		if err != nil || again.UnmarshalText(back) != nil || again != s {
			t.Errorf("%q is written as %s", text, back)
		}
	}
	for text, want := range map[string]string{"": "expected a share such as", "x": "expected", "-1": "expected", "10": "did you mean 10%?", "101%": "expected", "NaN": "expected"} {
		var s Share
		if err := s.UnmarshalText([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}

// Whatever stands in a spec, there is an error or a program, and the program gives a request or an error.
func FuzzExpression(f *testing.F) {
	for _, s := range []string{
		`"/v2" + path`, `json.user?.id ?? query["a"]`, `let x = 1; x + $env`, `match(uri, "(")`, `map(1..3, {# * 2})`, "a\n+", `headers.x | upper()`, `time.Year`,
		`found.x`, `fields`, `-"a"`, `text(nil)`, `uuid`, `{"a": header}`,
	} {
		f.Add(s)
	}
	base := base(f)
	f.Fuzz(func(t *testing.T, source string) {
		c := withURI(source)
		c.Checks = []Check{{Name: "x", Expr: "true"}}
		p, err := New(c, base, 1, nil)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "processor/expr: request.expr.uri: ") {
				t.Fatal(err)
			}
			return
		}
		req := new(load.Request)
		err = p.Process(record(), func() *load.Request { return req })
		if err != nil && !strings.HasPrefix(err.Error(), "processor/expr: request.expr.uri: ") {
			t.Fatal(err)
		}
	})
}
