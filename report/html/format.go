package html

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

const (
	nbsp = "\u00a0"
	none = "–"
)

// count writes a whole number with its thousands set apart.
func count(n int64) string {
	if n < 0 {
		return "−" + count(-n)
	}
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// significant writes v ≥ 0 with n significant digits (all digits before the point are kept).
func significant(v float64, n int) string {
	if v == 0 || math.IsNaN(v) || math.IsInf(v, 0) {
		return "0"
	}
	places := min(max(n-1-int(math.Floor(math.Log10(math.Abs(v))+1e-12)), 0), 9)
	s := strconv.FormatFloat(v, 'f', places, 64)
	whole, fraction, _ := strings.Cut(s, ".")
	if i, err := strconv.ParseInt(whole, 10, 64); err == nil && i >= 1000 {
		whole = count(i)
	}
	if fraction = strings.TrimRight(fraction, "0"); fraction == "" {
		return whole
	}
	return whole + "." + fraction
}

// number writes a mean or another fraction with three significant digits.
func number(v float64) string { return significant(v, 3) }

// rate writes a rate per second.
func rate(v float64) string {
	if v >= 1000 {
		v = math.Round(v)
	}
	return significant(v, 4) + "/s"
}

// percent writes a share; what is less than all never reads 100 %.
func percent(v float64) string {
	p, digits := 100*v, 3
	switch {
	case p > 0 && p < 0.001:
		return "< 0.001" + nbsp + "%"
	case p > 99.999 && p < 100:
		return "> 99.999" + nbsp + "%"
	case p >= 99.95 && p < 100:
		digits = 5
	}
	return significant(p, digits) + nbsp + "%"
}

// duration writes ns with three significant digits and the unit that suits.
func duration(ns float64) string {
	if !(ns > 0) {
		return "0"
	}
	for _, u := range []struct {
		name string
		size float64
	}{{"ns", 1}, {"µs", 1e3}, {"ms", 1e6}} {
		v := ns / u.size
		digits := math.Pow(10, 2-math.Floor(math.Log10(v)))
		if v = math.Round(v*digits) / digits; v < 1000 {
			return fixed(v) + nbsp + u.name
		}
	}
	if ns < 99.95e9 {
		return fixed(ns/1e9) + nbsp + "s"
	}
	return long(ns)
}

// fixed writes three significant digits, trailing zeros kept so that columns of figures have the same precision.
func fixed(v float64) string {
	return strconv.FormatFloat(v, 'f', min(max(2-int(math.Floor(math.Log10(v)+1e-12)), 0), 2), 64)
}

// long writes a stretch of some minutes or hours.
func long(ns float64) string {
	s := int64(math.Round(ns / 1e9))
	switch {
	case s < 100:
		return significant(ns/1e9, 4) + nbsp + "s"
	case s < 3600:
		return join(s/60, "min", s%60, "s")
	default:
		return join((s+30)/3600, "h", (s+30)%3600/60, "min")
	}
}

func join(a int64, unit string, b int64, small string) string {
	s := fmt.Sprintf("%d%s%s", a, nbsp, unit)
	if b > 0 {
		s += fmt.Sprintf("%s%d%s%s", nbsp, b, nbsp, small)
	}
	return s
}

// axisDuration labels an axis: 500 µs, 1 ms, 1.5 ms.
func axisDuration(ns float64) string {
	for _, u := range []struct {
		name string
		size float64
	}{{"s", 1e9}, {"ms", 1e6}, {"µs", 1e3}} {
		if ns >= u.size*(1-1e-9) {
			return significant(ns/u.size, 6) + nbsp + u.name
		}
	}
	if ns == 0 {
		return "0"
	}
	return significant(ns, 6) + nbsp + "ns"
}

// axisNumber labels an axis of counts: 0.5, 20, 1,000, 1.5 M.
func axisNumber(v float64) string {
	if v >= 1e6 {
		return significant(v/1e6, 6) + nbsp + "M"
	}
	return significant(v, 6)
}

func axisRate(v float64) string {
	if v == 0 {
		return "0"
	}
	return axisNumber(v) + "/s"
}

// size writes bytes in binary units.
func size(n int64) string {
	v, units := float64(n), []string{"KiB", "MiB", "GiB", "TiB"}
	if v < 1024 {
		return count(n) + nbsp + "B"
	}
	i := -1
	for v >= 1023.5 && i < len(units)-1 {
		v /= 1024
		i++
	}
	return significant(v, 3) + nbsp + units[i]
}

// clock writes a moment of the run: seconds with one decimal below two minutes, then 12:34 or 1:23:45.
func clock(s, end float64) string {
	switch {
	case end <= 120:
		return strconv.FormatFloat(math.Round(s*10)/10, 'f', -1, 64) + nbsp + "s"
	case end < 3600:
		return fmt.Sprintf("%d:%02d", int(s)/60, int(s)%60)
	default:
		return fmt.Sprintf("%d:%02d:%02d", int(s)/3600, int(s)/60%60, int(s)%60)
	}
}

// moment writes a date and time in UTC.
func moment(t time.Time) string {
	if t.IsZero() {
		return none
	}
	return t.UTC().Format("2006-01-02 15:04:05 UTC")
}

// clip cuts s to at most n letters.
func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}
