package spec

import (
	"os"
	"testing"
)

// FuzzParse: whatever the bytes, Parse returns; what it accepts can be written, loads again and is then written the same.
func FuzzParse(f *testing.F) {
	for _, file := range []string{"testdata/full.yaml", "testdata/minimal.yaml", "testdata/effective.yaml"} {
		seed, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(seed)
	}
	for _, p := range problems {
		f.Add([]byte(p.file))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := Parse("testdata/s.yaml", data)
		if err != nil {
			if s != nil || err.Error() == "" {
				t.Fatalf("spec %v with error %q", s, err)
			}
			return
		}
		if _, err := s.SHA256(); err != nil {
			t.Fatal(err)
		}
		first, err := s.YAML()
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse("testdata/s.yaml", first)
		if err != nil {
			t.Fatalf("does not load again: %v\n%s", err, first)
		}
		second, err := again.YAML()
		if err != nil || string(second) != string(first) {
			t.Fatalf("%v; first\n%s\nthen\n%s", err, first, second)
		}
	})
}
