package source

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/load"
)

// shown is all that a format found in line.
func shown(f Format, line string) string {
	var r load.Record
	if err := f.Parse([]byte(line), &r); err != nil {
		return "bad: " + err.Error()
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s", r.Method, r.URI)
	for _, h := range r.Header {
		fmt.Fprintf(&b, " %s=%s", h.Name, h.Value)
	}
	for _, c := range r.Fields {
		fmt.Fprintf(&b, " %s:%s", c.Name, c.Value)
	}
	if len(r.Body) > 0 {
		fmt.Fprintf(&b, " body %s", r.Body)
	}
	if !r.Time.IsZero() {
		b.WriteString(" at " + r.Time.UTC().Format(time.RFC3339Nano))
	}
	return b.String()
}

func TestJSON(t *testing.T) {
	tests := []struct{ line, want string }{
		{`{}`, " "},
		{` { } `, " "},
		{`{"method":"POST","uri":"/a?b","body":"text","other":[1,{"uri":"/no"}]}`, "POST /a?b body text"},
		{`{"url":"https://example.org/x?y#z"}`, " /x?y"},
		{`{"path":"/first","uri":"/second"}`, " /first"},
		{`{"uri":"/ä b"}`, "bad: " + errTargetByte.Error()},
		{`{"uri":"ftp://h/"}`, "bad: " + errNoTarget.Error()},
		{`{"uri":"user:1"}`, " user:1"},
		{`{"uri":"*","method":"OPTIONS"}`, "OPTIONS *"},
		{`{"uri":""}`, " "},
		{`{"uri":7,"method":null,"headers":[],"time":true,"args":"x"}`, " "},
		{`{"headers":{"A":"x\ty","B":5,"C":["1",2.5,[3],true],"D":null,"E":{}}}`, "  A=x\ty B=5 C=1 C=2.5 C=true"},
		{`{"body":{"a": [1, 2]}}`, `  body {"a": [1, 2]}`},
		{`{"body":[ ]}`, "  body [ ]"},
		{`{"body":null,"args":{"id":1}}`, `  body {"id":1}`},
		{`{"args":{"id":1},"body":"own"}`, "  body own"},
		{`{"body":12.5e3}`, "  body 12.5e3"},
		{`{"body":"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00\ud83d\u0041\udead"}`, "  body \"\\/\b\f\n\r\té😀\ufffdA\ufffd"},
		{`{"time":"2015-05-17T10:05:03.5+02:00"}`, "  at 2015-05-17T08:05:03.5Z"},
		{`{"time":1431857103}`, "  at 2015-05-17T10:05:03Z"},
		{`{"time":1431857103000}`, "  at 2015-05-17T10:05:03Z"},
		{`{"time":1431857103000000}`, "  at 2015-05-17T10:05:03Z"},
		{`{"time":1431857103000000000}`, "  at 2015-05-17T10:05:03Z"},
		{`{"time":-1}`, " "},
		{`{"time":1e300}`, " "},
		{`{"time":"yesterday"}`, " "},
		{`[]`, "bad: " + errObject.Error()},
		{`/a`, "bad: " + errObject.Error()},
		{`{} {}`, "bad: " + errTrailing.Error()},
		{`{`, "bad: " + errJSONKey.Error()},
		{`{"a":}`, "bad: " + errJSON.Error()},
		{`{"a"}`, "bad: " + errJSONColon.Error()},
		{`{"a":1 "b":2}`, "bad: " + errJSONComma.Error()},
		{`{"a":1,}`, "bad: " + errJSONKey.Error()},
		{`{"a":"b`, "bad: " + errJSONText.Error()},
		{`{"a":"\x"}`, "bad: " + errJSONText.Error()},
		{`{"a":"\u12g4"}`, "bad: " + errJSONText.Error()},
		{`{"a":01}`, "bad: " + errJSON.Error()},
		{`{"a":1.}`, "bad: " + errJSON.Error()},
		{`{"a":-}`, "bad: " + errJSON.Error()},
		{`{"a":1e}`, "bad: " + errJSON.Error()},
		{`{"a":nul}`, "bad: " + errJSON.Error()},
		{`{"a":` + strings.Repeat("[", 20000), "bad: " + errJSONDeep.Error()},
	}
	for _, tt := range tests {
		if got := shown(jsonFormat, tt.line); got != tt.want {
			t.Errorf("%.80s: got %q, want %q", tt.line, got, tt.want)
		}
	}
}

func TestJSONObject(t *testing.T) {
	var r load.Record
	if err := jsonFormat.Parse([]byte(" {\"a\": 1}\t"), &r); err != nil || string(r.Object) != `{"a": 1}` {
		t.Errorf("object %q, %v", r.Object, err)
	}
	if !jsonFormat.ignores([]byte(" \t")) || jsonFormat.ignores([]byte(" {")) {
		t.Error("blank lines are to be ignored, others not")
	}
}

// Whatever is taken for JSON is JSON, and the other way round; and what is read of it is what encoding/json reads.
func FuzzJSON(f *testing.F) {
	for _, s := range []string{
		`{"method":"GET","uri":"/a","headers":{"A":["b",1]},"body":{"x":null},"time":1e9}`, `{"a":"\ud83d\ude00\u0000"}`, `{"a":[1,-0.5e+7,true,false,null,{}]}`,
		`{"":""}`, ` {"url" : "http://h/x"} `, `{"a":1}}`, `{"body":"é"}`, `[`, "{\"a\":\"\x00\"}",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		var r load.Record
		err := parseJSON(line, &r)
		valid := json.Valid(line) && bytes.HasPrefix(bytes.TrimLeft(line, " \t\r\n"), []byte("{"))
		isFault := errors.Is(err, errNoTarget) || errors.Is(err, errTargetByte) || errors.Is(err, errAuthority)
		if valid != (err == nil || isFault) {
			t.Fatalf("%q: valid %v, got %v", line, valid, err)
		}
		if err != nil {
			return
		}
		if !bytes.Equal(r.Object, bytes.Trim(line, " \t\r\n")) {
			t.Fatalf("object %q", r.Object)
		}
	})
}

// Text that encoding/json writes, escapes and all, is read as it was.
func FuzzJSONText(f *testing.F) {
	f.Add("a \"quoted\" text\t", true)
	f.Add("<é😀\x00\u2028", false)
	f.Fuzz(func(t *testing.T, text string, html bool) {
		var line bytes.Buffer
		e := json.NewEncoder(&line)
		e.SetEscapeHTML(html)
		if err := e.Encode(map[string]string{"body": text, "method": text}); err != nil {
			t.Fatal(err)
		}
		var r load.Record
		if err := parseJSON(bytes.TrimSpace(line.Bytes()), &r); err != nil {
			t.Fatalf("%s: %v", line.Bytes(), err)
		}
		var want string
		for _, c := range text {
			want += string(c) // encoding/json writes U+FFFD for bytes that are no UTF-8, as range does
		}
		if string(r.Body) != want || string(r.Method) != want {
			t.Fatalf("%s: got %q and %q, want %q", line.Bytes(), r.Body, r.Method, want)
		}
	})
}

func TestFormatsAllocateNothing(t *testing.T) {
	for _, tt := range []struct {
		f    Format
		line string
	}{
		{jsonFormat, jsonLine},
		{csvFormat, `GET,"/a ""b""",1,2,3`},
		{tsvFormat, "GET\t/a\t1"},
	} {
		var r load.Record
		line := []byte(tt.line)
		if n := testing.AllocsPerRun(100, func() {
			r.Reset()
			if err := tt.f.Parse(line, &r); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations a line, want 0", tt.f.Name, n)
		}
	}
}

const jsonLine = `{"time":"2015-05-17T10:05:03Z","method":"POST","uri":"/presentations/logstash?user=17","headers":{"User-Agent":"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_9_1)","Accept":"a long name of a long type, so that it is on the heap"},"body":{"id":17,"tags":["a","b"],"text":"some \"quoted\" text"}}`

func BenchmarkParse(b *testing.B) {
	for _, tt := range []struct {
		f    Format
		line string
	}{{jsonFormat, jsonLine}, {csvFormat, `2015-05-17,GET,"/presentations/""logstash""",200,17,some text`}} {
		b.Run(tt.f.Name, func(b *testing.B) {
			var r load.Record
			line := []byte(tt.line)
			b.SetBytes(int64(len(line)))
			b.ReportAllocs()
			for b.Loop() {
				r.Reset()
				if err := tt.f.Parse(line, &r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
