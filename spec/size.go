package spec

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// Size is a number of bytes, written with its unit (B, kB, MB, GB for powers of 1000; KiB, MiB, GiB for powers of 1024) or bare.
type Size int64

// sizeUnits are the units of sizes; of two that write a size in as few letters, the first does.
var sizeUnits = []struct {
	name  string
	bytes int64
}{
	{"GiB", 1 << 30},
	{"MiB", 1 << 20},
	{"KiB", 1 << 10},
	{"GB", 1e9},
	{"MB", 1e6},
	{"kB", 1e3},
	{"B", 1},
}

var sizeRE = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?)\s*([A-Za-z]*)$`)

// ParseSize reads a size. A fraction must come out as whole bytes: "1.5KiB".
func ParseSize(text string) (Size, error) {
	m := sizeRE.FindStringSubmatch(text)
	if m == nil {
		return 0, fmt.Errorf("%q: expected a size such as 64KiB or 1MB", text)
	}
	unit := int64(1)
	if m[2] != "" {
		unit = unitBytes(m[2])
	}
	if unit == 0 || strings.ContainsAny(text, " \t") {
		return 0, fmt.Errorf("%q: expected a size such as 64KiB or 1MB%s", text, suggestSize(m[1], m[2]))
	}
	n, err := strconv.ParseInt(m[1], 10, 64)
	if err == nil && n <= math.MaxInt64/unit {
		return Size(n * unit), nil
	}
	f, err := strconv.ParseFloat(m[1], 64)
	bytes := f * float64(unit)
	switch {
	case err != nil || bytes >= math.MaxInt64:
		return 0, fmt.Errorf("%q: expected a size below 8 EiB", text)
	case bytes != math.Trunc(bytes):
		return 0, fmt.Errorf("%q: expected whole bytes", text)
	}
	return Size(bytes), nil
}

// UnmarshalText is [ParseSize], for spec files and flags.
func (s *Size) UnmarshalText(text []byte) error {
	v, err := ParseSize(string(text))
	if err == nil {
		*s = v
	}
	return err
}

// MarshalText writes s so that UnmarshalText reads it back.
func (s Size) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// String writes s exactly, in the unit that makes it short: "64KiB", "2GB", "1536B", "0".
func (s Size) String() string {
	if s == 0 {
		return "0"
	}
	best := ""
	for _, u := range sizeUnits {
		text := strconv.FormatInt(int64(s)/u.bytes, 10) + u.name
		if int64(s)%u.bytes == 0 && (best == "" || len(text) < len(best)) {
			best = text
		}
	}
	return best
}

// unitBytes returns the size of a unit, 0 when there is none of that name.
func unitBytes(name string) int64 {
	for _, u := range sizeUnits {
		if u.name == name {
			return u.bytes
		}
	}
	return 0
}

// suggestSize guesses the unit that was meant: "64K", "64kb" and "64 KiB" are 64KiB to most who write them.
func suggestSize(number, unit string) string {
	if unitBytes(unit) != 0 {
		return fmt.Sprintf(" (did you mean %s%s?)", number, unit)
	}
	guesses := map[string]string{"k": "KiB", "kb": "kB", "kib": "KiB", "m": "MiB", "mb": "MB", "mib": "MiB", "g": "GiB", "gb": "GB", "gib": "GiB", "b": "B"}
	if g, ok := guesses[strings.ToLower(unit)]; ok {
		return fmt.Sprintf(" (did you mean %s%s?)", number, g)
	}
	return ""
}
