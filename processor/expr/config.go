// Package expr is the processor that needs no code: what a request is made of, which records count, what an answer must be like
// and what follows from it are said by expressions in the spec file. docs/expressions.md has their variables and functions.
//
// Expressions are those of github.com/expr-lang/expr, compiled once against the types of what they can see, so that a
// misspelled name is found before the first request. Only the variables that an expression mentions are made for it.
package expr

import (
	"errors"
	"fmt"
	"time"
)

// Config is what the spec file says by expressions. The zero value says nothing. Fields that hold an expression say so; any
// other is literal.
type Config struct {
	// Filter is an expression over a record that says whether it counts: false leaves it out.
	Filter string `yaml:"filter,omitempty"`
	// Sample is the share of records that are used, such as 0.1 or 10%, drawn at random by the seed, before Filter. 0: all.
	Sample Share `yaml:"sample,omitempty"`
	// Request holds the parts of the spec's request section that are worked out for each record.
	Request RequestConfig `yaml:"request,omitempty"`
	// Checks are held against each response.
	Checks []Check `yaml:"checks,omitempty"`
	// FollowUps make further requests of responses.
	FollowUps []FollowUp `yaml:"followups,omitempty"`
}

// RequestConfig is what the spec says below request.
type RequestConfig struct {
	// Expr holds what is an expression over the record.
	Expr Request `yaml:"expr,omitempty"`
	// Query rewrites the record's query before anything else sees it.
	Query Query `yaml:"query,omitempty"`
}

// Request is a request by expressions: each of its fields is one. An empty field leaves that part as it is without.
//
// Text is taken as it is; numbers, true and false as one writes them; lists and objects as JSON. Nothing (nil) leaves out a
// header, body, key, client or label; a method, URI or weight must be something.
type Request struct {
	// Method is an expression for the method.
	Method string `yaml:"method,omitempty"`
	// URI is an expression for the path and query.
	URI string `yaml:"uri,omitempty"`
	// Headers are expressions for values by the headers' names. Each replaces all headers of its name.
	Headers map[string]string `yaml:"headers,omitempty"`
	// Body is an expression for the body.
	Body string `yaml:"body,omitempty"`
	// Key is an expression for what a transport that spreads requests by key goes by.
	Key string `yaml:"key,omitempty"`
	// Client is an expression for the address that the PROXY protocol tells as the client's.
	Client string `yaml:"client,omitempty"`
	// Label is an expression for the label.
	Label string `yaml:"label,omitempty"`
	// Weight is an expression for the number of arrivals that the request stands for, from 1 to 1,000,000.
	Weight string `yaml:"weight,omitempty"`
	// Keep are expressions for values that checks and follow-ups of the request's response find in kept, by their names.
	Keep map[string]string `yaml:"keep,omitempty"`
}

// Check is a named condition on responses.
type Check struct {
	// Name is what the check is counted under. Empty: its expression.
	Name string `yaml:"name,omitempty"`
	// Expr is an expression over the response that is true when all is well.
	Expr string `yaml:"expr" jsonschema:"required,minLength=1"`
}

// FollowUp makes a request of a response.
type FollowUp struct {
	// When is an expression over the response. Empty: every response.
	When string `yaml:"when,omitempty"`
	// MaxDepth is how deep the responses may be that it is made of. 0: those to arrivals of the schedule only; 1: those to
	// their follow-ups too; and so on. So no rule goes on for ever.
	MaxDepth int `yaml:"max_depth,omitempty" jsonschema:"minimum=0"`
	// Extract are values out of the response, by names that Expr finds in found. Where one is missing, no request is made.
	Extract map[string]Extract `yaml:"extract,omitempty"`
	// Expr holds the request's parts, expressions over the response. It needs a URI; the method is GET unless it says otherwise.
	// Headers, key and client are those of the request that was answered, headers of its body apart, unless it says otherwise.
	Expr Request `yaml:"expr" jsonschema:"required"`
	// Think is the time between the response and the request.
	Think time.Duration `yaml:"think,omitempty"`
	// Label is the request's label, as it stands. Empty: Expr's, or what the rules for labels say.
	Label string `yaml:"label,omitempty"`
}

// Extract says where a value is: exactly one of its fields is set.
type Extract struct {
	// JSON is a path in a JSON body, such as user.items[0].id.
	JSON string `yaml:"json,omitempty"`
	// Regexp is a regular expression (RE2) over the body: its first group, or without one the whole match.
	Regexp string `yaml:"regexp,omitempty"`
	// Expr is an expression over the response.
	Expr string `yaml:"expr,omitempty"`
}

// IsZero says that c says nothing, so that the base processor is all that is needed.
func (c *Config) IsZero() bool {
	return c.Filter == "" && c.Sample == 0 && c.Request.Expr.isZero() && c.Request.Query.isZero() && len(c.Checks) == 0 && len(c.FollowUps) == 0
}

func (r *Request) isZero() bool {
	return r.Method == "" && r.URI == "" && r.Body == "" && r.Key == "" && r.Client == "" && r.Label == "" && r.Weight == "" &&
		len(r.Headers) == 0 && len(r.Keep) == 0
}

// Validate returns all that is wrong, joined; each error begins with the yaml path of its field in the spec.
func (c *Config) Validate() error {
	var p problems
	compile(c, 0, &p)
	return errors.Join(p...)
}

// ReadsContent says whether checks or follow-ups look at headers or bodies of answers, so that they must be kept; their figures
// alone cost less. c must be valid.
func (c *Config) ReadsContent() bool {
	var p problems
	return newResponsePlan(c, 0, &p).readsContent()
}

// problems are errors that begin with the path of the field they are about.
type problems []error

func (p *problems) add(path, format string, args ...any) {
	*p = append(*p, fmt.Errorf("%s: %w", path, fmt.Errorf(format, args...)))
}
