// Package html writes a run's report as one HTML file that needs nothing else: no network, no script to be read or
// printed. Charts are SVG drawn by package chart; a small script adds read-outs under the pointer.
//
// Everything that comes from outside (URIs, causes, labels, the spec) is escaped, and the page's own content security
// policy allows only the style sheet and the script that it was written with.
package html

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"errors"
	"fmt"
	"html/template"
	"io"

	"github.com/iagoloadgen/iago/measure"
	"github.com/iagoloadgen/iago/report"
)

// Data is what a report is made of. Only Summary is required; what is missing is said to be missing.
type Data struct {
	Summary *report.Summary
	Series  []report.Second // in ascending order
	// The distributions over the whole run, the warm-up left out, in ascending order.
	Latency, Service, Wait, Lateness []report.Bucket
	SpecYAML                         string            // as run, secrets masked
	Failures                         []measure.Failure // the sample, of which the first ones are shown
}

var (
	//go:embed page/*.gohtml
	pages embed.FS
	//go:embed page/report.css
	style string
	//go:embed page/report.js
	script string

	page = template.Must(template.New("report.gohtml").ParseFS(pages, "page/*.gohtml"))
)

// Write writes the report. It writes nothing if the report cannot be made, and returns w's error if w fails.
func Write(w io.Writer, d Data) error {
	if d.Summary == nil {
		return errors.New("report/html: data without a summary: set Data.Summary")
	}
	var b bytes.Buffer
	if err := page.Execute(&b, newView(d)); err != nil {
		return fmt.Errorf("report/html: %w", err)
	}
	if _, err := b.WriteTo(w); err != nil {
		return fmt.Errorf("report/html: %w", err)
	}
	return nil
}

// policy is the content security policy as a tag: nothing is fetched, only our style and script apply.
func policy() template.HTML {
	hash := func(s string) string {
		sum := sha256.Sum256([]byte(s))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	return template.HTML(`<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src ` + hash(style) +
		`; script-src ` + hash(script) + `; base-uri 'none'; form-action 'none'">`)
}
