package job

import (
	"fmt"
	"io"
	"os"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/processor"
	"github.com/iagoloadgen/iago/processor/exec"
	"github.com/iagoloadgen/iago/processor/expr"
)

// processor makes what makes the requests: the caller's, an outside program, or what the spec says, with expressions on top.
// Where every request is the same, it makes that one instead.
func (j *Job) processor() (processor.Processor, error) {
	p, err := j.base()
	if err != nil || j.config.Stage != nil || j.config.Fixed != nil {
		return p, err
	}
	conf := j.spec.Expressions()
	if !conf.IsZero() {
		if p, err = expr.New(conf, p, j.seed, j.logf); err != nil {
			return nil, err
		}
	}
	if r, ok := p.(processor.Responder); ok {
		j.config.Responder = r
		if j.options.Processor != nil || j.spec.Processor.Name != "" || conf.ReadsContent() {
			j.config.Keep = int64(j.spec.ContentLimit)
		}
	}
	return p, nil
}

// base is the processor without expressions.
func (j *Job) base() (processor.Processor, error) {
	s, c := j.spec, &j.config
	switch {
	case j.options.Processor != nil:
		return j.options.Processor, nil
	case s.Processor.Name != "":
		return j.registered()
	case !s.Processor.IsZero():
		return nil, j.program()
	}
	p, err := j.configured()
	if err != nil {
		return nil, err
	}
	if e := s.Expressions(); s.Records.IsZero() && e.IsZero() && (j.lines() || !s.Request.ForwardedFor) {
		c.Fixed = new(load.Request)
		return nil, p.Process(&load.Record{}, func() *load.Request { return c.Fixed })
	}
	return p, nil
}

// configured makes what the request section says.
func (j *Job) configured() (processor.Processor, error) {
	conf, err := j.processorConfig()
	switch {
	case err != nil:
		return nil, err
	case j.lines():
		return processor.NewLines(j.lineMethod(), conf.Body), nil
	}
	return processor.New(conf)
}

// registered makes the processor that the spec names.
func (j *Job) registered() (processor.Processor, error) {
	p, err := j.spec.Processor.Settings.NewProcessor(processor.Env{Seed: j.seed, Logf: j.logf})
	if err != nil {
		return nil, fmt.Errorf("job: processor %s: %w", j.spec.Processor.Name, err)
	}
	if c, ok := p.(io.Closer); ok {
		j.closers = append(j.closers, c)
	}
	return p, nil
}

// lines tells whether requests are lines of text or blocks of bytes rather than paths.
func (j *Job) lines() bool {
	p, _ := j.spec.Transport()
	return p.Lines
}

// lineMethod is the method of records without one, if the spec names one: GET is a default for HTTP.
func (j *Job) lineMethod() []byte {
	if m := j.spec.Request.Method; m != "GET" {
		return []byte(m)
	}
	return nil
}

// program prepares the outside program. It is started with the run.
func (j *Job) program() error {
	conf := j.spec.Processor.Config
	conf.Seed, conf.Logf = j.seed, j.logf
	stage, err := exec.New(conf)
	if err != nil {
		return err
	}
	j.config.Stage = stage
	if r, ok := stage.(processor.Responder); ok {
		j.config.Responder, j.config.Keep = r, int64(j.spec.ContentLimit)
	}
	return nil
}

// logf logs a rare event of what makes the requests.
func (j *Job) logf(format string, args ...any) {
	if j.config.Logf != nil {
		j.config.Logf(format, args...)
	}
}

func (j *Job) processorConfig() (processor.Config, error) {
	r := j.spec.Request
	c := processor.Default()
	c.Method, c.URI, c.Host, c.Prefix = r.Method, r.URI, r.Host, r.Prefix
	c.Marker, c.ForwardedFor, c.RecordHeaders = r.Marker, r.ForwardedFor, r.RecordHeaders
	c.Seed = j.seed
	c.Body = []byte(r.Body)
	if r.BodyFile != "" {
		b, err := os.ReadFile(r.BodyFile)
		if err != nil {
			return c, fmt.Errorf("job: request.body_file: %w", err)
		}
		c.Body = b
	}
	c.UserAgent = "iago"
	if j.options.Version != "" {
		c.UserAgent += "/" + j.options.Version
	}
	if r.UserAgent != "" { // it goes before the record's
		c.Headers = append(c.Headers, processor.Header{Name: "User-Agent", Value: r.UserAgent})
	}
	for _, h := range r.Headers {
		c.Headers = append(c.Headers, processor.Header{Name: h.Name, Value: h.Value})
	}
	return c, c.Validate()
}
