package spec

import (
	"errors"
	"strings"

	"github.com/iagoloadgen/iago/arrival"
)

// Rate is a number of arrivals per second, written "1000/s", "60000/m" or bare. The zero value says that none was given.
type Rate struct {
	PerSecond float64
	Max       bool // "max": the closed mode, as fast as the connections allow; PerSecond is 0
}

// ParseRate reads a rate above 0, or "max".
func ParseRate(text string) (Rate, error) {
	if text == "max" {
		return Rate{Max: true}, nil
	}
	v, err := arrival.ParseRate(text)
	switch {
	case err != nil:
		return Rate{}, bare(err, "arrival: rate ")
	case v <= 0:
		return Rate{}, errors.New(`"` + text + `": expected a rate above 0, such as 1000/s, or max`)
	}
	return Rate{PerSecond: v}, nil
}

// UnmarshalText is [ParseRate], for spec files and flags.
func (r *Rate) UnmarshalText(text []byte) error {
	v, err := ParseRate(string(text))
	if err == nil {
		*r = v
	}
	return err
}

// MarshalText writes r so that UnmarshalText reads it back.
func (r Rate) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// String writes r per second: "1000/s", "max"; empty when none was given.
func (r Rate) String() string {
	switch {
	case r.Max:
		return "max"
	case r.PerSecond == 0:
		return ""
	}
	return arrival.FormatRate(r.PerSecond)
}

// bare returns err without the package and noun that begin its text: the field's name says that already.
func bare(err error, prefix string) error {
	if text, cut := strings.CutPrefix(err.Error(), prefix); cut {
		return errors.New(text)
	}
	return err
}
