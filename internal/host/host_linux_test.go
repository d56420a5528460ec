package host

import (
	"os"
	"testing"
	"time"
)

func TestParseStat(t *testing.T) {
	tests := []struct {
		in   string
		want Ticks
		ok   bool
	}{
		{"cpu  10 20 30 40 5 6 7 8 9 10\ncpu0 1 1 1 1\n", Ticks{Total: 126, Steal: 8}, true},
		{"cpu 1 2 3\n", Ticks{}, false},
		{"cpu 1 2 3 4 5 6 7 x 9\n", Ticks{}, false},
		{"", Ticks{}, false},
	}
	for _, tt := range tests {
		if got, ok := parseStat([]byte(tt.in)); got != tt.want || ok != tt.ok {
			t.Errorf("parseStat(%q) = %+v, %v", tt.in, got, ok)
		}
	}
	if got, ok := CPUTicks(); !ok || got.Total == 0 {
		t.Errorf("this machine: %+v, %v", got, ok)
	}
}

func TestDescriptorsCountsOneMore(t *testing.T) {
	limit, before, ok := Descriptors()
	f, err := os.Open("/dev/null")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, after, _ := Descriptors(); !ok || limit < after || after != before+1 {
		t.Errorf("limit %d, %d open before and %d after one more", limit, before, after)
	}
}

func TestOversleepIsNotNegative(t *testing.T) {
	median, largest := Oversleep(time.Millisecond, 11)
	if median < 0 || largest < median {
		t.Errorf("median %v, largest %v", median, largest)
	}
}

func TestPortsAndUsage(t *testing.T) {
	if low, high, ok := Ports(); !ok || low < 1 || high <= low || high > 65535 {
		t.Errorf("ports %d to %d, %v", low, high, ok)
	}
	if u := Used(); u.MaxRSS < 1<<20 {
		t.Errorf("%+v", u)
	}
}
