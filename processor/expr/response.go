package expr

import (
	"math/rand/v2"
	"strings"
	"time"

	"github.com/iagoloadgen/iago/processor"
)

// responseTypes are the variables of expressions over responses.
type responseTypes struct {
	Status    int            `expr:"status"`  // the protocol's number; 0 without an answer
	Outcome   string         `expr:"outcome"` // the status as figures show it, or the cause
	Cause     string         `expr:"cause"`   // why there is no answer; "" where there is one
	Body      string         `expr:"body"`    // as far as it is kept
	JSON      any            `expr:"json"`    // the body as JSON; nil where there is none
	Headers   map[string]any `expr:"headers"` // by names in lower case
	Size      int            `expr:"size"`    // bytes of content
	Latency   time.Duration  `expr:"latency"` // due to last byte
	Service   time.Duration  `expr:"service"` // first to last byte
	LatencyMS float64        `expr:"latency_ms"`
	ServiceMS float64        `expr:"service_ms"`
	Due       time.Duration  `expr:"due"`    // since the run's start
	Target    string         `expr:"target"` // the target's URL
	Depth     int            `expr:"depth"`  // 0: answers an arrival of the schedule; 1: a follow-up of that; and so on
	Request   requestTypes   `expr:"request"`
	Kept      map[string]any `expr:"kept"`  // what request.expr.keep said
	Found     map[string]any `expr:"found"` // what a follow-up's extract found
}

// requestTypes are what is known of the request that was answered.
type requestTypes struct {
	Method string `expr:"method"`
	URI    string `expr:"uri"`
	Body   string `expr:"body"`
	Key    string `expr:"key"`
	Label  string `expr:"label"`
}

var requestNames = []string{"body", "key", "label", "method", "uri"}

// responseValues has responseTypes' fields, for machine.
type responseValues struct {
	Status, Outcome, Cause, Body, JSON, Headers, Size, Latency, Service, LatencyMS, ServiceMS, Due, Target, Depth any

	Request     requestValues
	Kept, Found any
}

type requestValues struct{ Method, URI, Body, Key, Label any }

// responseSide evaluates expressions over responses.
type responseSide struct {
	machine
	x      *processor.Exchange
	values responseValues
	found  map[string]any
}

func newResponseSide(seed uint64) *responseSide {
	const stream = 0x72_65_73_70 // its own among the uses of one seed
	s := &responseSide{found: map[string]any{}}
	v := &s.values
	s.machine = machine{
		values: v, types: responseTypes{}, random: rand.New(rand.NewPCG(seed, stream)),
		lookups: map[string]string{"headers": "header"},
		load: map[string]func() error{
			"status":     func() error { v.Status = s.x.Response.Status; return nil },
			"outcome":    s.loadOutcome,
			"cause":      func() error { v.Cause = s.x.Cause; return nil },
			"body":       func() error { v.Body = string(s.x.Response.Content); return nil },
			"json":       s.loadJSON,
			"headers":    func() error { v.Headers = fieldMap(s.x.Response.Header, strings.ToLower); return nil },
			"size":       func() error { v.Size = int(s.x.Response.Body); return nil },
			"latency":    func() error { v.Latency = s.x.Latency; return nil },
			"service":    func() error { v.Service = s.x.Service; return nil },
			"latency_ms": func() error { v.LatencyMS = milliseconds(s.x.Latency); return nil },
			"service_ms": func() error { v.ServiceMS = milliseconds(s.x.Service); return nil },
			"due":        func() error { v.Due = s.x.Due; return nil },
			"target":     func() error { v.Target = s.x.Target; return nil },
			"depth":      func() error { v.Depth = s.x.Depth; return nil },
			"request":    s.loadRequest,
			"kept":       func() error { v.Kept = keptOf(s.x.Request); return nil },
			"found":      func() error { v.Found = s.found; return nil },
		},
	}
	s.functions = append(functionsFor(s.random),
		named("header", func(name string) any { return header(s.x.Response.Header, name) }))
	s.index()
	return s
}

// begin goes on to the next response.
func (s *responseSide) begin(x *processor.Exchange) {
	s.x = x
	s.machine.begin()
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func (s *responseSide) loadOutcome() error {
	if s.values.Outcome = s.x.Status; s.x.Cause != "" {
		s.values.Outcome = s.x.Cause
	}
	return nil
}

func (s *responseSide) loadJSON() (err error) {
	if s.values.JSON = nil; len(s.x.Response.Content) > 0 {
		s.values.JSON, err = decodeJSON(s.x.Response.Content)
	}
	return err
}

func (s *responseSide) loadRequest() error {
	r := s.x.Request
	s.values.Request = requestValues{
		Method: string(r.Method), URI: string(r.URI), Body: string(r.Body), Key: string(r.Key), Label: r.Label,
	}
	return nil
}
