package expr

import (
	"errors"
	"fmt"
	"time"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/processor"
)

// New returns a processor that does what c says around base, the one that makes requests of records without it. Record
// expressions for method, URI and body change what base finds in the record; those for other parts, and for the body once more,
// change what base has made. It is a
// [processor.Responder] only if there are checks or follow-ups; it sets Request.State only for request.expr.keep. seed fixes the
// sample and what rand and the like give. logf is told why checks and follow-ups could not be evaluated, the first three times
// each; it may be nil.
func New(c Config, base processor.Processor, seed uint64, logf func(format string, args ...any)) (processor.Processor, error) {
	var found problems
	records, responses := compile(&c, seed, &found)
	if len(found) > 0 {
		return nil, fmt.Errorf("processor/expr: %w", errors.Join(found...))
	}
	if c.IsZero() {
		return base, nil
	}
	p := &expressions{recordPlan: records, base: base}
	p.addTo = p.add
	if len(c.Checks) == 0 && len(c.FollowUps) == 0 {
		return p, nil
	}
	if logf == nil {
		logf = func(string, ...any) {}
	}
	responses.logf = logf
	return &responder{expressions: p, responsePlan: responses}, nil
}

// compile compiles c for both sides, which share nothing: they are used by different goroutines.
func compile(c *Config, seed uint64, p *problems) (*recordPlan, *responsePlan) {
	records := newRecordPlan(c, seed, p)
	return records, newResponsePlan(c, seed, p)
}

// recordPlan is what is done with records.
type recordPlan struct {
	side   *recordSide
	sample float64
	query  *rewriter // nil: none
	filter *program  // nil: none
	make   *template
}

func newRecordPlan(c *Config, seed uint64, p *problems) *recordPlan {
	plan := &recordPlan{side: newRecordSide(seed), sample: float64(c.Sample)}
	if !(c.Sample >= 0 && c.Sample <= 1) {
		p.add("sample", "%v: expected a share such as 0.1 or 10%%", float64(c.Sample))
	}
	plan.filter = plan.side.compile("filter", c.Filter, condition, p)
	c.Request.Query.check(p)
	if !c.Request.Query.isZero() {
		plan.query = &rewriter{Query: c.Request.Query, now: time.Now}
	}
	plan.make = plan.side.compileRequest("request.expr", &c.Request.Expr, p)
	return plan
}

// expressions is the Processor of New.
type expressions struct {
	*recordPlan
	base processor.Processor

	rec   load.Record // the record as base is to see it
	outer func() *load.Request
	addTo func() *load.Request // add, made a function value once
	last  *load.Request
}

// Process implements processor.Processor.
func (e *expressions) Process(rec *load.Record, add func() *load.Request) error {
	if e.sample > 0 && e.sample < 1 && e.side.random.Float64() >= e.sample {
		return processor.ErrFiltered
	}
	e.rec = *rec
	if err := e.evaluate(); err != nil {
		return err
	}
	e.outer, e.last = add, nil
	err := e.base.Process(&e.rec, e.addTo)
	if err == nil && e.last != nil {
		e.make.fill(e.last)
	}
	e.outer, e.last, e.rec = nil, nil, load.Record{}
	return err
}

// evaluate works out all that does not need a request, so that a bad record is found before there is one.
func (e *expressions) evaluate() error {
	if e.query != nil {
		uri, err := e.query.rewrite(&e.rec)
		if err != nil {
			return fmt.Errorf("processor/expr: %w", err)
		}
		e.rec.URI = uri
	}
	e.side.begin(&e.rec)
	if e.filter != nil {
		switch ok, err := e.side.condition(e.filter); {
		case err != nil:
			return fmt.Errorf("processor/expr: %w", err)
		case !ok:
			return processor.ErrFiltered
		}
	}
	if err := e.make.evaluate(&e.side.machine, nil); err != nil {
		return fmt.Errorf("processor/expr: %w", err)
	}
	if e.make.method.program != nil {
		e.rec.Method = e.make.method.bytes
	}
	if e.make.uri.program != nil {
		e.rec.URI = e.make.uri.bytes
	}
	if e.make.body.program != nil {
		e.rec.Body = e.make.body.bytes // so that base does not miss one
	}
	return nil
}

// add finishes the request that base has filled in and gives it another.
func (e *expressions) add() *load.Request {
	if e.last != nil {
		e.make.fill(e.last)
	}
	e.last = e.outer()
	return e.last
}
