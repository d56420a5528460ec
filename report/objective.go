package report

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Condition is a bound on a figure: an objective (--slo 'p99<50ms') that should hold, or an abort rule
// (--abort-on 'errors>50%') that should not. Its zero value is not usable.
type Condition struct {
	expr   string
	figure figure
	q      float64 // of a quantile
	label  string  // times and rate of this label only, or the check of this name; "": of all
	op     string
	limit  float64 // ns, a fraction, or 1/s
}

// figure is what a condition bounds.
type figure int

const (
	figureQuantile figure = iota
	figureMean
	figureMax
	figureErrors
	figureRate
	figureChecks
)

// String returns the condition as it was given, without spaces around it.
func (c Condition) String() string { return c.expr }

const conditionExamples = "p99<50ms, p99.9<=100ms, mean<5ms, max<1s, errors<0.1%, rate>950/s, p99{/cart}<80ms, checks>99.9% or checks{logged in}>=99%"

var conditionParts = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9.]*)\s*(?:\{([^{}]*)\})?\s*(<=|>=|<|>)\s*(\S+)$`)

// ParseCondition reads a condition: a figure, optionally a label in braces, one of < <= > >=, and a limit with its unit.
// Figures are p50, p99.9 and so on (p999 is p99.9), mean and max of latency, errors (a share of what was scheduled),
// rate (completed requests per second) and checks (the share of them that passed; the braces hold a check's name).
// Errors say what was expected.
func ParseCondition(expr string) (Condition, error) {
	expr = strings.TrimSpace(expr)
	c := Condition{expr: expr}
	fail := func(format string, args ...any) (Condition, error) {
		return Condition{}, fmt.Errorf("report: objective %q: %s; examples: %s", expr, fmt.Sprintf(format, args...), conditionExamples)
	}
	m := conditionParts.FindStringSubmatch(expr)
	if m == nil {
		return fail("expected a figure, one of < <= > >=, and a limit")
	}
	c.label, c.op = m[2], m[3]
	if err := c.parseFigure(m[1]); err != nil {
		return fail("%v", err)
	}
	if strings.Contains(expr, "{") && c.label == "" {
		return fail("the braces are empty: expected a label in them")
	}
	if c.label != "" && c.figure == figureErrors {
		return fail("errors are only known of all requests: expected no label")
	}
	if err := c.parseLimit(m[4]); err != nil {
		return fail("%v", err)
	}
	return c, nil
}

// ParseAbortRule reads a condition that ends a run when it holds over its last five seconds; labels are not known by then.
func ParseAbortRule(expr string) (Condition, error) {
	c, err := ParseCondition(expr)
	if err == nil && c.label != "" && c.figure != figureChecks {
		return Condition{}, fmt.Errorf("report: abort rule %q: labels are only known at a run's end: expected no label", c.expr)
	}
	return c, err
}

func (c *Condition) parseFigure(name string) error {
	switch name {
	case "mean":
		c.figure = figureMean
		return nil
	case "max":
		c.figure = figureMax
		return nil
	case "errors":
		c.figure = figureErrors
		return nil
	case "rate":
		c.figure = figureRate
		return nil
	case "checks":
		c.figure = figureChecks
		return nil
	}
	digits, ok := strings.CutPrefix(name, "p")
	percent, err := strconv.ParseFloat(digits, 64)
	if !ok || err != nil || strings.ContainsAny(digits, "eExXpP_") {
		return fmt.Errorf("unknown figure %q: expected p50…p99.99, mean, max, errors, rate or checks", name)
	}
	switch digits {
	case "999":
		percent = 99.9
	case "9999":
		percent = 99.99
	}
	if !(percent > 0 && percent <= 100) {
		return fmt.Errorf("quantile %q is outside p0…p100", name)
	}
	c.figure, c.q = figureQuantile, percent/100
	return nil
}

func (c *Condition) parseLimit(s string) (err error) {
	switch c.figure {
	case figureErrors, figureChecks:
		c.limit, err = parseShare(s)
	case figureRate:
		c.limit, err = parseRate(s)
	default:
		var d time.Duration
		if d, err = time.ParseDuration(s); err != nil || d < 0 {
			return fmt.Errorf("limit %q: expected a time with its unit, such as 50ms or 1.5s", s)
		}
		c.limit = float64(d)
	}
	return err
}

func parseShare(s string) (float64, error) {
	digits, percent := strings.CutSuffix(s, "%")
	v, err := parseNumber(digits)
	if percent {
		v /= 100
	}
	if err != nil || v > 1 {
		return 0, fmt.Errorf("limit %q: expected a share from 0%% to 100%%, such as 0.1%% or 0.001", s)
	}
	return v, nil
}

func parseRate(s string) (float64, error) {
	digits, unit, _ := strings.Cut(s, "/")
	v, err := parseNumber(digits)
	switch unit {
	case "", "s":
	case "m":
		v /= 60
	case "h":
		v /= 3600
	default:
		err = strconv.ErrSyntax
	}
	if err != nil {
		return 0, fmt.Errorf("limit %q: expected a rate, such as 950/s, 950 or 60000/m", s)
	}
	return v, nil
}

// parseNumber reads a plain number that is not negative.
func parseNumber(s string) (float64, error) {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) || v < 0 || strings.ContainsAny(s, "xXpP_") {
		return 0, strconv.ErrSyntax
	}
	return v, nil
}
