package source_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/source"
)

func TestColumnsHaveTheirNames(t *testing.T) {
	path := filepath.Join(t.TempDir(), "orders.csv")
	if err := os.WriteFile(path, []byte("sku,amount,note\na1,3,x\nb2,4,y\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := source.Open(source.Options{Path: path, Format: "csv", Columns: []string{"sku", ""}, Skip: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var r load.Record
	for _, want := range []string{"sku=a1 c2=3 c3=x ", "sku=b2 c2=4 c3=y "} {
		r.Reset()
		if err := s.Read(&r); err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, f := range r.Fields {
			got += string(f.Name) + "=" + string(f.Value) + " "
		}
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// Lines of a protocol of commands are never taken for paths.
func TestLinesAreGuessedAsSuch(t *testing.T) {
	for text, want := range map[string]string{
		"/not/a/path\nGET k\n": "lines", "\n\n GET k": "lines", " {\"method\": \"x\"}\n": "jsonl", "\xef\xbb\xbf{\"a\": 1}\n": "jsonl",
	} {
		path := filepath.Join(t.TempDir(), "records")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := source.Open(source.Options{Path: path, Lines: true})
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if got := s.(source.Formatted).Format(); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
		_ = s.Close()
	}
}
