package report

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/iagoloadgen/iago/measure"
)

// save writes a whole run directory.
func save(t *testing.T, path string, m model) (*Summary, []Second, *measure.Interval) {
	t.Helper()
	d, err := CreateDir(path)
	if err != nil {
		t.Fatal(err)
	}
	c := NewCollector(Recording{Series: d.Series(), Latency: d.Latency(), Started: func() time.Time { return started }})
	seconds := collect(c, m.intervals())
	s := Build(c.Total(), m.facts())
	if _, err := fmt.Fprintln(d.Log(), "started"); err != nil {
		t.Fatal(err)
	}
	_, htmlErr := WriteHTML(path, func(w io.Writer) error { _, err := io.WriteString(w, "<html>"); return err })
	if err := errors.Join(
		c.Err(), d.WriteSummary(s), d.WriteDistributions(NewDistributions(&c.Total().Times)), d.WriteFailures(someFailures),
		d.WriteSpec([]byte("rate: 10/s\n")), htmlErr, d.Close(),
	); err != nil {
		t.Fatal(err)
	}
	return s, seconds, c.Total()
}

var someFailures = []measure.Failure{
	{At: 1, Due: 0, Latency: 1, Cause: "connection refused", Target: "http://127.0.0.1:1", Method: "GET", URI: "/a?b=<c>&d"},
	{At: 2, Cause: "status 503", Status: 503, Label: "/a"},
}

func TestRunDirectoryIsComplete(t *testing.T) {
	path := filepath.Join(t.TempDir(), "runs", "checkout-1")
	s, seconds, sum := save(t, path, model{seconds: 3, rate: 100, warmup: 1, fate: troubled})
	got, err := ReadDir(path)
	if err != nil {
		t.Fatal(err)
	}
	want := &Saved{Summary: *s, Seconds: seconds, Distributions: *NewDistributions(&sum.Times), Failures: someFailures, Spec: []byte("rate: 10/s\n")}
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
		t.Fatalf("read back (-written +read):\n%s", d)
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
		if info, err := e.Info(); err != nil || info.Mode().Perm()&0o444 != 0o444 || info.Size() == 0 {
			t.Errorf("%s: %v, %v", e.Name(), info, err)
		}
	}
	if d := cmp.Diff([]string{
		"distributions.json", "failures.jsonl", "iago.log", "latency.hlog", "report.html", "series.jsonl", "spec.yaml", "summary.json",
	}, names); d != "" {
		t.Errorf("files:\n%s", d)
	}
}

// The distributions give the quantiles of the summary again.
func TestDistributionsAreWhole(t *testing.T) {
	m := model{seconds: 3, rate: 1000, fate: healthy}
	sum := total(m.intervals())
	d := NewDistributions(&sum.Times)
	var n uint64
	last := int64(-1)
	for _, b := range d.Latency {
		if b.Value <= last {
			t.Fatalf("%d after %d", b.Value, last)
		}
		last = b.Value
		if n += b.Count; n >= 2970 && n-b.Count < 2970 && b.Value != sum.Times.Latency.Quantile(0.99) {
			t.Errorf("p99 by the distribution %d, by the histogram %d", b.Value, sum.Times.Latency.Quantile(0.99))
		}
	}
	if n != 3000 || last != sum.Times.Latency.Max() {
		t.Errorf("%d values up to %d, want 3000 up to %d", n, last, sum.Times.Latency.Max())
	}
}

func TestRunDirectoryIsUsedAgain(t *testing.T) {
	path := t.TempDir()
	save(t, path, model{seconds: 2, rate: 10, fate: healthy})
	// The next run breaks before its summary: nothing of the one before may pass for its own.
	d, err := CreateDir(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadDir(path); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "not the directory of a run that ended") {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(path, "report.html")); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("the earlier report: %v", err)
	}
	save(t, path, model{seconds: 1, rate: 10, fate: healthy})
	if got, err := ReadDir(path); err != nil || len(got.Seconds) > 2 || got.Summary.Requests.Scheduled != 10 {
		t.Fatalf("%+v, %v", got, err)
	}
}

func TestRunDirectoryLeavesOthersFilesAlone(t *testing.T) {
	path := t.TempDir()
	mine := filepath.Join(path, "spec.yaml")
	if err := os.WriteFile(mine, []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := CreateDir(path); err == nil || !strings.Contains(err.Error(), "holds other files (spec.yaml, for one)") {
		t.Fatal(err)
	}
	if raw, err := os.ReadFile(mine); err != nil || string(raw) != "mine" {
		t.Fatalf("%q, %v", raw, err)
	}
	if _, err := CreateDir(mine); err == nil {
		t.Fatal("a file is taken for a directory")
	}
}

// A file is there as a whole or not at all, whatever goes wrong; what was there before stays.
func TestWriteFileIsAllOrNothing(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "summary.json")
	write := func(text string, err error) error {
		return WriteFile(path, func(w io.Writer) error {
			_, e := io.WriteString(w, text)
			return errors.Join(e, err)
		})
	}
	if err := write("old", nil); err != nil {
		t.Fatal(err)
	}
	if err := write("half", errFull); !errors.Is(err, errFull) || !strings.Contains(err.Error(), path) {
		t.Fatal(err)
	}
	if raw, err := os.ReadFile(path); err != nil || string(raw) != "old" {
		t.Fatalf("%q, %v", raw, err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Fatalf("left behind: %v, %v", entries, err)
	}
	if err := WriteFile(filepath.Join(dir, "none", "x"), func(io.Writer) error { return nil }); !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "taken", "x"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(filepath.Join(dir, "taken"), func(io.Writer) error { return nil }); err == nil {
		t.Fatal("a directory was written over")
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 2 {
		t.Fatalf("left behind: %v, %v", entries, err)
	}
}

// What cannot be written to the files that grow is told, and by every part that writes.
func TestErrorsOfTheDirectoryAreTold(t *testing.T) {
	path := t.TempDir()
	d, err := CreateDir(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	c := NewCollector(Recording{Series: d.Series(), Latency: d.Latency()})
	collect(c, model{seconds: 1, rate: 10, fate: healthy}.intervals())
	if err := c.Err(); !errors.Is(err, os.ErrClosed) || !strings.Contains(err.Error(), "series.jsonl") || !strings.Contains(err.Error(), "latency log") {
		t.Errorf("collector: %v", err)
	}
	if err := d.Close(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("close: %v", err)
	}
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{d.WriteSummary(good()), d.WriteFailures(nil), d.WriteDistributions(&Distributions{}), d.WriteSpec(nil)} {
		if !errors.Is(err, os.ErrNotExist) {
			t.Errorf("after the directory has gone: %v", err)
		}
	}
}

func TestReadDirTellsWhatIsWrong(t *testing.T) {
	for _, c := range []struct{ file, content, says string }{
		{"summary.json", "{", "summary.json"},
		{"summary.json", `{"schema":"iago.summary/v9"}`, `schema is "iago.summary/v9", expected "iago.summary/v1"`},
		{"series.jsonl", "{}\n\n{\"t\":\"x\"}\n", "series.jsonl: line 3"},
		{"failures.jsonl", "[]", "failures.jsonl: line 1"},
		{"distributions.json", "", "distributions.json"},
	} {
		path := t.TempDir()
		save(t, path, model{seconds: 1, rate: 10, fate: healthy})
		if err := os.WriteFile(filepath.Join(path, c.file), []byte(c.content), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadDir(path); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s with %q: %v", c.file, c.content, err)
		}
	}
}

// Whatever a series file holds, reading it ends, and what is accepted reads the same again.
func FuzzReadSeries(f *testing.F) {
	f.Add([]byte("{\"t\":1,\"scheduled\":5}\n{}"))
	f.Add([]byte("\n\r\n{\"errors\":{\"a\":1}}\n"))
	f.Add([]byte("null\n[1]\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		a, err := readLines[Second](strings.NewReader(string(raw)))
		if err != nil {
			return
		}
		if b, err := readLines[Second](strings.NewReader(string(raw) + "\n")); err != nil || !cmp.Equal(a, b) {
			t.Fatalf("read again: %v\n%s", err, cmp.Diff(a, b))
		}
	})
}
