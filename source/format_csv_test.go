package source

import (
	"encoding/csv"
	"strings"
	"testing"

	"github.com/iagoloadgen/iago/load"
)

func TestTables(t *testing.T) {
	tests := []struct {
		f          Format
		line, want string
	}{
		{csvFormat, `a,b c,`, "  c1:a c2:b c c3:"},
		{csvFormat, `"a,""b""",c`, `  c1:a,"b" c2:c`},
		{csvFormat, `"",""`, "  c1: c2:"},
		{csvFormat, `,"x"`, "  c1: c2:x"},
		{csvFormat, strings.Repeat(",", 11), "  c1: c2: c3: c4: c5: c6: c7: c8: c9: c10: c11: c12:"},
		{csvFormat, `"a`, "bad: " + errCSVOpen.Error()},
		{csvFormat, `a"b`, "bad: " + errCSVQuote.Error()},
		{csvFormat, `"a"b`, "bad: " + errCSVAfter.Error()},
		{tsvFormat, "a\t\"b\t", `  c1:a c2:"b c3:`},
		{linesFormat, "any thing", " "},
	}
	for _, tt := range tests {
		if got := shown(tt.f, tt.line); got != tt.want {
			t.Errorf("%s %s: got %q, want %q", tt.f.Name, tt.line, got, tt.want)
		}
		if tt.f.fits([]byte(tt.line), new(load.Record)) {
			t.Errorf("%s: %s: guessed", tt.f.Name, tt.line)
		}
	}
}

func FuzzCSV(f *testing.F) {
	for _, s := range []string{`a,b`, `"a,""b""",`, `"`, `a"b`, `,,`, `"a"b`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		if line == "" || strings.ContainsAny(line, "\r\n") {
			return
		}
		var r load.Record
		err := parseCSV([]byte(line), &r)
		want, wantErr := stdCSV(line)
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("%q: %v, encoding/csv: %v", line, err, wantErr)
		}
		for i := range want {
			if err == nil && (len(r.Fields) != len(want) || string(r.Fields[i].Value) != want[i]) {
				t.Fatalf("%q: got %q, want %q", line, r.Fields, want)
			}
		}
	})
}

// stdCSV is line as encoding/csv reads it.
func stdCSV(line string) ([]string, error) {
	r := csv.NewReader(strings.NewReader(line))
	r.FieldsPerRecord = -1
	return r.Read()
}
