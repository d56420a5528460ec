package report

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/iagoloadgen/iago/measure"
)

// Saved is a run directory read back: all that a report is made of.
type Saved struct {
	Summary       Summary
	Seconds       []Second
	Distributions Distributions
	Failures      []measure.Failure
	Spec          []byte // spec.yaml; nil: none
}

// ReadDir reads a run directory. Only summary.json must be there; it must be of this version's schema.
func ReadDir(path string) (*Saved, error) {
	s := new(Saved)
	raw, err := os.ReadFile(filepath.Join(path, summaryFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("report: %s is not the directory of a run that ended: %w", path, err)
	}
	if err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	if err := json.Unmarshal(raw, &s.Summary); err != nil {
		return nil, fmt.Errorf("report: %s: %w", filepath.Join(path, summaryFile), err)
	}
	if s.Summary.Schema != Schema {
		return nil, fmt.Errorf("report: %s: schema is %q, expected %q: was it written by another version of Iago?",
			filepath.Join(path, summaryFile), s.Summary.Schema, Schema)
	}
	for _, f := range []struct {
		name string
		read func(io.Reader) error
	}{
		{seriesFile, func(r io.Reader) (err error) { s.Seconds, err = readLines[Second](r); return err }},
		{failuresFile, func(r io.Reader) (err error) { s.Failures, err = readLines[measure.Failure](r); return err }},
		{distributionsFile, func(r io.Reader) error { return json.NewDecoder(r).Decode(&s.Distributions) }},
		{specFile, func(r io.Reader) (err error) { s.Spec, err = io.ReadAll(r); return err }},
	} {
		if err := readFile(filepath.Join(path, f.name), f.read); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// readFile does nothing where there is no file.
func readFile(path string, read func(io.Reader) error) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	if err := errors.Join(read(f), f.Close()); err != nil {
		return fmt.Errorf("report: %s: %w", path, err)
	}
	return nil
}

// readLines reads JSON, a value on each line; empty lines do not count. Errors name the line.
func readLines[T any](r io.Reader) ([]T, error) {
	var list []T
	b := bufio.NewReader(r)
	for number := 1; ; number++ {
		line, err := b.ReadBytes('\n')
		if len(bytes.TrimSpace(line)) > 0 {
			var v T
			if err := json.Unmarshal(line, &v); err != nil {
				return nil, fmt.Errorf("line %d: %w", number, err)
			}
			list = append(list, v)
		}
		if errors.Is(err, io.EOF) {
			return list, nil
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
	}
}
