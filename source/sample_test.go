package source_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/source"
)

const sample = "../examples/access.log"

// The real log, whole: compared with what a plain split of its lines says.
func TestSampleLog(t *testing.T) {
	content, err := os.ReadFile(sample)
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.Split(bytes.TrimSuffix(content, []byte("\n")), []byte("\n"))
	s := mustOpen(t, source.Options{Path: sample})
	if got := s.(source.Formatted).Format(); got != "combined" {
		t.Fatalf("format %s, want combined", got)
	}
	methods, headers := map[string]int{}, map[string]int{}
	var r load.Record
	for i, line := range lines {
		if err := s.Read(&r); err != nil {
			t.Fatal(err)
		}
		if r.Line != int64(i+1) || r.File != sample || !bytes.Equal(r.Raw, line) {
			t.Fatalf("record %d is %s:%d %q", i, r.File, r.Line, r.Raw)
		}
		fields := strings.Fields(string(line))
		if got, want := fmt.Sprintf("%q %s", r.Method, r.URI), fmt.Sprintf("%q %s", fields[5][1:], fields[6]); got != want {
			t.Fatalf("line %d: got %s, want %s", i+1, got, want)
		}
		if when, err := time.Parse("[02/Jan/2006:15:04:05-0700]", fields[3]+fields[4]); err != nil || !when.Equal(r.Time) {
			t.Fatalf("line %d: got %v, want %v (%v)", i+1, r.Time, when, err)
		}
		methods[string(r.Method)]++
		for _, h := range r.Header {
			headers[string(h.Name)]++
		}
		switch r.Line {
		case 5851:
			if got, want := string(r.Header[0].Value), "http://\xe4\xe5\xe3\xf2\xff\xf0\xed\xee\xe5-\xec\xfb\xeb\xee.\xf0\xf4/"; got != want {
				t.Errorf("referer of line 5851: got %q, want %q", got, want)
			}
		case 8899:
			if got, want := string(r.Header[0].Value), "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html"; got != want {
				t.Errorf("agent of line 8899: got %q, want %q", got, want)
			}
		}
	}
	if err := s.Read(&r); !errors.Is(err, io.EOF) {
		t.Errorf("at the end: %v", err)
	}
	if got := s.Stats(); got.Read != 10000 || got.Bad != 0 || got.Filtered != 0 || got.Loops != 0 {
		t.Errorf("got %+v, want 10000 read and nothing else", got)
	}
	if got, want := fmt.Sprint(methods), "map[GET:9952 HEAD:42 OPTIONS:1 POST:5]"; got != want {
		t.Errorf("methods: got %s, want %s", got, want)
	}
	if got, want := fmt.Sprint(headers), sampleHeaders(lines); got != want {
		t.Errorf("headers: got %s, want %s", got, want)
	}
}

// sampleHeaders counts the referers and agents in another way: the log has no quote within them.
func sampleHeaders(lines [][]byte) string {
	counts := map[string]int{}
	for _, line := range lines {
		quoted := strings.Split(string(line), `"`)
		for name, i := range map[string]int{"Referer": 3, "User-Agent": 5} {
			if v := quoted[i]; v != "-" && v != "" {
				counts[name]++
			}
		}
	}
	return fmt.Sprint(counts)
}
