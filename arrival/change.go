package arrival

import (
	"errors"
	"fmt"
	"math"
	"strings"
)

// ChangeKind is what a [Change] does to the rate.
type ChangeKind string

// The kinds of changes.
const (
	ChangeSet    ChangeKind = "set"    // to a constant rate
	ChangeAdd    ChangeKind = "add"    // so much more, or less, at all times; never below 0
	ChangeScale  ChangeKind = "scale"  // so many times as much
	ChangePause  ChangeKind = "pause"  // to 0, until resumed
	ChangeResume ChangeKind = "resume" // to what it would be without the pause
)

// Change is a change of the rate while a job runs: see [Splice].
type Change struct {
	At    int64      `json:"at"` // ns from the start: what is due after it follows the new rate
	Kind  ChangeKind `json:"kind"`
	Value float64    `json:"value,omitempty"` // arrivals per second (set, add); factor (scale)
}

// maxScale bounds a factor.
const maxScale = 1e6

const changeWords = "expected rate 5000/s, rate +500/s, rate -10%, scale 1.5, pause or resume"

// ParseChange reads a change as a person gives it: "rate 5000/s", "rate +500/s", "rate -500/s", "rate +10%" (of what
// it is), "scale 1.5", "pause", "resume". At is left to the caller. The error says what was expected.
func ParseChange(text string) (Change, error) {
	c, err := parseChangeWords(strings.Fields(text))
	if err != nil {
		return Change{}, fmt.Errorf("arrival: change %q: %w", text, err)
	}
	return c, nil
}

func parseChangeWords(words []string) (Change, error) {
	switch {
	case len(words) == 1 && words[0] == "pause":
		return Change{Kind: ChangePause}, nil
	case len(words) == 1 && words[0] == "resume":
		return Change{Kind: ChangeResume}, nil
	case len(words) == 2 && words[0] == "rate":
		return parseRateChange(words[1])
	case len(words) == 2 && words[0] == "scale":
		factor, err := parseNumber(words[1])
		c := Change{Kind: ChangeScale, Value: factor}
		return c, errors.Join(err, c.check())
	}
	return Change{}, errors.New(changeWords)
}

// parseRateChange reads 5000/s, +500/s, -500/s, +10% and -10%.
func parseRateChange(text string) (c Change, err error) {
	rest, sign := text, 0.0
	if r, ok := strings.CutPrefix(text, "+"); ok {
		rest, sign = r, 1
	} else if r, ok := strings.CutPrefix(text, "-"); ok {
		rest, sign = r, -1
	}
	percent, isPercent := strings.CutSuffix(rest, "%")
	switch {
	case isPercent && sign == 0:
		return c, fmt.Errorf("%s is no rate; expected a sign, as in rate +10%%, or scale 1.1", text)
	case isPercent:
		c.Kind = ChangeScale
		c.Value, err = parseNumber(percent)
		c.Value = (100 + sign*c.Value) / 100
	case sign == 0:
		c.Kind = ChangeSet
		c.Value, err = parseRate(rest)
	default:
		c.Kind = ChangeAdd
		c.Value, err = parseRate(rest)
		c.Value *= sign
	}
	if err != nil {
		return c, err
	}
	if rest != strings.TrimLeft(rest, "+-") {
		return c, errors.New(changeWords)
	}
	return c, c.check()
}

// check says what is wrong with the kind or the value; nil: nothing.
func (c Change) check() error {
	switch c.Kind {
	case ChangePause, ChangeResume:
		return nil
	case ChangeSet:
		return checkRate(c.Value)
	case ChangeAdd:
		return checkRate(math.Abs(c.Value))
	case ChangeScale:
		if c.Value >= 0 && c.Value <= maxScale {
			return nil
		}
		return fmt.Errorf("factor %v: expected 0 to %g", c.Value, maxScale)
	}
	return fmt.Errorf("unknown kind %q; expected %s, %s, %s, %s or %s", c.Kind,
		ChangeSet, ChangeAdd, ChangeScale, ChangePause, ChangeResume)
}

// String writes c, but for its moment, so that [ParseChange] reads the same.
func (c Change) String() string {
	switch c.Kind {
	case ChangeSet:
		return "rate " + FormatRate(c.Value)
	case ChangeAdd:
		if c.Value < 0 {
			return "rate -" + FormatRate(-c.Value)
		}
		return "rate +" + FormatRate(c.Value)
	case ChangeScale:
		return "scale " + formatNumber(c.Value)
	}
	return string(c.Kind)
}
