package arrival

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/iagoloadgen/iago/internal/suggest"
)

// Kind is what a parameter's value looks like.
type Kind string

// The kinds of parameters.
const (
	KindRate     Kind = "rate"     // 1000/s, 60000/m, 1.5k/s; see [ParseRate]
	KindChange   Kind = "change"   // a rate with a sign: 100/s, -100/s
	KindDuration Kind = "duration" // 90s, 1m30s, 250ms: 0 or more, with its unit; see [time.ParseDuration]
	KindNumber   Kind = "number"   // 0.5, 1e-3
	KindCount    Kind = "count"    // a whole number, 1 or more
)

// expected says what a value of each kind looks like, for error messages.
var expected = map[Kind]string{
	KindRate:     "a rate, for example 1000/s",
	KindChange:   "a rate with or without a minus sign, for example 100/s or -100/s",
	KindDuration: "a time with its unit, for example 30s or 5m",
	KindNumber:   "a number, for example 0.5",
	KindCount:    "a whole number, 1 or more",
}

// Param declares one parameter of a process or profile.
type Param struct {
	Name     string
	Kind     Kind
	Default  string // as a user would write it; empty: absent when not given
	Required bool
	Doc      string // one line
}

// ParamError is what is wrong with one parameter. [Call.Process] and [Call.Profile] return several of them joined
// (see [errors.Join]).
type ParamError struct {
	Owner  string // name of the process or profile
	Param  string
	Reason string // says what was expected
}

func (e *ParamError) Error() string {
	return fmt.Sprintf("arrival: %s: %s: %s", e.Owner, e.Param, e.Reason)
}

// Args are the parameters' values, checked against their declarations, and what a process gets besides.
// The accessors return the default of a parameter that was not given, and 0 where it has none; they panic when the
// parameter was not declared with that kind.
type Args struct {
	Profile Profile // the caller's; nil for a process with rates of its own, and for profiles
	Seed    uint64  // 0 for profiles

	owner  string
	values map[string]value
}

type value struct {
	kind     Kind
	present  bool
	number   float64
	duration time.Duration
}

// Rate returns a parameter of [KindRate] or [KindChange] in arrivals per second.
func (a Args) Rate(name string) float64 { return a.get(name, KindRate, KindChange).number }

// Duration returns a parameter of [KindDuration].
func (a Args) Duration(name string) time.Duration { return a.get(name, KindDuration).duration }

// Number returns a parameter of [KindNumber].
func (a Args) Number(name string) float64 { return a.get(name, KindNumber).number }

// Count returns a parameter of [KindCount].
func (a Args) Count(name string) int { return int(a.get(name, KindCount).number) }

// Has tells whether a parameter was given or has a default.
func (a Args) Has(name string) bool { return a.values[name].present }

func (a Args) get(name string, kinds ...Kind) value {
	v, ok := a.values[name]
	if !ok || !slices.Contains(kinds, v.kind) {
		panic(fmt.Sprintf("arrival: %s: no parameter %q of kind %v is declared", a.owner, name, kinds[0]))
	}
	return v
}

// cut ends p where the parameter "for" says so.
func (a Args) cut(p Profile, err error) (Profile, error) {
	if err != nil || !a.Has("for") {
		return p, err
	}
	return Cut(p, a.Duration("for"))
}

// poisson returns the Poisson process with a rate of its own.
func (a Args) poisson(p Profile) Process {
	return Process{NewLaw: func() Law { return NewPoisson(a.Seed) }, Profile: p}
}

// decode checks given against params and returns the values. Its error joins a ParamError for each thing wrong.
func decode(owner string, params []Param, given map[string]string) (Args, error) {
	a := Args{owner: owner, values: map[string]value{}}
	var errs []error
	fail := func(param, reason string) {
		errs = append(errs, &ParamError{Owner: owner, Param: param, Reason: reason})
	}
	names := make([]string, len(params))
	for i, p := range params {
		names[i] = p.Name
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if !slices.Contains(names, name) {
			fail(name, "unknown parameter"+suggest.DidYouMean(name, names)+"; "+known("parameters", names))
		}
	}
	for _, p := range params {
		text, ok := given[p.Name]
		if !ok && p.Required {
			fail(p.Name, "missing; expected "+expected[p.Kind])
			continue
		}
		if !ok {
			text = p.Default
		}
		v, err := p.parse(text, ok)
		if err != nil {
			fail(p.Name, err.Error())
		}
		a.values[p.Name] = v
	}
	return a, errors.Join(errs...)
}

// parse reads one value. Where none was given, an empty default is none and right.
func (p Param) parse(text string, given bool) (value, error) {
	v := value{kind: p.Kind}
	if text == "" && !given {
		return v, nil
	}
	v.present = true
	var err error
	switch p.Kind {
	case KindRate:
		v.number, err = parseRate(text)
	case KindChange:
		v.number, err = parseChange(text)
	case KindDuration:
		v.duration, err = parseDuration(text)
	case KindNumber:
		v.number, err = parseNumber(text)
	case KindCount:
		v.number, err = parseCount(text)
	}
	if err != nil {
		return v, fmt.Errorf("%q: %w", text, err)
	}
	return v, nil
}

func parseChange(text string) (float64, error) {
	if rest, ok := strings.CutPrefix(text, "-"); ok {
		v, err := parseRate(rest)
		return -v, err
	}
	return parseRate(text)
}

func parseDuration(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return 0, errors.New("expected " + expected[KindDuration])
	}
	return d, nil
}

func parseCount(text string) (float64, error) {
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil || n < 1 {
		return 0, errors.New("expected " + expected[KindCount])
	}
	return float64(n), nil
}

// parseNumber reads a plain decimal number: no infinities, hexadecimals or underscores, which strconv would take.
func parseNumber(text string) (float64, error) {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || strings.Trim(text, "0123456789.eE+-") != "" {
		return 0, errors.New("expected " + expected[KindNumber])
	}
	return v, nil
}
