package report

import (
	"math"
	"strconv"
	"strings"
)

// Duration writes ns for people, with three significant digits and without spaces: "0", "850ns", "12.3µs", "1.23ms",
// "12.3s", "2m05s", "1h02m".
func Duration(ns int64) string {
	if ns < 0 {
		return "-" + Duration(-ns)
	}
	if ns == 0 {
		return "0"
	}
	for _, u := range []struct {
		name string
		size float64
		most float64
	}{{"ns", 1, 1000}, {"µs", 1e3, 1000}, {"ms", 1e6, 1000}, {"s", 1e9, 100}} {
		if v := significant(float64(ns)/u.size, 3); v < u.most {
			return decimal(v) + u.name
		}
	}
	s := int64(math.Round(float64(ns) / 1e9))
	if s < 3600 {
		return pair(s/60, "m", s%60, "s")
	}
	return pair((s+30)/3600, "h", (s+30)%3600/60, "m")
}

// pair writes a number of large units and, unless it is 0, of small ones with two digits.
func pair(a int64, large string, b int64, small string) string {
	s := strconv.FormatInt(a, 10) + large
	if b > 0 {
		s += strconv.FormatInt(b/10, 10) + strconv.FormatInt(b%10, 10) + small
	}
	return s
}

// Count writes a whole number with its thousands set apart: "12,345".
func Count(n int64) string {
	if n < 0 {
		return "-" + Count(-n)
	}
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Number writes a value that need not be whole, with three significant digits: "0.25", "12.3", "1,234".
func Number(v float64) string {
	if v = significant(v, 3+max(0, digits(v)-3)); math.Abs(v) >= 1000 {
		return Count(int64(v))
	}
	return decimal(v)
}

// Rate writes a number per second: "0.5/s", "998.4/s", "1,000/s".
func Rate(perSecond float64) string {
	if math.Abs(perSecond) >= 999.95 {
		return Count(int64(math.Round(perSecond))) + "/s"
	}
	return decimal(significant(perSecond, 4)) + "/s"
}

// Percent writes a fraction with three significant digits: "0.12%", "100%". What is less than all never reads 100%:
// "99.97%", ">99.999%".
func Percent(fraction float64) string {
	p := 100 * fraction
	three := significant(p, 3)
	switch {
	case p > 0 && p < 0.001:
		return "<0.001%"
	case p > 99.999 && p < 100:
		return ">99.999%"
	case p < 100 && three == 100:
		three = math.Round(1000*p) / 1000
	}
	return decimal(three) + "%"
}

// Size writes a number of bytes in binary units: "512B", "1.5KiB", "12.3MiB".
func Size(n int64) string {
	v, unit := float64(n), "B"
	for _, u := range []string{"KiB", "MiB", "GiB", "TiB"} {
		if significant(v, 4) < 1024 {
			break
		}
		v, unit = v/1024, u
	}
	if v >= 1000 {
		return Count(int64(math.Round(v))) + unit
	}
	return decimal(significant(v, 3)) + unit
}

// digits is the number of digits before v's point; 0 or less below 1.
func digits(v float64) int {
	if v == 0 {
		return 0
	}
	return int(math.Floor(math.Log10(math.Abs(v)))) + 1
}

// significant rounds v to n significant digits.
func significant(v float64, n int) float64 {
	if v == 0 || math.IsNaN(v) || math.IsInf(v, 0) {
		return v
	}
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(v, 'e', n-1, 64), 64)
	if err != nil {
		return v
	}
	return rounded
}

// decimal writes v without an exponent and without zeros at its end.
func decimal(v float64) string {
	s := strconv.FormatFloat(v, 'f', -1, 64)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}
