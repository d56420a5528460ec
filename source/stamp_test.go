package source

import (
	"testing"
	"time"
)

func TestParseStamp(t *testing.T) {
	tests := []struct{ in, want string }{
		{"17/May/2015:10:05:03 +0000", "2015-05-17T10:05:03Z"},
		{"01/Jan/2024:00:30:00 +0130", "2023-12-31T23:00:00Z"},
		{"29/Feb/2024:23:59:59 -0800", "2024-03-01T07:59:59Z"},
		{"31/Dec/2016:23:59:60 +0000", "2017-01-01T00:00:00Z"}, // a leap second
		{"29/Feb/2023:00:00:00 +0000", ""},
		{"00/May/2015:00:00:00 +0000", ""},
		{"17/Mai/2015:10:05:03 +0000", ""},
		{"17/May/2015:24:05:03 +0000", ""},
		{"17/May/2015:10:60:03 +0000", ""},
		{"17/May/2015:10:05:61 +0000", ""},
		{"1x/May/2015:10:05:03 +0000", ""},
		{"17/May/2015:10:05:03 +9900", ""},
		{"17/May/2015 10:05:03 +0000", ""},
		{"17/May/2015:10:05:03  0000", ""},
	}
	for _, tt := range tests {
		got, ok := parseStamp([]byte(tt.in))
		text := ""
		if ok {
			text = got.Format(time.RFC3339)
		}
		if text != tt.want {
			t.Errorf("%s: got %q, want %q", tt.in, text, tt.want)
		}
	}
}

func FuzzStamp(f *testing.F) {
	f.Add("17/May/2015:10:05:03 +0000")
	f.Add("29/Feb/2024:23:59:59 -0830")
	f.Add("31/Apr/0000:00:00:00 +2359")
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) != len(stampForm) {
			return
		}
		got, ok := parseStamp([]byte(s))
		want, err := time.Parse(stampForm, s)
		switch {
		case ok && err == nil && !got.Equal(want):
			t.Errorf("%s: got %v, want %v", s, got, want)
		case ok && err != nil && s[18:20] != "60":
			t.Errorf("%s: got %v, time.Parse says %v", s, got, err)
		}
	})
}

// Times over thirty years, in the form that package time writes.
func TestParseStampOracle(t *testing.T) {
	zones := []*time.Location{time.UTC, time.FixedZone("", 5*3600+45*60), time.FixedZone("", -9*3600-30*60)}
	at := time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range 20000 {
		want := at.Add(time.Duration(i)*13*time.Hour + time.Duration(i)*61*time.Second)
		text := want.In(zones[i%len(zones)]).Format(stampForm)
		if got, ok := parseStamp([]byte(text)); !ok || !got.Equal(want) {
			t.Fatalf("%s: got %v (%v), want %v", text, got, ok, want)
		}
	}
}
