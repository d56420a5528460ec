package arrival_test

import (
	"math"
	"strings"
	"testing"

	"github.com/iagoloadgen/iago/arrival"
)

func TestParseRate(t *testing.T) {
	for text, want := range map[string]float64{
		"1000": 1000, "1000/s": 1000, " 1000 / s ": 1000, "60000/m": 1000, "60000/min": 1000, "3600k/h": 1000,
		"3.6M/h": 1000, "1.5k": 1500, "2K/sec": 2000, "0.7M": 700_000, "1e3/s": 1000, "1E-3": 0.001, "0": 0, ".5": 0.5, "+5": 5,
	} {
		if got, err := arrival.ParseRate(text); got != want || err != nil {
			t.Errorf("ParseRate(%q) = %v, %v; expected %v", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"":         "expected a number and a unit, for example 1000/s",
		"fast":     "expected a number",
		"5m":       "expected a number",
		"1000rps":  "expected a number",
		"1_000":    "expected a number",
		"0x10":     "expected a number",
		"Inf":      "expected a number",
		"NaN/s":    "expected a number",
		"1e999":    "expected a number",
		"k/s":      "expected a number",
		"1,000/s":  "expected a number",
		"10/ms":    `unknown unit "/ms"; expected /s, /m or /h`,
		"10/":      `unknown unit "/"`,
		"10/s/s":   `unknown unit "/s/s"`,
		"-5/s":     "expected 0 or a rate between",
		"1e15/s":   "expected 0 or a rate between",
		"1e-9/h":   "expected 0 or a rate between",
		"100 / d ": `unknown unit "/d"`,
	} {
		got, err := arrival.ParseRate(text)
		if err == nil || !strings.HasPrefix(err.Error(), `arrival: rate "`) || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseRate(%q) = %v, %v; expected an error with %q", text, got, err, want)
		}
	}
}

func TestFormatRate(t *testing.T) {
	for rate, want := range map[float64]string{
		0: "0/s", 1000: "1000/s", 1e6: "1000000/s", 0.5: "0.5/s", 33.25: "33.25/s", 1.0 / 60: "1/m", 20.0 / 60: "20/m",
		7.0 / 3600: "7/h", 1e9 / 7: "142857142.85714287/s", math.Pi: "3.141592653589793/s",
	} {
		if got := arrival.FormatRate(rate); got != want {
			t.Errorf("FormatRate(%v) = %q; expected %q", rate, got, want)
		}
	}
}

// FuzzParseRate: what is read and written again is read as the same.
func FuzzParseRate(f *testing.F) {
	for _, text := range []string{"1000", "1000/s", "60000/m", "3.6M/h", "1.5k/s", "20/m", "1e-9", "1e12/s", "-1", "/s", "5m", "0x1p-2", "1e400"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		rate, err := arrival.ParseRate(text)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "arrival: rate ") {
				t.Errorf("error %v", err)
			}
			return
		}
		if !(rate >= 0 && rate <= 1e12) {
			t.Errorf("ParseRate(%q) = %v", text, rate)
		}
		again, err := arrival.ParseRate(arrival.FormatRate(rate))
		if again != rate || err != nil {
			t.Errorf("%q is %v, written as %q, read as %v, %v", text, rate, arrival.FormatRate(rate), again, err)
		}
	})
}
