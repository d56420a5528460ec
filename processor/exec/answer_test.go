package exec

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/iagoloadgen/iago/load"
)

// show puts an answer into words.
func show(a *answer) string {
	var b strings.Builder
	kind := "record"
	if a.response {
		kind = "response"
	}
	fmt.Fprintf(&b, "%s %d", kind, a.id)
	if a.bad != "" {
		fmt.Fprintf(&b, " bad %s", a.bad)
	}
	for i := range a.made {
		m := &a.made[i]
		fmt.Fprintf(&b, "; %s %q", m.req.Method, m.req.URI)
		for _, f := range m.req.Header {
			fmt.Fprintf(&b, " %s:%q", f.Name, f.Value)
		}
		fmt.Fprintf(&b, " body %q label %s weight %d key %q client %s tag %s think %v",
			m.req.Body, m.req.Label, m.req.Weight, m.req.Key, m.req.Client, m.tag, m.think)
	}
	for _, c := range a.checks {
		fmt.Fprintf(&b, "; %s=%t", c.name, c.passed)
	}
	return b.String()
}

// decoded is what a line says, all its answers.
func decoded(d *decoder, line string) (string, error) {
	var all []string
	err := d.decode([]byte(line), func(a *answer, size int) error {
		if size < 1 || size > len(line) {
			return fmt.Errorf("a size of %d", size)
		}
		all = append(all, show(a))
		return nil
	})
	return strings.Join(all, "\n"), err
}

func TestDecode(t *testing.T) {
	const none = ` body "" label  weight 0 key "" client  tag  think 0s`
	var d decoder // one for all: nothing is left over from the line before
	for _, tt := range []struct{ line, want string }{
		{`{"record":7,"requests":[]}`, "record 7"},
		{` { "requests" : [ { } , {"uri":"/"} ] , "record" : 18446744073709551615 } `, `record 18446744073709551615;  ""` + none + `;  "/"` + none},
		{
			`{"record":1,"requests":[{"method":"PUT","uri":"/ä\u00e4\ud83d\ude00\ud800\/","headers":[["A","b"],["A",{"base64":"/wA="}]],"body":"x\n\t\"",` +
				`"label":"l","weight":3,"key":"k","client":"192.0.2.1:5","tag":{"a":[1,"b"]}}]}`,
			`record 1; PUT "/ää😀�/" A:"b" A:"\xff\x00" body "x\n\t\"" label l weight 3 key "k" client 192.0.2.1:5 tag {"a":[1,"b"]} think 0s`,
		},
		{
			`{"record":1,"requests":[{"headers":{"A":"b","C":"d"},"uri_base64":"/w==","body_base64":"AAE=","key_base64":"Ag=="}]}`,
			`record 1;  "\xff" A:"b" C:"d" body "\x00\x01" label  weight 0 key "\x02" client  tag  think 0s`,
		},
		{`{"response":2}`, "response 2"},
		{
			`{"response":2,"followups":[{"uri":"/","think_ms":1.5}],"checks":{"a":true,"b":false}}`,
			`response 2;  "/" body "" label  weight 0 key "" client  tag  think 1.5ms; a=true; b=false`,
		},
		{`{"record":7,"bad":"no shop"}`, "record 7 bad no shop"},
		{`{"record":7,"bad":""}`, "record 7 bad the program gives no reason"},
		{`{"record":7,"requests":[{"uri":"/"}],"bad":"x"}`, "record 7 bad x"},
		{`[{"record":7,"requests":[]}, {"response":8}]`, "record 7\nresponse 8"},
		{`[]`, ""},
		// A mistake in one answer is its record's.
		{`{"record":7}`, `record 7 bad its answer: expected "requests" (none: "requests":[]) or "bad"`},
		{`{"record":7,"requests":{"uri":"/"}}`, "record 7 bad its answer: requests: expected an array"},
		{`{"record":7,"requests":["/"]}`, "record 7 bad its answer: requests[0]: expected an object"},
		{`{"record":7,"requests":[{},{"uri":5}]}`, "record 7 bad its answer: requests[1].uri: expected a string"},
		{`{"record":7,"requests":[{"body":null}]}`, "record 7 bad its answer: requests[0].body: expected a string"},
		{`{"record":7,"requests":[{"body_base64":"a"}]}`, "record 7 bad its answer: requests[0].body_base64: expected base64 with its padding (RFC 4648, section 4)"},
		{`{"record":7,"requests":[{"weight":1.5}]}`, "record 7 bad its answer: requests[0].weight: expected a whole number"},
		{`{"record":7,"requests":[{"weight":-1}]}`, "record 7 bad its answer: requests[0].weight: expected a number from 0 to 1000000"},
		{`{"record":7,"requests":[{"weight":"1"}]}`, "record 7 bad its answer: requests[0].weight: expected a number"},
		{`{"record":7,"requests":[{"header":{"a":{}}}]}`, `record 7 bad its answer: requests[0].unknown member "header"; known are method, uri, uri_base64, headers, body, body_base64, label, weight, key, key_base64, client, tag, think_ms`},
		{`{"record":7,"requests":[{"headers":"a"}]}`, `record 7 bad its answer: requests[0].headers: expected [["name","value"], …] or {"name":"value", …}`},
		{`{"record":7,"requests":[{"headers":["a","b"]}]}`, `record 7 bad its answer: requests[0].headers: expected pairs ["name","value"]`},
		{`{"record":7,"requests":[{"headers":[["a"]]}]}`, `record 7 bad its answer: requests[0].headers: a pair of 1; expected ["name","value"]`},
		{`{"record":7,"requests":[{"headers":[["a","b","c"]]}]}`, `record 7 bad its answer: requests[0].headers: a pair of 3; expected ["name","value"]`},
		{`{"record":7,"requests":[{"headers":[["a",{"hex":"00"}]]}]}`, `record 7 bad its answer: requests[0].headers: unknown member "hex"; known are base64`},
		{`{"record":7,"requests":[{"think_ms":1}]}`, "record 7 bad its answer: requests[0].think_ms: only follow-ups have one"},
		{`{"record":7,"followups":[{}]}`, `record 7 bad its answer: a record is answered with "requests", not with "followups"`},
		{`{"response":7,"requests":[{}]}`, `response 7 bad its answer: a response is answered with "followups", not with "requests"`},
		{`{"record":7,"requests":[],"checks":{"a":true}}`, `record 7 bad its answer: "checks" are of responses, not of records`},
		{`{"response":7,"checks":{"a":1}}`, `response 7 bad its answer: checks: "a": expected true or false`},
		{`{"response":7,"checks":["a"]}`, `response 7 bad its answer: checks: expected an object such as {"logged in": true}`},
		{`{"record":7,"requests":[],"extra":[[],{}]}`, `record 7 bad its answer: unknown member "extra"; known are record, requests, bad; response, followups, checks`},
	} {
		if got, err := decoded(&d, tt.line); err != nil || got != tt.want {
			t.Errorf("%s\n got %s, %v\nwant %s", tt.line, got, err, tt.want)
		}
	}
}

// Lines after which nothing that the program says can be trusted.
func TestDecodeErrors(t *testing.T) {
	var d decoder
	for line, want := range map[string]string{
		``:                                   "byte 1: the line ends where '{' is expected",
		`Hello`:                              "byte 1: '{' is expected",
		`{}`:                                 `expected one of "record" and "response"`,
		`{"record":1,"response":1}`:          `expected one of "record" and "response"`,
		`{"record":"1","requests":[]}`:       "byte 11: a number is expected",
		`{"record":-1,"requests":[]}`:        "expected the number of a record or response",
		`{"record":1.5}`:                     "expected the number of a record or response",
		`{"record":01}`:                      "a number is expected",
		`{"record":1,}`:                      "byte 13: a string is expected",
		`{"record":1 "requests":[]}`:         "byte 13: ',' or '}' is expected",
		`{"record":1,"requests":[}`:          "byte 25: a value is expected",
		`{"record":1,"requests":[{"uri":"`:   "the line ends where the string's end is expected",
		`{"record":1,"requests":[]`:          "byte 26: the line ends where ',' or '}' is expected",
		`{"record":1,"requests":[]} x`:       "byte 28: the line's end is expected",
		"{\"record\":1,\"requests\":[]}\x00": "byte 27: the line's end is expected",
		`{"record":1,"bad":"\x"}`:            "is expected",
		"{\"record\":1,\"bad\":\"a\nb\"}":    "no control character in a string",
		`{"record":1,"bad":"\u12g4"}`:        "is expected",
		`[{"record":1,"requests":[]},7]`:     "'{' is expected",
		`{"record":1,"tag":` + strings.Repeat("[", 500) + strings.Repeat("]", 500) + "}": "less nesting",
	} {
		if got, err := decoded(&d, line); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %s, %v; want %s", line, got, err, want)
		}
	}
}

// FuzzDecode: what is taken is JSON, and taking it twice says the same.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`{"record":7,"requests":[{"method":"PUT","uri":"/\u00e4\ud83d\ude00","headers":[["A","b"],["A",{"base64":"/wA="}]],"body":"x\n","label":"l","weight":3,"tag":{"a":[1,true,null,-1.5e+3]}}]}`,
		`[{"record":7,"bad":"x"},{"response":2,"followups":[{"uri_base64":"/w==","think_ms":1}],"checks":{"a":true}}]`, `{"record":7}`, `[`, `{"record":1,"x":`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		var d decoder
		before := string(line)
		first, err := decoded(&d, string(line))
		if again, errAgain := decoded(&d, string(line)); again != first || fmt.Sprint(err) != fmt.Sprint(errAgain) {
			t.Fatalf("%s, %v\nand then\n%s, %v", first, err, again, errAgain)
		}
		if err == nil && !json.Valid(line) {
			t.Fatalf("%q is taken and no JSON", line)
		}
		if string(line) != before {
			t.Fatal("the line was changed")
		}
	})
}

// FuzzString: strings come out as a usual JSON library reads them.
func FuzzString(f *testing.F) {
	for _, seed := range []string{`"a\u00e4\n"`, `"\ud83d\ude00\ud83d\ud83d\ude00"`, `"\u0000\\\/"`, `"ä`, `"\ud800\n"`, `"\uDFFFx"`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var want string
		err := json.Unmarshal([]byte(text), &want)
		var s scanner
		s.reset([]byte(text))
		s.peek()
		got := strings.ToValidUTF8(string(s.string()), "\uFFFD")
		s.end()
		if text == "null" {
			return // which json leaves as it was
		}
		if s.err == nil && (err != nil || strings.ToValidUTF8(want, "\uFFFD") != got) && !strings.ContainsRune(want, '\uFFFD') || s.err != nil && err == nil {
			t.Fatalf("%q: %q, %v; want %q, %v", text, got, s.err, want, err)
		}
	})
}

// FuzzEncode: any bytes get to the program as they are.
func FuzzEncode(f *testing.F) {
	f.Add([]byte("a\"\\\n\x01ä\u2028"), "file", []byte{0xff, 0})
	f.Fuzz(func(t *testing.T, a []byte, file string, b []byte) {
		rec := load.Record{
			File: file, Line: 5, Raw: a, URI: b, Body: a, Header: []load.Field{{Name: a, Value: b}, {Name: b, Value: a}},
			Fields: []load.Field{{Name: b, Value: a}},
		}
		line := appendRecord(nil, 9, &rec)
		if line[len(line)-1] != '\n' || strings.ContainsAny(string(line[:len(line)-1]), "\n\r") || !json.Valid(line) {
			t.Fatalf("%q", line)
		}
		var m map[string]any
		if err := json.Unmarshal(line, &m); err != nil {
			t.Fatal(err)
		}
		headers := m["headers"].([]any)
		for i, want := range map[any][]byte{
			pick(m, "raw"): a, pick(m, "uri"): b, pick(m, "body"): a,
			either(headers[0].([]any)[0]): a, either(headers[1].([]any)[0]): b, either(headers[1].([]any)[1]): a,
		} {
			if i != string(want) {
				t.Fatalf("%q, want %q in %s", i, want, line)
			}
		}
	})
}

// pick is a member's bytes, from whichever form it has.
func pick(m map[string]any, name string) string {
	if text, ok := m[name].(string); ok {
		return text
	}
	if text, ok := m[name+"_base64"].(string); ok {
		return either(map[string]any{"base64": text})
	}
	return ""
}

func either(v any) string {
	if text, ok := v.(string); ok {
		return text
	}
	var raw struct{ Base64 []byte }
	b, _ := json.Marshal(v)
	_ = json.Unmarshal(b, &raw)
	return string(raw.Base64)
}

func TestNoAllocation(t *testing.T) {
	var d decoder
	line := []byte(`[{"record":7,"requests":[{"method":"GET","uri":"/\u00e4","headers":[["A","b"]],"body":"x","label":"l","tag":[1]}]},{"response":8,"checks":{"a":true}}]`)
	take := func(*answer, int) error { return nil }
	rec := load.Record{File: "f", Raw: []byte("raw"), URI: []byte("/\"\xff"), Header: []load.Field{{Name: []byte("A"), Value: []byte("b")}}}
	var buf []byte
	for range 100 { // memory gets its size
		_ = d.decode(line, take)
	}
	if n := testing.AllocsPerRun(100, func() {
		buf = appendRecord(buf[:0], 1, &rec)
		if err := d.decode(line, take); err != nil {
			t.Error(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkDecode(b *testing.B) {
	var d decoder
	line := []byte(`{"record":7,"requests":[{"method":"GET","uri":"/presentations/logstash-monitorama-2013/images/kibana-search.png",` +
		`"headers":[["Referer","http://semicomplete.com/presentations/logstash-monitorama-2013/"],["User-Agent","Mozilla/5.0 (Macintosh)"]],"label":"l"}]}`)
	take := func(*answer, int) error { return nil }
	b.SetBytes(int64(len(line)))
	b.ReportAllocs()
	for b.Loop() {
		if err := d.decode(line, take); err != nil {
			b.Fatal(err)
		}
	}
}
