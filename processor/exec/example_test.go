package exec

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/processor"
	"github.com/iagoloadgen/iago/source"
)

// The programs of examples/, as their READMEs start them.
var examples = map[string]struct {
	dir  string
	exec []string
}{
	"python": {"../../examples/exec-python", []string{"python3", "echo.py"}},
	"java":   {"../../examples/exec-java", []string{"java", "Echo.java"}},
}

func exampleConfig(name string) Config {
	c := Default()
	c.Exec, c.Dir, c.HelloTimeout = examples[name].exec, examples[name].dir, time.Minute
	return c
}

// Both examples make the same of the same records and responses, binary ones and large ones among them.
func TestExamples(t *testing.T) {
	for name := range examples {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := exampleConfig(name)
			c.Responses = true
			s := newStage(t, c)
			if err := s.Open(exampleRecords()); err != nil {
				t.Fatal(err)
			}
			var got []string
			var made []*load.Request
			for {
				err := s.Next(func() *load.Request {
					made = append(made, new(load.Request))
					return made[len(made)-1]
				})
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					got = append(got, err.Error())
				}
			}
			for _, r := range made {
				got = append(got, fmt.Sprintf("%s %.20s %s %q", r.Method, r.URI, r.Label, r.Header))
			}
			want := []string{
				"processor: filtered",
				"processor/exec: " + strings.Join(c.Exec, " ") + ": it has no URI",
				`GET /a/b?c=1 a [{"Referer" "ü \"\\\n\x01"} {"X-Echo" "1"}]`,
				`POST / home [{"X-Echo" "4"}]`,
				`GET /x////////////////// x [{"X-Echo" "10"}]`,
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			exampleResponses(t, s.(*Responder), made)
		})
	}
}

func exampleRecords() func(*load.Record) error {
	list := []load.Record{
		{
			Line: 1, URI: []byte("/a/b?c=1"), Raw: []byte("\xff\x00"), Time: time.Unix(1e9, 5), Fields: []load.Field{{Name: []byte("f"), Value: []byte("ä")}},
			Header: []load.Field{{Name: []byte("Referer"), Value: []byte("ü \"\\\n\x01")}}, Object: []byte(`{"a":[1.5e3,null,true,{}]}`),
		},
		{Line: 2, URI: []byte("/logo.png")},
		{Line: 3},
		{Line: 4, Method: []byte("POST"), URI: []byte("/")},
		{Line: 10, URI: []byte("/x" + strings.Repeat("/", 1<<20))},
	}
	return func(rec *load.Record) error {
		if len(list) == 0 {
			return io.EOF
		}
		*rec = list[0]
		rec.File = "access.log"
		list = list[1:]
		return nil
	}
}

func exampleResponses(t *testing.T, r *Responder, made []*load.Request) {
	t.Helper()
	var batch []*processor.Exchange
	for i, req := range made {
		x := &processor.Exchange{Request: req, Status: "200", Response: load.Response{Status: 200, Content: []byte("\xfe")}}
		if i == 1 {
			x = &processor.Exchange{Request: req, Cause: "timeout"}
		}
		x.Begin(5, func() *load.Request { return new(load.Request) })
		batch = append(batch, x)
	}
	r.RespondAll(batch)
	var got []string
	for _, x := range batch {
		followUps, checks, _ := x.Result()
		for _, f := range followUps {
			got = append(got, fmt.Sprintf("%s in %v", f.Request.URI, f.Think))
		}
		for _, c := range checks {
			got = append(got, fmt.Sprintf("%s: %t", c.Name, c.Passed))
		}
	}
	if diff := cmp.Diff([]string{"status 200: true", "status 200: false", "/again in 50ms", "status 200: true"}, got); diff != "" {
		t.Error(diff)
	}
}

// BenchmarkPython is the way of a record through one Python process and back; bench/exec.sh shows it as records/s.
func BenchmarkPython(b *testing.B) { benchmarkExample(b, "python") }

// BenchmarkJava is the same with one JVM.
func BenchmarkJava(b *testing.B) { benchmarkExample(b, "java") }

func benchmarkExample(b *testing.B, name string) {
	src, err := source.Open(source.Options{Path: "../../examples/access.log", Format: "combined", Loop: true})
	if err != nil {
		b.Fatal(err)
	}
	s := newStage(b, exampleConfig(name))
	read := func(rec *load.Record) error { // those that become a request
		for {
			if err := src.Read(rec); err != nil || !bytes.HasSuffix(rec.URI, []byte(".png")) && !bytes.HasSuffix(rec.URI, []byte(".ico")) {
				return err
			}
		}
	}
	if err := s.Open(read); err != nil {
		b.Fatal(err)
	}
	req := new(load.Request)
	add := func() *load.Request {
		req.Reset()
		return req
	}
	next := func() {
		if err := s.Next(add); err != nil {
			b.Fatal(err)
		}
	}
	for range 5000 {
		next()
	}
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		next()
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
}
