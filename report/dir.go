package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/iagoloadgen/iago/measure"
)

// Files of a run directory.
const (
	summaryFile       = "summary.json"
	seriesFile        = "series.jsonl"
	latencyFile       = "latency.hlog"
	distributionsFile = "distributions.json"
	failuresFile      = "failures.jsonl"
	specFile          = "spec.yaml"
	htmlFile          = "report.html"
	logFile           = "iago.log"
)

var allFiles = []string{
	summaryFile, seriesFile, latencyFile, distributionsFile, failuresFile, specFile, htmlFile, logFile,
}

// Dir is a run directory that is being written. Files that grow with the run are written through at once, so that a
// full disk shows where it happens; the others are replaced as a whole. It is used by one goroutine at a time, but for
// what Log returns.
type Dir struct {
	path                 string
	series, latency, log *os.File
}

// CreateDir makes the directory and opens the files that grow. The files of an earlier run in it are removed; a
// directory with other content is refused, so that nobody's files are taken for a run's.
func CreateDir(path string) (*Dir, error) {
	if err := os.MkdirAll(path, 0o755); err != nil {
		return nil, fmt.Errorf("report: run directory: %w", err)
	}
	if err := checkOurs(path); err != nil {
		return nil, err
	}
	for _, name := range allFiles {
		if err := os.Remove(filepath.Join(path, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("report: run directory: an earlier run's file: %w", err)
		}
	}
	d := &Dir{path: path}
	for _, f := range []struct {
		name string
		file **os.File
	}{{seriesFile, &d.series}, {latencyFile, &d.latency}, {logFile, &d.log}} {
		var err error
		if *f.file, err = os.Create(filepath.Join(path, f.name)); err != nil {
			return nil, errors.Join(fmt.Errorf("report: run directory: %w", err), d.Close())
		}
	}
	return d, nil
}

// checkOurs accepts an empty directory, and one that an earlier run has left.
func checkOurs(path string) error {
	entries, err := os.ReadDir(path)
	if err != nil {
		return fmt.Errorf("report: run directory: %w", err)
	}
	if len(entries) == 0 {
		return nil
	}
	if _, err := os.Lstat(filepath.Join(path, seriesFile)); err != nil {
		return fmt.Errorf("report: run directory: %s holds other files (%s, for one): expected an empty directory, a new one, or that of an earlier run",
			path, entries[0].Name())
	}
	return nil
}

// Path is the directory as it was given to CreateDir.
func (d *Dir) Path() string { return d.path }

// Series is series.jsonl, for [Recording] as Latency is.
func (d *Dir) Series() io.Writer { return d.series }

// Latency is latency.hlog.
func (d *Dir) Latency() io.Writer { return d.latency }

// Log is iago.log; each write is a line or several, and may come from any goroutine.
func (d *Dir) Log() io.Writer { return d.log }

func (d *Dir) write(name string, write func(io.Writer) error) error {
	return WriteFile(filepath.Join(d.path, name), write)
}

// WriteSummary writes summary.json.
func (d *Dir) WriteSummary(s *Summary) error {
	return d.write(summaryFile, func(w io.Writer) error { return EncodeSummary(w, s) })
}

// EncodeSummary writes a summary as summary.json has it.
func EncodeSummary(w io.Writer, s *Summary) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(s)
}

// WriteDistributions writes distributions.json.
func (d *Dir) WriteDistributions(x *Distributions) error {
	return d.write(distributionsFile, func(w io.Writer) error { return json.NewEncoder(w).Encode(x) })
}

// WriteFailures writes failures.jsonl, a line for each.
func (d *Dir) WriteFailures(list []measure.Failure) error {
	return d.write(failuresFile, func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		for i := range list {
			if err := e.Encode(&list[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

// WriteSpec writes spec.yaml; secrets must be masked already.
func (d *Dir) WriteSpec(yaml []byte) error {
	return d.write(specFile, func(w io.Writer) error { _, err := w.Write(yaml); return err })
}

// WriteHTML writes report.html, as render gives it, into a run directory and returns the file's path.
func WriteHTML(dir string, render func(io.Writer) error) (path string, err error) {
	path = filepath.Join(dir, htmlFile)
	return path, WriteFile(path, render)
}

// Close closes the files that grow. Its error may be the first sign of a full disk.
func (d *Dir) Close() error {
	var errs []error
	for _, f := range []*os.File{d.series, d.latency, d.log} {
		if f != nil {
			if err := f.Close(); err != nil {
				errs = append(errs, fmt.Errorf("report: run directory: %w", err))
			}
		}
	}
	return errors.Join(errs...)
}
