package spec

import (
	"fmt"
	"strings"
)

// Validate checks everything that can be known before the run without using the network. The error is [Problems].
func (s *Spec) Validate() error {
	return s.problems(func(string) bool { return false }).err()
}

// problems returns all that is wrong with the values of s, apart from fields that are broken already.
func (s *Spec) problems(broken func(field string) bool) Problems {
	c := &checker{spec: s, broken: broken}
	c.name()
	c.targets()
	c.protocols()
	c.rate()
	c.arrivals()
	c.length()
	c.records()
	c.request()
	c.expressions()
	c.program()
	c.connections()
	c.proxy()
	c.tls()
	c.overload()
	c.objectives()
	c.labels()
	return c.problems
}

// checker collects what is wrong with a spec.
type checker struct {
	spec     *Spec
	broken   func(field string) bool // what the file says there could not be understood
	problems Problems
}

// problem notes what is wrong with a field, at its place in the file or under the name of the flag that set it or the whole
// that it is a part of ("--arrival.gamma.shape").
func (c *checker) problem(field, format string, args ...any) {
	if c.broken(field) {
		return
	}
	p := Problem{File: c.spec.file, Field: field, Message: fmt.Sprintf(format, args...)}
	for whole := field; whole != ""; whole = around(whole) {
		if flag := c.spec.Origin[whole]; flag != "" {
			p.File, p.Field = "", flag+field[len(whole):]
			break
		}
		if m, ok := c.spec.at[whole]; ok {
			p.Line, p.Column = m.line, m.column
			break
		}
	}
	c.problems = append(c.problems, p)
}

// error notes err, and each of several that are joined, as problems of field.
func (c *checker) error(field string, err error, prefix string) {
	for _, e := range flatten(err) {
		c.problem(field, "%v", bare(e, prefix))
	}
}

// around returns the field that field is a part of, or nothing.
func around(field string) string { return field[:max(0, strings.LastIndexAny(field, ".["))] }

// given says that field was written down, in the file or as a flag.
func (c *checker) given(field string) bool {
	_, inFile := c.spec.at[field]
	return inFile || c.spec.Origin[field] != ""
}

// the names a field for a message about another one: by its flag, or by its line.
func (c *checker) the(field string) string {
	if flag := c.spec.Origin[field]; flag != "" {
		return flag
	}
	if m, ok := c.spec.at[field]; ok && c.spec.file != "" {
		return fmt.Sprintf("%s (line %d)", field, m.line)
	}
	return field
}

// notNegative complains of a number below 0.
func (c *checker) notNegative(field string, n int64) {
	if n < 0 {
		c.problem(field, "%d: expected 0 or more", n)
	}
}

// flatten takes joined errors apart.
func flatten(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []error
		for _, e := range joined.Unwrap() {
			all = append(all, flatten(e)...)
		}
		return all
	}
	if err == nil {
		return nil
	}
	return []error{err}
}
