package expr

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/processor"
)

// logged is how many reasons are logged for each check and each part of a follow-up.
const logged = 3

// responsePlan is what is done with responses.
type responsePlan struct {
	side    *responseSide
	checks  []check
	follows []follow
	logf    func(format string, args ...any)
	told    map[string]int // reasons that were logged, by the field's path
}

type check struct {
	*program
	name string
}

// follow is a compiled FollowUp.
type follow struct {
	path     string
	maxDepth int
	when     *program // nil: always
	extract  []extractor
	make     *template
	think    time.Duration
	label    string
}

func newResponsePlan(c *Config, seed uint64, p *problems) *responsePlan {
	plan := &responsePlan{side: newResponseSide(seed), told: map[string]int{}}
	plan.side.members = map[string][]string{"found": {}, "kept": keptNames(c)}
	for i := range c.Checks {
		plan.addCheck(fmt.Sprintf("checks[%d]", i), &c.Checks[i], p)
	}
	for i := range c.FollowUps {
		plan.addFollowUp(fmt.Sprintf("followups[%d]", i), &c.FollowUps[i], p)
	}
	return plan
}

// keptNames are the names of all that any request keeps.
func keptNames(c *Config) []string {
	names := slices.Collect(maps.Keys(c.Request.Expr.Keep))
	for i := range c.FollowUps {
		names = slices.AppendSeq(names, maps.Keys(c.FollowUps[i].Expr.Keep))
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (plan *responsePlan) addCheck(path string, c *Check, p *problems) {
	if c.Expr == "" {
		p.add(path+".expr", "it is empty; give a condition such as status == 200")
	}
	k := check{plan.side.compile(path+".expr", c.Expr, condition, p), c.Name}
	if k.name == "" {
		k.name = strings.Join(strings.Fields(c.Expr), " ")
	}
	if slices.ContainsFunc(plan.checks, func(other check) bool { return other.name == k.name }) {
		p.add(path+".name", "%q: another check has this name; give one of its own", k.name)
	}
	plan.checks = append(plan.checks, k)
}

func (plan *responsePlan) addFollowUp(path string, c *FollowUp, p *problems) {
	f := follow{path: path, maxDepth: c.MaxDepth, think: c.Think, label: c.Label}
	if c.MaxDepth < 0 {
		p.add(path+".max_depth", "%d: expected 0 or more", c.MaxDepth)
	}
	if c.Think < 0 {
		p.add(path+".think", "%v: expected a duration that is not negative", c.Think)
	}
	if c.Expr.URI == "" {
		p.add(path+".expr.uri", `it is empty; give an expression such as "/items/" + found.id`)
	}
	if c.Label != "" && c.Expr.Label != "" {
		p.add(path+".label", "expr.label is set too; leave out one of them")
	}
	f.when = plan.side.compile(path+".when", c.When, condition, p)
	for _, name := range slices.Sorted(maps.Keys(c.Extract)) {
		e := c.Extract[name]
		f.extract = append(f.extract, plan.side.compileExtract(path+".extract."+name, name, &e, p))
	}
	plan.side.members["found"] = slices.Sorted(maps.Keys(c.Extract))
	f.make = plan.side.compileRequest(path+".expr", &c.Expr, p)
	plan.side.members["found"] = nil
	plan.follows = append(plan.follows, f)
}

// responder is the Processor of New where there are checks or follow-ups.
type responder struct {
	*expressions
	*responsePlan
}

// Respond implements processor.Responder. Where there is no answer, only conditions that mention cause are evaluated.
func (r *responder) Respond(x *processor.Exchange) {
	plan := r.responsePlan
	plan.side.begin(x)
	for _, c := range plan.checks {
		if !c.concerns(x) {
			continue
		}
		ok, err := plan.side.condition(c.program)
		if err != nil {
			plan.tell(c.path, err)
		}
		x.Check(c.name, ok)
	}
	for i := range plan.follows {
		f := &plan.follows[i]
		if x.Depth > f.maxDepth || !f.when.concerns(x) {
			continue
		}
		if path, err := plan.follow(f, x); err != nil {
			plan.tell(path, err)
			x.Check(path, false)
		}
	}
	plan.side.x = nil
}

// concerns tells whether p is to be evaluated at all.
func (p *program) concerns(x *processor.Exchange) bool {
	return x.Cause == "" || p != nil && p.mentions["cause"]
}

// readsContent says whether anything looks at more of answers than their figures.
func (plan *responsePlan) readsContent() bool {
	programs := []*program{}
	for _, c := range plan.checks {
		programs = append(programs, c.program)
	}
	for i := range plan.follows {
		f := &plan.follows[i]
		programs = append(programs, f.when)
		for _, e := range f.extract {
			if e.expr == nil {
				return true
			}
			programs = append(programs, e.expr)
		}
		programs = append(programs, f.make.programs()...)
	}
	return slices.ContainsFunc(programs, func(p *program) bool {
		return p != nil && (p.mentions["body"] || p.mentions["json"] || p.mentions["headers"] || p.mentions["header"])
	})
}

// follow makes a request of x, if it is to. An error comes with the path of the field at fault.
func (plan *responsePlan) follow(f *follow, x *processor.Exchange) (path string, err error) {
	side := plan.side
	if f.when != nil {
		ok, err := side.condition(f.when)
		if err != nil || !ok {
			return f.when.path, err
		}
	}
	clear(side.found)
	for i := range f.extract {
		e := &f.extract[i]
		v, err := e.find(side)
		if err == nil && v == nil {
			err = fmt.Errorf("%s: nothing was found", e.path)
		}
		if err != nil {
			return e.path, err
		}
		side.found[e.name] = v
	}
	if err := f.make.evaluate(&side.machine, keptOf(x.Request)); err != nil {
		return f.path + ".expr", err
	}
	f.fill(x.FollowUp(f.think), x.Request)
	return "", nil
}

var get = []byte("GET")

// fill makes req, which follows from answered.
func (f *follow) fill(req, answered *load.Request) {
	req.Method = get
	if f.make.method.program != nil {
		req.Method = req.Keep(f.make.method.bytes)
	}
	req.URI = req.Keep(f.make.uri.bytes)
	req.Key, req.Client, req.Label, req.State = req.Keep(answered.Key), req.Keep(answered.Client), f.label, answered.State
	for _, h := range answered.Header {
		if !ofBody(h.Name) {
			req.Header = append(req.Header, load.Field{Name: req.Keep(h.Name), Value: req.Keep(h.Value)})
		}
	}
	f.make.fill(req)
}

// ofBody tells headers that are about the body of the request that they are in (RFC 9110, section 8.3 to 8.6; Expect is 10.1.1).
func ofBody(name []byte) bool {
	const content = "Content-"
	return len(name) > len(content) && sameName(name[:len(content)], content) || sameName(name, "Expect")
}

// tell logs a reason, unless enough have been.
func (plan *responsePlan) tell(path string, err error) {
	if plan.told[path]++; plan.told[path] <= logged {
		plan.logf("processor/expr: %v", err)
	}
}
