package report

import (
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestFormats(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{Duration(0), "0"},
		{Duration(1), "1ns"},
		{Duration(999), "999ns"},
		{Duration(1000), "1µs"},
		{Duration(12_345), "12.3µs"},
		{Duration(999_499), "999µs"},
		{Duration(999_500), "1ms"},
		{Duration(1_234_567), "1.23ms"},
		{Duration(999_999_999), "1s"},
		{Duration(10_000_000_000), "10s"},
		{Duration(12_345_678_900), "12.3s"},
		{Duration(99_940_000_000), "99.9s"},
		{Duration(99_960_000_000), "1m40s"},
		{Duration(120_000_000_000), "2m"},
		{Duration(125_400_000_000), "2m05s"},
		{Duration(3_599_600_000_000), "1h"},
		{Duration(3_725_000_000_000), "1h02m"},
		{Duration(-1_500_000), "-1.5ms"},
		{Count(0), "0"},
		{Count(999), "999"},
		{Count(1000), "1,000"},
		{Count(-12_345_678), "-12,345,678"},
		{Number(0), "0"},
		{Number(0.2512), "0.251"},
		{Number(12.345), "12.3"},
		{Number(1234.5), "1,234"},
		{Number(999.96), "1,000"},
		{Rate(0), "0/s"},
		{Rate(0.5), "0.5/s"},
		{Rate(998.44), "998.4/s"},
		{Rate(999.96), "1,000/s"},
		{Rate(123456.7), "123,457/s"},
		{Percent(0), "0%"},
		{Percent(0.001234), "0.123%"},
		{Percent(1), "100%"},
		{Percent(0.9949), "99.5%"},
		{Percent(0.9996), "99.96%"},
		{Percent(0.9999857), "99.999%"},
		{Percent(0.9999999), ">99.999%"},
		{Percent(0.000001), "<0.001%"},
		{Size(0), "0B"},
		{Size(1023), "1,023B"},
		{Size(1024), "1KiB"},
		{Size(1536), "1.5KiB"},
		{Size(1<<20 - 1), "1MiB"},
		{Size(12_900_000), "12.3MiB"},
		{Size(5 << 40), "5TiB"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

// What is written below an hour is a duration to Go as well, within half of the last of three digits (or 0.5 s).
func TestDurationIsRight(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ns := rapid.Int64Range(1, int64(59*time.Minute)).Draw(t, "ns")
		s := Duration(ns)
		d, err := time.ParseDuration(s)
		if err != nil {
			t.Fatal(err)
		}
		tolerance := 0.0051 * float64(ns)
		if strings.Contains(s, "m") && !strings.Contains(s, "ms") {
			tolerance = 0.5e9
		}
		if math.Abs(float64(d)-float64(ns)) > tolerance {
			t.Fatalf("%d ns is written as %s", ns, s)
		}
	})
}
