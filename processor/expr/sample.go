package expr

import (
	"fmt"
	"strconv"
	"strings"
)

// Share is a part of a whole, from 0 to 1, written as 0.1 or 10%.
type Share float64

// UnmarshalText reads a share, for spec files.
func (s *Share) UnmarshalText(text []byte) error {
	number, percent := strings.CutSuffix(strings.TrimSpace(string(text)), "%")
	f, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if percent {
		f /= 100
	}
	if err == nil && f > 1 && f <= 100 && !percent {
		return fmt.Errorf("%q: expected a share from 0 to 1, or in percent (did you mean %s%%?)", text, number)
	}
	if err != nil || !(f >= 0 && f <= 1) {
		return fmt.Errorf("%q: expected a share such as 0.1 or 10%%", text)
	}
	*s = Share(f)
	return nil
}

// MarshalText writes s so that UnmarshalText reads it back.
func (s Share) MarshalText() ([]byte, error) {
	return strconv.AppendFloat(nil, float64(s), 'g', -1, 64), nil
}
