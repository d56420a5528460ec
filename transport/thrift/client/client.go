// Package client runs clients that the Thrift compiler has generated for Go under Iago's schedule: a function is called for
// each record and makes its calls by a [thrift.TClient] of this package. What it calls first becomes the record's request; the
// function then waits, as a coroutine, for the answer that the run brings, and what it calls next becomes a follow-up.
//
//	p, err := client.New(func(ctx context.Context, rec *load.Record, c thrift.TClient) error {
//		_, err := echo.NewEchoClient(c).Echo(ctx, string(rec.Raw))
//		return err
//	}, client.Options{})
//
// The spec's thrift section has mode: client, and the same protocol.
package client

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"

	"github.com/apache/thrift/lib/go/thrift"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/processor"
)

// Func makes calls by c on account of rec, which is its own. One call is under way at a time; c is not to be used by other
// goroutines, nor after the function has returned.
type Func func(ctx context.Context, rec *load.Record, c thrift.TClient) error

// Options of a Processor. The zero value is ready to use.
type Options struct {
	// Protocol is how messages are written, as in the spec: binary (the default), compact or json.
	Protocol string
	// Check is the name under which it is counted whether functions returned without an error. Empty: "client".
	Check string
	// Context is given to functions. It is canceled by Close. nil: context.Background().
	Context context.Context
}

var (
	// ErrClosed is what calls return once the Processor has been closed.
	ErrClosed = errors.New("transport/thrift/client: closed")
	// ErrFollowUp is what a call returns that the run's bounds on follow-ups do not allow.
	ErrFollowUp = errors.New("transport/thrift/client: one call more than the run's bounds on follow-ups allow")
)

// Failure is what a call returns that had no answer.
type Failure struct{ Cause string } // as figures show it: "timeout"

func (f *Failure) Error() string { return "transport/thrift/client: no answer: " + f.Cause }

// Processor implements [processor.Responder]. Close ends the functions that still wait.
type Processor struct {
	fn     Func
	check  string
	proto  thrift.TProtocolFactory
	ctx    context.Context
	cancel context.CancelFunc

	mu     sync.Mutex
	closed bool
	live   map[*coroutine]struct{} // those that wait for an answer
}

// New returns a processor that calls fn for each record. The error is one of the options.
func New(fn Func, o Options) (*Processor, error) {
	p := &Processor{fn: fn, check: o.Check, live: map[*coroutine]struct{}{}}
	switch o.Protocol {
	case "", "binary":
		p.proto = thrift.NewTBinaryProtocolFactoryConf(nil)
	case "compact":
		p.proto = thrift.NewTCompactProtocolFactoryConf(nil)
	case "json":
		p.proto = thrift.NewTJSONProtocolFactory()
	default:
		return nil, fmt.Errorf("transport/thrift/client: protocol: %q: expected binary, compact or json", o.Protocol)
	}
	if p.check == "" {
		p.check = "client"
	}
	if o.Context == nil {
		o.Context = context.Background()
	}
	p.ctx, p.cancel = context.WithCancel(o.Context)
	return p, nil
}

// Process implements [processor.Processor]: it runs the function as far as its first answer. A function that makes no call
// leaves the record out; one that fails before its first makes it a bad record.
func (p *Processor) Process(rec *load.Record, add func() *load.Request) error {
	co := p.begin(rec)
	made := 0
	err := p.run(co, func() *load.Request {
		made++
		return add()
	})
	switch {
	case made > 0: // what has been called is sent; Respond tells of the error, if there is anything to respond to
		return nil
	case err != nil:
		return err
	}
	return processor.ErrFiltered
}

// Respond implements [processor.Responder].
func (p *Processor) Respond(x *processor.Exchange) {
	co, ok := x.Request.State.(*coroutine)
	if !ok || !p.take(co) {
		return
	}
	co.failure = nil
	switch r := &x.Response; {
	case x.Cause != "":
		co.failure = &Failure{x.Cause}
	case int64(len(r.Content)) < r.Body:
		co.failure = fmt.Errorf("transport/thrift/client: an answer of %d bytes, of which the run kept %d", r.Body, len(r.Content))
	default:
		co.answer = append(co.answer[:0], r.Content...)
	}
	err := p.run(co, func() *load.Request {
		_, _, before := x.Result()
		req := x.FollowUp(0)
		if _, _, after := x.Result(); after > before {
			return nil
		}
		return req
	})
	if co.ended {
		x.Check(p.check, err == nil)
	}
}

// Close ends all functions that wait: their calls return [ErrClosed]. It does not return before they have.
func (p *Processor) Close() error {
	p.mu.Lock()
	p.closed = true
	waiting := make([]*coroutine, 0, len(p.live))
	for co := range p.live {
		waiting = append(waiting, co)
	}
	clear(p.live)
	p.mu.Unlock()
	p.cancel()
	for _, co := range waiting {
		co.stop()
	}
	return nil
}

// take takes co out of those that wait; false: it is ended already.
func (p *Processor) take(co *coroutine) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, ok := p.live[co]
	delete(p.live, co)
	return ok
}

// park puts co among those that wait; false: nothing may wait any more.
func (p *Processor) park(co *coroutine) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.closed {
		p.live[co] = struct{}{}
	}
	return !p.closed
}

// run resumes co until it waits for an answer or ends, and makes requests of what it calls. add may refuse, with nil.
func (p *Processor) run(co *coroutine, add func() *load.Request) error {
	for {
		c, ok := co.next()
		if !ok {
			co.ended = true
			return co.err
		}
		if !c.oneway && !p.park(co) {
			co.stop()
			co.ended = true
			return ErrClosed
		}
		req := add()
		if req == nil {
			p.take(co)
			co.failure = ErrFollowUp
			continue
		}
		req.Method, req.Body = req.KeepString(c.method), req.Keep(c.message)
		if !c.oneway {
			req.State = co
			return nil
		}
	}
}

// begin makes the coroutine of a record, which it copies.
func (p *Processor) begin(rec *load.Record) *coroutine {
	co := &coroutine{proto: p.proto}
	own := clone(rec)
	co.next, co.stop = iter.Pull(func(yield func(call) bool) {
		co.yield = yield
		co.err = p.fn(p.ctx, own, co)
	})
	return co
}

func clone(r *load.Record) *load.Record {
	c := *r
	c.Raw, c.Method, c.URI, c.Body, c.Object = slices.Clone(r.Raw), slices.Clone(r.Method), slices.Clone(r.URI), slices.Clone(r.Body), slices.Clone(r.Object)
	c.Header, c.Fields = cloneFields(r.Header), cloneFields(r.Fields)
	return &c
}

func cloneFields(fields []load.Field) []load.Field {
	var out []load.Field
	for _, f := range fields {
		out = append(out, load.Field{Name: slices.Clone(f.Name), Value: slices.Clone(f.Value)})
	}
	return out
}
