package cluster

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestDiaryIsBounded: what happens at the beginning and at the end stays.
func TestDiaryIsBounded(t *testing.T) {
	var d diary
	const n = 3*diaryMost + 7
	for i := range n {
		d.add(Event{At: int64(i), Text: fmt.Sprint(i)})
	}
	if len(d.list) != diaryMost+1 || d.list[0].Text != "0" || d.list[diaryMost].Text != fmt.Sprint(n-1) {
		t.Fatalf("%d events, from %q to %q", len(d.list), d.list[0].Text, d.list[len(d.list)-1].Text)
	}
	if gap := d.list[diaryMost/2].Text; !strings.HasPrefix(gap, fmt.Sprint(n-diaryMost)+" events") {
		t.Errorf("of %d events %d are there, and in the middle %q", n, diaryMost, gap)
	}
}

// TestSignsOfLifeAreBounded: however many workers there are, all together give no more signs of life than can be heard.
func TestSignsOfLifeAreBounded(t *testing.T) {
	for _, n := range []int{0, 1, 100, 400, 2000, 50_000} {
		every := beatEvery(n)
		if perSecond := float64(n) / every.Seconds(); perSecond > beatsMost || every < 200*time.Millisecond {
			t.Errorf("%d workers: every %v", n, every)
		}
		if last := linesLast(n); last < 10 || last > tailMost {
			t.Errorf("%d workers leave %d lines", n, last)
		}
	}
}

func TestLargeAnswersArePacked(t *testing.T) {
	for _, text := range []string{"", "{}", strings.Repeat(`{"id":"w1","state":"sending"}`, 10_000)} {
		b := pack([]byte(text))
		if len(text) > packLeast && len(b) > len(text)/4 {
			t.Errorf("%d bytes are sent as %d", len(text), len(b))
		}
		if got, err := unpack(b); err != nil || string(got) != text {
			t.Errorf("%d bytes come back as %d: %v", len(text), len(got), err)
		}
	}
}

func FuzzUnpack(f *testing.F) {
	f.Add([]byte("{}"))
	f.Add([]byte("s"))
	f.Add(pack(bytes.Repeat([]byte("{"), packLeast)))
	f.Fuzz(func(t *testing.T, b []byte) {
		out, err := unpack(b)
		if err != nil && out != nil {
			t.Errorf("%d bytes and %v", len(out), err)
		}
	})
}
