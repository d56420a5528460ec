package spec

import (
	"encoding"
	"strings"
	"testing"
	"time"
)

func TestUnitsReadAndWrite(t *testing.T) {
	for _, test := range []struct {
		into         encoding.TextUnmarshaler
		read, writes string
	}{
		{new(Duration), "60s", "1m"},
		{new(Duration), "1h0m30s", "1h0m30s"},
		{new(Duration), "3600s", "1h"},
		{new(Duration), "1.5s", "1.5s"},
		{new(Duration), "0", "0s"},
		{new(Duration), "500us", "500µs"},
		{new(Size), "64KiB", "64KiB"},
		{new(Size), "1024", "1KiB"},
		{new(Size), "1.5KiB", "1536B"},
		{new(Size), "2GB", "2GB"},
		{new(Size), "0", "0"},
		{new(Size), "9223372036854775807", "9223372036854775807B"},
		{new(Rate), "1000", "1000/s"},
		{new(Rate), "60000/m", "1000/s"},
		{new(Rate), "max", "max"},
		{new(Choice), " gamma : shape = 0.5 ", "gamma:shape=0.5"},
		{new(Choice), "uniform", "uniform"},
		{new(Late), "send", "send"},
		{new(Late), "skip=60s", "skip=1m"},
		{new(Wait), "spin", "spin"},
		{new(Policy), "drop", "drop"},
	} {
		if err := test.into.UnmarshalText([]byte(test.read)); err != nil {
			t.Errorf("%T %q: %v", test.into, test.read, err)
			continue
		}
		got, err := test.into.(encoding.TextMarshaler).MarshalText()
		if err != nil || string(got) != test.writes {
			t.Errorf("%T %q: writes %q, %v; want %q", test.into, test.read, got, err, test.writes)
		}
	}
}

func TestUnitsRefuse(t *testing.T) {
	for _, test := range []struct {
		into      encoding.TextUnmarshaler
		text, why string
	}{
		{new(Duration), "60", "(did you mean 60s?)"},
		{new(Duration), "1 minute", "(did you mean 1m?)"},
		{new(Duration), "5 MS", "(did you mean 5ms?)"},
		{new(Duration), "1d", "expected a duration such as 60s or 500ms"},
		{new(Duration), "-1s", "not negative"},
		{new(Duration), "9999999h", "expected a duration"},
		{new(Size), "64 KiB", "(did you mean 64KiB?)"},
		{new(Size), "64K", "(did you mean 64KiB?)"},
		{new(Size), "-1", "expected a size"},
		{new(Size), "1.5B", "expected whole bytes"},
		{new(Size), "9GiB9", "expected a size"},
		{new(Size), "8589934592GiB", "below 8 EiB"},
		{new(Size), "9999999999999999999", "below 8 EiB"},
		{new(Rate), "Max", "expected a number"},
		{new(Rate), "0/s", "above 0"},
		{new(Choice), "", "no name"},
		{new(Choice), "a:b=1,b=2", "given twice"},
		{new(Late), "skip=soon", "expected a duration"},
		{new(Wait), "", "expected auto, sleep or spin"},
		{new(Policy), "Drop", "(did you mean drop?)"},
	} {
		err := test.into.UnmarshalText([]byte(test.text))
		if err == nil || !strings.Contains(err.Error(), test.why) {
			t.Errorf("%T %q: %v; want %s", test.into, test.text, err, test.why)
		}
	}
}

func TestDurationIsTime(t *testing.T) {
	if d, err := ParseDuration("1m30s"); err != nil || time.Duration(d) != 90*time.Second {
		t.Errorf("%v, %v", d, err)
	}
}

func TestParseHeader(t *testing.T) {
	if h, err := ParseHeader("X-Time:  12:30 "); err != nil || h != (Header{"X-Time", "12:30"}) {
		t.Errorf("%+v, %v", h, err)
	}
	for text, want := range map[string]string{
		"Accept":     `"Accept": expected a header such as Accept: text/html`,
		": x":        `"": expected a header name`,
		"A: b\nC: d": `A: "b\nC: d": `,
	} {
		if _, err := ParseHeader(text); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v; want %s", text, err, want)
		}
	}
}
