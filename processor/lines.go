package processor

import (
	"bytes"
	"errors"

	"github.com/iagoloadgen/iago/load"
)

// Lines makes requests for protocols whose requests are lines of text or blocks of bytes: a record's body is the request's, or else
// its whole line; a record that names a method or URI passes them on.
type Lines struct {
	// Method and Body are those of records without one.
	Method, Body []byte
}

// errNoLine is for records without anything in them.
var errNoLine = errors.New("processor: nothing to send: the record is empty, and request.body too")

// NewLines returns a processor of lines. It allocates nothing once the requests' memory has grown to its size.
func NewLines(method, body []byte) Processor {
	return &Lines{Method: bytes.Clone(method), Body: bytes.Clone(body)}
}

// Process implements Processor.
func (p *Lines) Process(rec *load.Record, add func() *load.Request) error {
	named := len(rec.Object) > 0 // its parts have names, so that the line is not the request
	if len(rec.Body) == 0 && len(rec.Raw) == 0 && len(p.Body) == 0 && len(rec.Method) == 0 && len(p.Method) == 0 {
		return errNoLine
	}
	req := add()
	if req.Method = p.Method; len(rec.Method) > 0 {
		req.Method = req.Keep(rec.Method)
	}
	if len(rec.URI) > 0 {
		req.URI = req.Keep(rec.URI)
	}
	switch {
	case len(rec.Body) > 0:
		req.Body = req.Keep(rec.Body)
	case len(rec.Raw) > 0 && !named:
		req.Body = req.Keep(rec.Raw)
	default:
		req.Body = p.Body
	}
	for i := range rec.Header {
		f := &rec.Header[i]
		req.Header = append(req.Header, load.Field{Name: req.Keep(f.Name), Value: req.Keep(f.Value)})
	}
	return nil
}
