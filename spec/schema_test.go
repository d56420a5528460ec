package spec

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"
)

// compiled is the schema as a validator that shares no code with what made it.
func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("spec.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("spec.json")
	if err != nil {
		t.Fatal(err)
	}
	if s.DraftVersion != 2020 {
		t.Errorf("draft %d", s.DraftVersion)
	}
	return s
}

func check(s *jsonschema.Schema, text string) error {
	var doc any
	if err := yaml.Load([]byte(text), &doc); err != nil {
		return err
	}
	return s.Validate(doc)
}

func TestSchemaAccepts(t *testing.T) {
	s := compiled(t)
	for _, file := range []string{"testdata/full.yaml", "testdata/minimal.yaml", "testdata/effective.yaml"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := check(s, string(text)); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		parsed, err := Load(file)
		if err != nil {
			t.Fatal(err)
		}
		written, err := parsed.YAML()
		if err != nil {
			t.Fatal(err)
		}
		if err := check(s, string(written)); err != nil {
			t.Errorf("%s written: %v\n%s", file, err, written)
		}
	}
	for _, text := range []string{
		"rate: max\nconnections: 5", "rate: 5", "rate: 1.5k/s", "duration: 1h2m3.5s\nresolve: 0", "records: access.log", "late: send",
		"late: {skip: 1ms}", "arrival: {poisson: }", "arrival: gamma:shape=1", "arrival: {sinusoidal: {min: 1, max: 2/s, period: 10s}}",
		"request: {headers: {A: 1, B: [x, true]}}", "x-any: {a: [b]}", "fake: {ping: 3s, max_limit: 1MB, depth: 3, free: [1]}",
	} {
		text = "target: http://h\n" + text
		if err := check(s, text); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if _, err := Parse("testdata/s.yaml", []byte(strings.ReplaceAll(text, "fake:", "x-fake:"))); err != nil {
			t.Errorf("the schema accepts what Parse does not: %v", err)
		}
	}
}

func TestSchemaRefuses(t *testing.T) {
	s := compiled(t)
	for _, text := range []string{
		"rate: 5", "targets: []", "target: h", "target: http://h\ntargets: [http://i]", "[]",
		"target: http://h\nrte: 5", "target: http://h\nrate: -5", "target: http://h\nrate: fast", "target: http://h\nrate: 5/week",
		"target: http://h\nduration: 30", "target: http://h\nduration: 30 s", "target: http://h\nconnections: -1", "target: http://h\nconnections: x",
		"target: http://h\npool: {idel: 5s}", "target: http://h\npool: {reuse: 1}", "target: http://h\nrecords: {file: a, max_line: 1XB}",
		"target: http://h\narrival: poison", "target: http://h\narrival: {gamma: {}}", "target: http://h\narrival: {gamma: {shape: 1}, uniform: }",
		"target: http://h\nprofile: [{ramp: {from: 1, to: 2}}]", "target: http://h\nprofile: constant:rate=5", "target: http://h\nlate: never",
		"target: http://h\nwait: awake", "target: http://h\noverload: {policy: panic}", "target: http://h\nhttp1: {keep_alive: 1}",
		"target: http://h\nhttp1: {header_limit: many}", "target: http://h\nhttp1: {headers: 1}", "target: http://h\nname: a b",
		"target: http://h\nlabels: {rules: [{match: a}]}", "target: http://h\nrequest: {headers: {'A B': c}}", "target: fake://h\nfake: {ping: 3}",
	} {
		if check(s, text) == nil {
			t.Errorf("accepted:\n%s", text)
		}
		if _, err := Parse("s.yaml", []byte(text)); err == nil {
			t.Errorf("Parse accepts:\n%s", text)
		}
	}
}

// Every field is described, and by its own comment.
func TestSchemaDescribes(t *testing.T) {
	described := 0
	var look func(s *jsonschema.Schema, path string)
	look = func(s *jsonschema.Schema, path string) {
		for name, p := range s.Properties {
			described++
			if p.Description == "" && !strings.HasPrefix(path, ".fake") && !strings.HasPrefix(path, ".http1") {
				t.Errorf("%s.%s has no description", path, name)
			}
			look(p, path+"."+name)
		}
		if s.Items2020 != nil {
			look(s.Items2020, path+"[]")
		}
	}
	s := compiled(t)
	look(s, "")
	if d := s.Properties["timeout"].Description; described < 60 || !strings.HasPrefix(d, "The time from the beginning of an attempt") {
		t.Errorf("%d fields; timeout: %s", described, d)
	}
	if d := s.Properties["pool"].Properties["idle"].Default; d == nil || *d != "1m" {
		t.Errorf("default of pool.idle: %v", d)
	}
}
