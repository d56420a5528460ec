package spec

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

// Duration is a length of time, written with its unit: "30s", "1m30s", "500ms"; a bare 0 needs none. It is never negative.
type Duration time.Duration

// ParseDuration reads a duration.
func ParseDuration(text string) (Duration, error) {
	d, err := time.ParseDuration(text)
	switch {
	case err != nil:
		return 0, fmt.Errorf("%q: expected a duration such as 60s or 500ms%s", text, suggestDuration(text))
	case d < 0:
		return 0, fmt.Errorf("%q: expected a duration that is not negative", text)
	}
	return Duration(d), nil
}

// UnmarshalText is [ParseDuration], for spec files and flags.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := ParseDuration(string(text))
	if err == nil {
		*d = v
	}
	return err
}

// MarshalText writes d so that UnmarshalText reads it back.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// String writes d in the shortest way: "1m" rather than "1m0s".
func (d Duration) String() string {
	s := time.Duration(d).String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

var (
	durationRE  = regexp.MustCompile(`^([0-9]*\.?[0-9]+)\s*([A-Za-zµ]*)$`)
	durationFor = map[string]string{
		"": "s", "sec": "s", "secs": "s", "second": "s", "seconds": "s", "min": "m", "mins": "m", "minute": "m", "minutes": "m",
		"hr": "h", "hrs": "h", "hour": "h", "hours": "h", "msec": "ms", "millis": "ms", "usec": "us",
	}
)

// suggestDuration guesses what was meant by a number with no unit, or one in words.
func suggestDuration(text string) string {
	m := durationRE.FindStringSubmatch(strings.TrimSpace(text))
	if m == nil {
		return ""
	}
	unit, ok := durationFor[strings.ToLower(m[2])]
	if !ok {
		unit = strings.ToLower(m[2])
	}
	if _, err := time.ParseDuration(m[1] + unit); err != nil {
		return ""
	}
	return fmt.Sprintf(" (did you mean %s%s?)", m[1], unit)
}
