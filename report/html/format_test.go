package html

import (
	"strings"
	"testing"
	"time"
)

type written struct{ got, want string }

func check(t *testing.T, cases []written) {
	t.Helper()
	for _, c := range cases {
		if got := strings.ReplaceAll(c.got, nbsp, " "); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

func TestFiguresAreWritten(t *testing.T) {
	check(t, []written{
		{count(0), "0"},
		{count(999), "999"},
		{count(1000), "1,000"},
		{count(-1234567), "−1,234,567"},
		{duration(0), "0"},
		{duration(-3), "0"},
		{duration(7), "7.00 ns"},
		{duration(999.4), "999 ns"},
		{duration(999.6), "1.00 µs"},
		{duration(12_340), "12.3 µs"},
		{duration(999_960), "1.00 ms"},
		{duration(85_300_000), "85.3 ms"},
		{duration(1.234e9), "1.23 s"},
		{duration(99.94e9), "99.9 s"},
		{duration(99.96e9), "1 min 40 s"},
		{duration(3600e9), "1 h"},
		{long(60e9), "60 s"},
		{long(2.5e9), "2.5 s"},
		{long(120e9), "2 min"},
		{long(3725e9), "1 h 2 min"},
		{rate(0), "0/s"},
		{rate(0.5), "0.5/s"},
		{rate(601.44), "601.4/s"},
		{rate(123_456.7), "123,457/s"},
		{percent(0), "0 %"},
		{percent(0.0331), "3.31 %"},
		{percent(1), "100 %"},
		{percent(0.99956), "99.956 %"},
		{percent(0.9999999), "> 99.999 %"},
		{percent(0.000000001), "< 0.001 %"},
		{number(7.083), "7.08"},
		{number(12_345), "12,345"},
		{size(0), "0 B"},
		{size(1023), "1,023 B"},
		{size(31 << 20), "31 MiB"},
		{size(1<<20 - 1), "1 MiB"},
		{size(1 << 62), "4,194,304 TiB"},
	})
}

func TestPlacesAreWritten(t *testing.T) {
	day := time.Date(2026, 7, 14, 12, 11, 10, 9, time.FixedZone("", 7200))
	check(t, []written{
		{axisDuration(0), "0"},
		{axisDuration(1e3), "1 µs"},
		{axisDuration(1.5e6), "1.5 ms"},
		{axisDuration(2e12), "2,000 s"},
		{axisDuration(200), "200 ns"},
		{axisRate(0), "0"},
		{axisRate(1e6), "1 M/s"},
		{axisNumber(0.2), "0.2"},
		{clock(12.25, 60), "12.3 s"},
		{clock(75, 600), "1:15"},
		{clock(3725, 7200), "1:02:05"},
		{at(12_345_000_000), "12.345 s"},
		{at(-312_000_000), "−0.312 s"},
		{moment(day), "2026-07-14 10:11:10 UTC"},
		{moment(time.Time{}), "–"},
		{clip("äöüß", 4), "äöüß"},
		{clip("äöüßx", 4), "äöü…"},
		{quantileName(0, 1000), "0 %"},
		{quantileName(0.42, 1000), "42 %"},
		{quantileName(0.9, 1000), "90 %"},
		{quantileName(0.999, 100_000), "99.9 %"},
		{quantileName(0.99994, 1_000_000), "99.994 %"},
		{quantileName(0.9995, 1000), "the slowest"},
	})
}
