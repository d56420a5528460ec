package source_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/source"
)

func TestSkipAndLimit(t *testing.T) {
	content := []byte("/0\nbad\n# comment\n/1\n\n/2\nalso bad\n/3\n")
	tests := []struct {
		name  string
		o     source.Options
		want  string
		stats source.Stats // without FirstBad
	}{
		{"all", source.Options{}, "[/0 /1 /2 /3]", source.Stats{Read: 4, Bad: 2}},
		{"skip", source.Options{Skip: 2}, "[/2 /3]", source.Stats{Read: 2, Bad: 2, Filtered: 2}},
		{"limit", source.Options{Limit: 2}, "[/0 /1]", source.Stats{Read: 2, Bad: 1}},
		{"limit beyond the end", source.Options{Limit: 9}, "[/0 /1 /2 /3]", source.Stats{Read: 4, Bad: 2}},
		{"limit, looping", source.Options{Limit: 6, Loop: true}, "[/0 /1 /2 /3 /0 /1]", source.Stats{Read: 6, Bad: 3, Loops: 1}},
		{"limit at the end, looping", source.Options{Limit: 4, Loop: true}, "[/0 /1 /2 /3]", source.Stats{Read: 4, Bad: 2}},
		{"all three", source.Options{Skip: 3, Limit: 3, Loop: true}, "[/3 /3 /3]", source.Stats{Read: 3, Bad: 6, Filtered: 9, Loops: 2}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.o.Path = write(t, content)
			s := mustOpen(t, tt.o)
			if got := fmt.Sprint(uris(t, s)); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
			got := s.Stats()
			got.FirstBad = nil
			if fmt.Sprint(got) != fmt.Sprint(tt.stats) {
				t.Errorf("got %+v, want %+v", got, tt.stats)
			}
		})
	}
}

func TestStdin(t *testing.T) {
	s := mustOpen(t, source.Options{Path: "-", Stdin: strings.NewReader("/a\n/b"), Loop: true})
	if got := fmt.Sprint(uris(t, s)); got != "[/a /b]" || s.Stats().Loops != 0 {
		t.Errorf("got %s and %+v, want [/a /b] and no loops", got, s.Stats())
	}
}

func TestFirstBad(t *testing.T) {
	path := write(t, []byte("x1\n/a\nx2\tx2\n"+strings.Repeat("y", 200)+"\n/"+strings.Repeat("z", 300)+"\nx5\n"))
	s := mustOpen(t, source.Options{Path: path, Loop: true, MaxLine: 299, Format: "uri", Limit: 3})
	uris(t, s)
	const want = "expected a path that begins with /, or an http or https URL"
	got := s.Stats()
	expect := []string{
		path + ":1: uri: " + want + ": `x1`",
		path + ":3: uri: " + want + ": `x2\tx2`",
		path + ":4: uri: " + want + ": `" + strings.Repeat("y", 120) + "`…",
	}
	if !slices.Equal(got.FirstBad, expect) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got.FirstBad, "\n"), strings.Join(expect, "\n"))
	}
	if got.Bad != 11 || got.Loops != 2 { // five in each pass, and one on the way to the third record
		t.Errorf("got %d bad and %d loops, want 11 and 2", got.Bad, got.Loops)
	}
}

func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	empty, comments := file("empty", ""), file("comments", "# a\n\n# b\n")
	bad, two, strange := file("bad", "a\nb\n\nc\nd\n"), file("two", "/a\n/b\n"), file("strange", "\n<xml>\n</xml>\n")
	long := file("long", "/"+strings.Repeat("x", 100))
	tests := []struct {
		name string
		o    source.Options
		want []string
	}{
		{"no path", source.Options{}, []string{"source: path: it is empty"}},
		{"options", source.Options{Path: two, Skip: -1, Limit: -2, MaxLine: -3}, []string{"source: skip: -1", "source: limit: -2", "source: max_line: -3"}},
		{"no file", source.Options{Path: filepath.Join(dir, "none")}, []string{"source: open ", "no such file"}},
		{"folder", source.Options{Path: dir}, []string{"source: " + dir + " is a directory: give a file"}},
		{"no format", source.Options{Path: two, Format: "json"}, []string{`source: format: there is none named "json"; there are combined, common, uri`}},
		{"empty", source.Options{Path: empty}, []string{"source: " + empty + ": is empty"}},
		{"empty, named format", source.Options{Path: empty, Format: "uri"}, []string{"source: " + empty + ": is empty"}},
		{"comments", source.Options{Path: comments, Format: "uri"}, []string{": no records in its 3 lines, which are all empty or comments"}},
		{"bad", source.Options{Path: bad, Format: "uri", Loop: true}, []string{": no records: 5 lines read, 4 of them bad:\n  " + bad + ":1: uri: ", ": `a`\n  " + bad + ":2: uri: ", ":4: uri: "}},
		{"too long", source.Options{Path: long, MaxLine: 100, Format: "uri"}, []string{": no records: 1 lines read, 1 of them bad:\n  " + long + ":1: uri: longer than 100 bytes: `/xxx"}},
		{"skipped", source.Options{Path: two, Skip: 2, Loop: true}, []string{": nothing is left: it has 2 records, the first 2 are skipped"}},
		{"unknown", source.Options{Path: strange}, []string{": no format fits any of its first 2 lines, of which the first is `<xml>`; ", "\n  combined: ", "\n  common: ", "\n  uri: "}},
		{"broken", source.Options{Path: "-", Stdin: iotest.ErrReader(errors.New("boom"))}, []string{"source: stdin: boom"}},
		{"broken later", source.Options{Path: "-", Format: "uri", Stdin: io.MultiReader(strings.NewReader("#1\n#2\n/ha"), iotest.ErrReader(errors.New("boom")))}, []string{"source: stdin: boom (in or after line 3)"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := source.Open(tt.o)
			if err == nil {
				t.Fatalf("no error; Close: %v", s.Close())
			}
			if errors.Is(err, io.EOF) {
				t.Errorf("%v is io.EOF", err)
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got  %v\nwant %s", err, want)
				}
			}
		})
	}
}

// What becomes of the file between or during passes is told, not replayed.
func TestFileChanges(t *testing.T) {
	tests := []struct {
		name   string
		change func(path string) error
		want   string
	}{
		{"vanished", os.Remove, "vanished since it was opened"},
		{"shrunk", func(path string) error { return os.Truncate(path, 6) }, "shrank from 9 to 6 bytes since it was opened"},
		{"emptied", func(path string) error { return os.Truncate(path, 0) }, "shrank from 9 to 0 bytes since it was opened"},
		{"replaced", func(path string) error {
			return errors.Join(os.WriteFile(path+".new", []byte("/x\n/y\n/z\n"), 0o600), os.Rename(path+".new", path))
		}, "is another file since it was opened"},
		{"overwritten", func(path string) error { return os.WriteFile(path, []byte("x\ny\nz\n...."), 0o600) }, "pass 2: no records: 4 lines read, 4 of them bad:\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := write(t, []byte("/a\n/b\n/c\n"))
			s := mustOpen(t, source.Options{Path: path, Loop: true})
			var r load.Record
			for range 3 {
				if err := s.Read(&r); err != nil {
					t.Fatal(err)
				}
			}
			if err := tt.change(path); err != nil {
				t.Fatal(err)
			}
			for range 2 { // and it stays so
				if err := s.Read(&r); err == nil || !strings.HasPrefix(err.Error(), "source: "+path) || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("got %v, want %s", err, tt.want)
				}
			}
		})
	}
}

func TestShrinksWhileRead(t *testing.T) {
	path := write(t, []byte(numbered(0, 50000)))
	s := mustOpen(t, source.Options{Path: path})
	if err := os.Truncate(path, 300000); err != nil {
		t.Fatal(err)
	}
	var r load.Record
	var err error
	for err == nil {
		err = s.Read(&r)
	}
	if !strings.Contains(err.Error(), "shrank from ") || s.Stats().Read < 20000 {
		t.Errorf("after %d records: %v", s.Stats().Read, err)
	}
}
