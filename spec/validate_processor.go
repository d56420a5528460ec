package spec

import (
	"strings"

	"github.com/iagoloadgen/iago/processor/expr"
)

// Expressions returns what the spec says by expressions.
func (s *Spec) Expressions() expr.Config {
	return expr.Config{
		Filter: s.Filter, Sample: s.Sample, Request: expr.RequestConfig{Expr: s.Request.Expr, Query: s.Request.Query},
		Checks: s.Checks, FollowUps: s.FollowUps,
	}
}

// expressions lets them be compiled.
func (c *checker) expressions() {
	e := c.spec.Expressions()
	for _, err := range flatten(e.Validate()) {
		field, reason, ok := strings.Cut(err.Error(), ": ")
		if !ok || !plainField.MatchString(field) {
			c.problem("request.expr", "%v", err)
			continue
		}
		c.problem(field, "%s", reason)
	}
	l := c.spec.FollowUpLimits
	for field, n := range map[string]int{"followup_limits.depth": l.Depth, "followup_limits.per_response": l.PerResponse, "followup_limits.pending": l.Pending - 1} {
		if n < 0 {
			c.problem(field, "%d: expected more", n)
		}
	}
	if l.Depth > maxDepth {
		c.problem("followup_limits.depth", "%d: expected at most %d", l.Depth, maxDepth)
	}
}

// maxDepth is what a request's depth can be counted to.
const maxDepth = 255

// program checks the processor, and that nothing else claims to make requests.
func (c *checker) program() {
	p := c.spec.Processor
	if p.IsZero() {
		if c.given("processor") {
			c.problem("processor.exec", "missing: expected a program and its arguments, such as [python3, echo.py], or the name of a registered processor")
		}
		return
	}
	check, section := p.Validate, "processor"
	if p.Name != "" {
		check, section = p.Settings.Validate, "processor."+p.Name
	}
	for _, err := range flatten(check()) {
		field, reason, _ := strings.Cut(err.Error(), ": ")
		c.problem(join(section, field), "%s", reason)
	}
	for _, field := range []string{"filter", "sample", "request", "checks", "followups"} {
		if c.given(field) {
			c.problem(field, "has no use beside %s: it makes the requests and looks at the answers", c.the("processor"))
		}
	}
	if c.spec.Records.IsZero() && p.Name == "" {
		c.problem("processor", "expected records beside it; a program makes requests of records")
	}
}

// proxy checks the header of the PROXY protocol.
func (c *checker) proxy() {
	s := c.spec
	switch {
	case s.Pipeline < 1 || s.Pipeline > maxPipeline:
		c.problem("pipeline", "%d: expected a number between 1 and %d", s.Pipeline, maxPipeline)
	case s.Pipeline > 1 && !s.Pool.Reuse:
		c.problem("pipeline", "%d: expected pool.reuse: true beside it", s.Pipeline)
	}
	if s.Proxy.IsZero() {
		return
	}
	for _, err := range flatten(s.Proxy.Validate()) {
		field, reason, _ := strings.Cut(err.Error(), ": ")
		c.problem(join("proxy", field), "%s", reason)
	}
	targets, err := s.samples()
	if err == nil && len(targets) > 0 && targets[0].Datagram {
		c.problem("proxy", "the PROXY protocol goes before streams; %s:// is one of datagrams", targets[0].Scheme)
	}
	if s.Pipeline > 1 && s.ClientPerRequest() {
		c.problem("pipeline", "%d: expected 1 beside %s without a fixed client: each connection is one client's", s.Pipeline, c.the("proxy"))
	}
}

// ClientPerRequest says that connections cannot be shared by requests, because each is opened in the name of a request's client.
func (s *Spec) ClientPerRequest() bool {
	return !s.Proxy.IsZero() && (s.Proxy.Client == "" || s.Request.Expr.Client != "" || !s.Processor.IsZero())
}

// maxPipeline is more than any server takes.
const maxPipeline = 65536
