package transporttest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/iagoloadgen/iago/engine"
	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/measure"
	"github.com/iagoloadgen/iago/processor"
	"github.com/iagoloadgen/iago/source"
	"github.com/iagoloadgen/iago/transport"
)

// job is one run of the engine against a server with a script.
type job struct {
	n           int
	gap         time.Duration // between arrivals
	timeout     time.Duration // 0: one that is not reached
	connections int           // 0: as many as it takes
	pipeline    int
	script      script                          // nil: it answers
	scheme      string                          // empty: the subject's
	fill        func(req *load.Request, i int)  // nil: the subject's Request
	config      func(transport.Config)          // changes the configuration; nil: does not
	slow        bool                            // the server reads slowly
	greet       act                             // instead of the first greeting
	deaf        bool                            // nobody listens
	bad         func(i int) (req *load.Request) // the request to make of record i instead, for one that is refused; nil: as usual
}

// figures are what a run has left.
type figures struct {
	*measure.Interval
	result engine.Result
	seen   []seen
	asked  int // requests that reached the server
}

// seen is what the processor was shown of a request.
type seen struct {
	times   int
	cause   string // why there was no answer
	due     time.Duration
	latency time.Duration
	wrong   string // the answer, where it was another request's
}

// even is a schedule of n arrivals, gap apart.
type even struct {
	gap     time.Duration
	n, next int64
}

func (e *even) Next() (int64, bool) {
	e.next++
	return (e.next - 1) * int64(e.gap), e.next <= e.n
}

// crew reads records that are numbers, makes requests of them, and sees what becomes of these.
type crew struct {
	s    *suite
	j    *job
	next int
	seen []seen
}

func (c *crew) Read(r *load.Record) error {
	if c.next == c.j.n {
		return io.EOF
	}
	c.next++
	r.File, r.Line = "numbers", int64(c.next)
	return nil
}
func (c *crew) Stats() source.Stats { return source.Stats{Read: int64(c.next)} }
func (c *crew) Close() error        { return nil }

func (c *crew) Process(rec *load.Record, add func() *load.Request) error {
	i := int(rec.Line - 1)
	req := add()
	req.State = i
	if c.j.bad != nil {
		if bad := c.j.bad(i); bad != nil {
			copyRequest(req, bad)
			return nil
		}
	}
	c.j.fill(req, i)
	return nil
}

func (c *crew) Respond(x *processor.Exchange) {
	i := x.Request.State.(int)
	o := &c.seen[i]
	o.times++
	o.cause, o.due, o.latency = x.Cause, x.Due, x.Latency
	if x.Cause == "" && !x.Request.OneWay && !c.s.Match(x.Request, &x.Response) {
		o.wrong = fmt.Sprintf("%.300s", read(&x.Response))
	}
}

// run runs j and holds it to what is true of every run.
func (s *suite) run(j job) (f *figures, err error) {
	j.scheme = cmp.Or(j.scheme, s.Scheme)
	if j.script == nil {
		j.script = always(answer)
	}
	if j.fill == nil {
		j.fill = s.Request
	}
	before := census()
	f, codec, err := s.drive(&j)
	if err != nil {
		return nil, err
	}
	errs := []error{identities(f), f.outcomes(), before.compare()}
	for status, n := range f.Status {
		if n > 0 {
			errs = append(errs, named(codec, status))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, f)
	}
	return f, nil
}

func (s *suite) drive(j *job) (*figures, transport.Codec, error) {
	v, err := s.listen(j)
	if err != nil {
		return nil, nil, err
	}
	stopped := false
	stop := func() error {
		if stopped {
			return nil
		}
		stopped = true
		return v.shut()
	}
	defer func() { _ = stop() }()
	if j.deaf {
		if err := stop(); err != nil {
			return nil, nil, err
		}
	}
	codec, err := s.newCodec(j.config)
	if err != nil {
		return nil, nil, err
	}
	c := &crew{s: s, j: j, seen: make([]seen, j.n)}
	f := &figures{Interval: measure.NewInterval()}
	e, err := engine.New(engine.Config{
		Codec: codec, Targets: []load.Target{v.target}, Source: c, Processor: c, Responder: c, Keep: keep,
		Schedule:    func(int, int) engine.Schedule { return &even{gap: j.gap, n: int64(j.n)} },
		Connections: j.connections, Pipeline: j.pipeline, Timeout: cmp.Or(j.timeout, s.patience),
		OnInterval: func(i *measure.Interval) { f.Merge(i, false) },
	})
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*s.patience)
	defer cancel()
	if f.result, err = e.Run(ctx); err == nil {
		err = ctx.Err()
	}
	err = errors.Join(err, stop())
	f.seen, f.asked = c.seen, v.asked
	return f, codec, err
}

// outcomes: every request that was sent has been shown to the processor once, and no answer was another request's.
func (f *figures) outcomes() error {
	unseen := int64(0)
	for i, o := range f.seen {
		switch {
		case o.wrong != "":
			return fmt.Errorf("request %d was given an answer that is not its own: %s", i, o.wrong)
		case o.times > 1:
			return fmt.Errorf("request %d had %d outcomes", i, o.times)
		case o.times == 0:
			unseen++
		}
	}
	if bad := f.result.Source.Bad; unseen != f.Requests.Unsent+f.Unseen+bad {
		return fmt.Errorf("%d requests had no outcome, %d of them unsent, %d not encodable", unseen, f.Requests.Unsent, bad)
	}
	return nil
}

func (f *figures) String() string {
	return fmt.Sprintf("requests %+v, errors %v, datagrams %+v, end %q", f.Requests, f.Errors, f.Datagrams, f.result.End)
}

// caused are the failures whose cause is one of those, or begins with one that ends in a star.
func (f *figures) caused(causes ...string) (n int64) {
	for cause, k := range f.Errors {
		for _, c := range causes {
			prefix, any := strings.CutSuffix(c, "*")
			if cause == c || any && strings.HasPrefix(cause, prefix) {
				n += k
				break
			}
		}
	}
	return n
}

// want fails with a sentence and the figures unless ok.
func (f *figures) want(ok bool, format string, args ...any) error {
	if ok {
		return nil
	}
	return fmt.Errorf("%s; %s", fmt.Sprintf(format, args...), f)
}
