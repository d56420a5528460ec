package spec

import (
	"fmt"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/iagoloadgen/iago/processor"
	"github.com/iagoloadgen/iago/source"
)

// records checks where records come from.
func (c *checker) records() {
	r := c.spec.Records
	for _, field := range []string{"records.format", "records.loop", "records.skip", "records.limit", "records.max_line"} {
		if r.File == "" && c.given(field) {
			c.problem(field, "has no use without records; expected their file in records.file")
		}
	}
	_, named, err := source.KindOf(r.File)
	switch {
	case err != nil:
		c.problem("records.file", "%q: %v", r.File, bare(err, "source: "))
	case named: // it is opened before the run begins, and says itself what is wrong
	case r.File != "-":
		if !c.spec.away {
			c.file("records.file", r.File)
		}
	case r.Loop && c.given("records.loop"):
		c.problem("records.loop", "true: standard input cannot be read twice; expected loop: false")
	}
	c.format("records.format", r.Format)
	c.notNegative("records.skip", r.Skip)
	c.notNegative("records.limit", r.Limit)
	if r.MaxLine < 1 || r.MaxLine > 1<<30 {
		c.problem("records.max_line", "%v: expected a size between 1B and 1GiB", r.MaxLine)
	}
}

// request checks what requests are made of.
func (c *checker) request() {
	r := c.spec.Request
	if p, ok := c.spec.protocol(); ok && p.Lines {
		for _, field := range []string{"uri", "headers", "host", "prefix", "forwarded_for", "user_agent", "marker", "record_headers"} {
			if field = join("request", field); c.given(field) {
				c.problem(field, "has no use: %s has no paths and headers; a request is the record's line, or request.body", p.Name)
			}
		}
	}
	one := processor.Config{Method: r.Method, URI: r.URI, Host: r.Host, Prefix: r.Prefix, UserAgent: r.UserAgent}
	for _, err := range flatten(one.Validate()) {
		field, reason, _ := strings.Cut(err.Error(), ": ")
		c.problem(join("request", field), "%s", reason)
	}
	for _, h := range r.Headers {
		if err := h.check(); err != nil {
			c.problem(join("request.headers", h.Name), "%v", err)
		}
	}
	if r.Body != "" && r.BodyFile != "" {
		c.problem("request.body_file", "expected no file beside %s", c.the("request.body"))
	}
	if !utf8.ValidString(r.Body) {
		c.problem("request.body", "is not UTF-8 text; expected a file in request.body_file for such a body")
	}
	c.file("request.body_file", r.BodyFile)
}

// labels checks the rules for labels.
func (c *checker) labels() {
	l := c.spec.Labels
	config := processor.LabelConfig{Segments: l.Segments, Max: l.Max}
	for i, r := range l.Rules {
		if r.Match == "" {
			c.problem(index("labels.rules", i)+".match", "missing: expected a regular expression such as ^/item/\\d+")
		}
		config.Rules = append(config.Rules, processor.Rule{Match: r.Match, Name: r.Name})
	}
	_, err := processor.NewLabeler(config)
	for _, e := range flatten(err) {
		text := strings.TrimPrefix(e.Error(), "processor: labels: ")
		field, reason, _ := strings.Cut(text, ": ")
		if strings.HasPrefix(field, "rules[") {
			if part, rest, ok := strings.Cut(reason, ": "); ok && plainField.MatchString(part) {
				field, reason = join(field, part), rest
			}
		}
		c.problem(join("labels", field), "%s", reason)
	}
	if l.Max > maxLabels {
		c.problem("labels.max", "%d: expected at most %d", l.Max, maxLabels)
	}
}

// maxLabels bounds the memory that labels take.
const maxLabels = 10_000

// file checks that a file that is to be read is there. It does not open what is no plain file: a pipe's writer would notice.
func (c *checker) file(field, path string) {
	if path == "" {
		return
	}
	info, err := os.Stat(path)
	if err == nil && info.Mode().IsRegular() {
		err = readable(path)
	}
	switch {
	case err != nil:
		c.problem(field, "%q: %s", path, reason(err))
	case info.IsDir():
		c.problem(field, "%q: expected a file; this is a folder", path)
	}
}

// readable opens a file and closes it again.
func readable(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return f.Close()
}

// reason says in words why a file cannot be opened.
func reason(err error) string {
	switch {
	case os.IsNotExist(err):
		return "there is no such file"
	case os.IsPermission(err):
		return "no permission to read this file"
	}
	return fmt.Sprintf("cannot be read: %v", err)
}
