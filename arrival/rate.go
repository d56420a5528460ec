package arrival

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Rates are 0 or within these bounds: below, the next arrival is decades away; above, many share a nanosecond.
// Within them no sum or product of the package overflows.
const (
	minRate = 1e-9
	maxRate = 1e12
)

// rateUnits are the seconds in each unit that a rate may be given in.
var rateUnits = map[string]float64{"s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600}

// ParseRate reads a rate and returns it in arrivals per second. A rate is a number, with k (thousand) or M
// (million) behind it if wanted, and with /s, /m or /h (per second, minute, hour; without: per second):
// "1000", "1.5k/s", "60000/m", "3.6M/h". The error says what was expected.
func ParseRate(text string) (float64, error) {
	rate, err := parseRate(text)
	if err != nil {
		return 0, fmt.Errorf("arrival: rate %q: %w", text, err)
	}
	return rate, nil
}

// parseRate is ParseRate with errors that only say what was expected.
func parseRate(text string) (float64, error) {
	number, unit, slash := strings.Cut(strings.TrimSpace(text), "/")
	number, unit = strings.TrimSpace(number), strings.TrimSpace(unit)
	per := 1.0
	if slash {
		per = rateUnits[unit]
	}
	if per == 0 {
		return 0, fmt.Errorf("unknown unit %q; expected /s, /m or /h, for example 1000/s", "/"+unit)
	}
	factor := 1.0
	switch {
	case strings.HasSuffix(number, "k"), strings.HasSuffix(number, "K"):
		number, factor = number[:len(number)-1], 1e3
	case strings.HasSuffix(number, "M"):
		number, factor = number[:len(number)-1], 1e6
	}
	v, err := parseNumber(number)
	if err != nil {
		return 0, errors.New("expected a number and a unit, for example 1000/s, 60000/m, 1.5k/s or 3.6M/h")
	}
	v = v * factor / per
	return v, checkRate(v)
}

// FormatRate writes a rate, given in arrivals per second, so that [ParseRate] reads exactly the same one: "1000/s",
// "0.5/s"; by the minute or hour ("20/m") where the fraction of a second has no end.
func FormatRate(rate float64) string {
	text := formatNumber(rate) + "/s"
	if len(text) <= 12 {
		return text
	}
	for _, unit := range []string{"m", "h"} {
		n := math.Round(rate * rateUnits[unit])
		if n/rateUnits[unit] == rate {
			return formatNumber(n) + "/" + unit
		}
	}
	return text
}

func formatNumber(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// formatDuration writes d without zero tails: "1m", not "1m0s".
func formatDuration(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = text[:len(text)-2]
	}
	if strings.HasSuffix(text, "h0m") {
		text = text[:len(text)-2]
	}
	return text
}

func checkRate(rate float64) error {
	if rate == 0 || rate >= minRate && rate <= maxRate {
		return nil
	}
	return fmt.Errorf("expected 0 or a rate between %g/s and %g/s", minRate, maxRate)
}

// checkRates checks the rates of a profile, given as name, value, name, value, …
func checkRates(profile string, named ...any) error {
	for i := 0; i < len(named); i += 2 {
		if err := checkRate(named[i+1].(float64)); err != nil {
			return fmt.Errorf("arrival: %s: %s %v/s: %w", profile, named[i], named[i+1], err)
		}
	}
	return nil
}

// checkSpan checks a length of time that must not be empty.
func checkSpan(profile, name string, d time.Duration) error {
	if d <= 0 {
		return fmt.Errorf("arrival: %s: %s %v: expected a time above 0, for example 30s", profile, name, d)
	}
	return nil
}
