package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/source"
)

func init() {
	source.RegisterKind(source.Kind{
		Scheme: "dir", Summary: "a folder of requests, one a file: the path in its first line, the body below it",
		Open: openFolder,
	})
}

// folder hands out the files of a folder, which it has in memory, in the order of their names.
type folder struct {
	name  string
	files [][]byte
	loop  bool
	next  int
	err   error // final
	read  atomic.Int64
	loops atomic.Int64
}

func openFolder(o source.Options) (source.Source, error) {
	name := strings.TrimPrefix(o.Path, "dir://")
	entries, err := os.ReadDir(name) // sorted by name
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.Path, err)
	}
	f := &folder{name: name, loop: o.Loop}
	for _, e := range entries {
		if !e.Type().IsRegular() {
			continue
		}
		b, err := os.ReadFile(filepath.Join(name, e.Name()))
		if err != nil {
			return nil, err
		}
		f.files = append(f.files, b)
	}
	if len(f.files) == 0 {
		return nil, fmt.Errorf("%s: expected a folder with files in it", o.Path)
	}
	return f, nil
}

// Read implements source.Source.
func (f *folder) Read(r *load.Record) error {
	if f.next == len(f.files) && f.err == nil {
		if f.err = io.EOF; f.loop {
			f.err, f.next = nil, 0
			f.loops.Add(1)
		}
	}
	if f.err != nil {
		return f.err
	}
	file := f.files[f.next]
	f.next++
	r.Reset()
	r.File, r.Line = f.name, int64(f.next)
	r.Raw = append(r.Raw, file...)
	path, body, _ := bytes.Cut(file, []byte("\n"))
	r.URI = append(r.URI, bytes.TrimSpace(path)...)
	r.Body = append(r.Body, bytes.TrimSuffix(body, []byte("\n"))...)
	f.read.Add(1)
	return nil
}

// Stats implements source.Source.
func (f *folder) Stats() source.Stats {
	return source.Stats{Read: f.read.Load(), Loops: f.loops.Load()}
}

// Close implements source.Source.
func (f *folder) Close() error {
	f.err = errors.New("read after Close")
	return nil
}
