package expr

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/source"
)

func docs(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("../../docs/expressions.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

var fenced = regexp.MustCompile("(?s)```(\\w+)\n(.*?)```")

// Every spec in the documentation is read, strictly, and compiled.
func TestDocumentedSpecs(t *testing.T) {
	specs := 0
	for _, block := range fenced.FindAllStringSubmatch(docs(t), -1) {
		if block[1] != "yaml" {
			continue
		}
		specs++
		var c Config
		if err := yaml.Load([]byte(block[2]), &c, yaml.WithKnownFields()); err != nil {
			t.Errorf("%v in\n%s", err, block[2])
		}
		if _, err := New(c, base(t), 1, t.Logf); err != nil || c.IsZero() {
			t.Errorf("%v in\n%s", err, block[2])
		}
	}
	if specs < 5 {
		t.Errorf("%d specs were found", specs)
	}
}

// Every row of the examples' table is evaluated over the record that stands before it.
func TestDocumentedExpressions(t *testing.T) {
	text := docs(t)
	line := ""
	for _, block := range fenced.FindAllStringSubmatch(text, -1) {
		if block[1] == "json" {
			line = strings.TrimSpace(block[2])
		}
	}
	var rec load.Record
	for _, f := range source.Formats() {
		if f.Name == "jsonl" {
			if err := f.Parse([]byte(line), &rec); err != nil {
				t.Fatal(err)
			}
		}
	}
	_, table, ok := strings.Cut(text, "| over the record | gives |\n|---|---|\n")
	table, _, _ = strings.Cut(table, "\n\n")
	rows := strings.Split(table, "\n")
	if !ok || len(rows) < 10 {
		t.Fatalf("%d rows were found", len(rows))
	}
	for _, row := range rows {
		cells := strings.Split(row, "`")
		if len(cells) != 5 {
			t.Fatalf("%s: expected two cells of code", row)
		}
		p := mustNew(t, Config{Request: RequestConfig{Expr: Request{Body: cells[1]}}})
		var req load.Request
		if err := p.Process(&rec, func() *load.Request { return &req }); err != nil || string(req.Body) != cells[3] {
			t.Errorf("%s: got %q, %v, want %q", cells[1], req.Body, err, cells[3])
		}
	}
}

// Every variable and function is in the documentation, and the messages that it shows are those that there are.
func TestDocumentedNames(t *testing.T) {
	text := docs(t)
	for _, m := range []*machine{&newRecordSide(0).machine, &newResponseSide(0).machine} {
		names := m.names
		for _, f := range m.functions {
			if !strings.HasSuffix(f.name, internalMark) {
				names = append(names, f.name)
			}
		}
		for _, name := range names {
			if !regexp.MustCompile("`" + name + `\b`).MatchString(text) {
				t.Errorf("%s is not documented", name)
			}
		}
	}
	c := withURI(`"/v2" + pth`)
	if err := c.Validate(); err == nil || !strings.Contains(text, "    "+err.Error()+"\n") {
		t.Errorf("the message is %v", err)
	}
	rec := &load.Record{Fields: []load.Field{pair("c1", "x")}}
	got := strings.TrimPrefix(made(mustNew(t, withURI(`"/item/" + fields.c2`)), rec), "error: ")
	if !strings.Contains(text, "    shop.csv:3: "+got+"\n") {
		t.Errorf("the message is %s", got)
	}
}
