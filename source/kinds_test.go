package source_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/source"
	"github.com/iagoloadgen/iago/source/sourcetest"
)

// The tests' own kind reads the file behind its scheme; what it was asked for last is noted.
var asked source.Options

func init() {
	source.RegisterKind(source.Kind{
		Scheme: "test+file", Summary: "a file, the long way round",
		Open: func(o source.Options) (source.Source, error) {
			asked = o
			o.Path = strings.TrimPrefix(o.Path, "test+file://")
			return source.Open(o)
		},
	})
}

func open(t *testing.T, o source.Options) source.Source {
	t.Helper()
	s, err := source.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestAKindKeepsTheContract(t *testing.T) {
	for name, o := range map[string]source.Options{"whole": {}, "in part": {Skip: 2, Limit: 20_000}} {
		t.Run(name, func(t *testing.T) {
			sourcetest.Run(t, func(t testing.TB, content string, loop bool) (source.Source, error) {
				more := strings.Repeat("/skipped\n", int(o.Skip))
				if loop { // the first pass has those that are skipped, the others too
					o.Skip, more = 0, ""
				}
				o.Path, o.Loop = "test+file://"+write(t, []byte(more+content)), loop
				if content == "" {
					o.Path = "test+file://" + write(t, nil)
				}
				return source.Open(o)
			})
		})
	}
}

func TestAKindGetsWhatItIsAsked(t *testing.T) {
	path := "test+file://" + write(t, []byte("/a\n/b\n/c\n/d\n/e\n"))
	s := open(t, source.Options{Path: path, Format: "uri", Loop: true, Skip: 1, Limit: 6, MaxLine: 100})
	if asked.Path != path || asked.Format != "uri" || !asked.Loop || asked.MaxLine != 100 || asked.Skip != 0 || asked.Limit != 0 {
		t.Errorf("asked for %+v", asked)
	}
	var got []string
	var r load.Record
	for {
		err := s.Read(&r)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, string(r.URI))
	}
	if want := "/b /c /d /e /a /b"; strings.Join(got, " ") != want {
		t.Errorf("%v, want %s", got, want)
	}
	if st := s.Stats(); st.Read != 6 || st.Filtered != 1 || st.Loops != 1 {
		t.Errorf("%+v", st)
	}
}

func TestTooMuchIsSkipped(t *testing.T) {
	for _, skip := range []int64{2, 3} {
		_, err := source.Open(source.Options{Path: "test+file://" + write(t, []byte("/a\n/b\n")), Skip: skip})
		if want := fmt.Sprintf("it has 2 records, the first %d are skipped", skip); err == nil || !strings.Contains(err.Error(), want) || errors.Is(err, io.EOF) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func TestKindOf(t *testing.T) {
	for path, want := range map[string]string{
		"test+file://x": "true <nil>", "": "false <nil>", "-": "false <nil>", "access.log": "false <nil>", "./a://b": "false <nil>",
		"/a://b": "false <nil>", "A://b": "false <nil>", "://b": "false <nil>", "1a://b": "false <nil>",
		"tset://x": "true source: no kind of source is called tset://; registered: test+file",
	} {
		k, named, err := source.KindOf(path)
		if got := fmt.Sprint(named, " ", err); got != want {
			t.Errorf("%q: %s, want %s", path, got, want)
		}
		if (k.Open != nil) != (named && err == nil) {
			t.Errorf("%q: Open is set: %v", path, k.Open != nil)
		}
	}
	if _, err := source.Open(source.Options{Path: "tset://x"}); err == nil || !strings.Contains(err.Error(), "tset://") {
		t.Errorf("Open: %v", err)
	}
	if all := source.Kinds(); len(all) != 1 || all[0].Scheme != "test+file" || all[0].Summary == "" {
		t.Errorf("Kinds: %+v", all)
	}
}

func TestKindsThatCannotBe(t *testing.T) {
	none := func(source.Options) (source.Source, error) { return nil, nil }
	for _, k := range []source.Kind{{}, {Scheme: "x"}, {Scheme: "X", Open: none}, {Scheme: "a b", Open: none}, {Scheme: "a://b", Open: none}, {Scheme: "test+file", Open: none}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%q was registered", k.Scheme)
				}
			}()
			source.RegisterKind(k)
		}()
	}
}
