package spec_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/iagoloadgen/iago/spec"
)

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	text := "target: http://127.0.0.1:1\nrecords: sub/a.txt\nrequest: {body_file: b.json}\n"
	for name, text := range map[string]string{"s.yaml": text, "b.json": "{}", "sub/a.txt": "/\n"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := spec.Load(filepath.Join(dir, "s.yaml"), func(*spec.Spec) {})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{filepath.Join(dir, "b.json"), filepath.Join(dir, "sub/a.txt")}
	if got := s.Files(); !slices.Equal(got, want) {
		t.Errorf("%q, expected %q", got, want)
	}
	// On another machine there are no records, and everything else is there.
	p, err := s.Pack()
	if err == nil {
		err = os.RemoveAll(dir)
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Unpack(t.TempDir()); err != nil {
		t.Errorf("where the records are not: %v", err)
	}
}
