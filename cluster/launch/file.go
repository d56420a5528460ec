package launch

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// File is a file that a process needs or that a launcher renders: at Path on this machine, or else Data.
type File struct {
	Name string // how the job calls it: relative, with slashes
	Path string
	Data []byte
}

// Open opens the content and tells its size in bytes. What is not an ordinary file is refused: its content cannot be carried.
func (f File) Open() (io.ReadCloser, int64, error) {
	if f.Path == "" {
		return io.NopCloser(bytes.NewReader(f.Data)), int64(len(f.Data)), nil
	}
	in, err := os.Open(f.Path)
	if err != nil {
		return nil, 0, fmt.Errorf("launch: file %s: %w", f.Name, err)
	}
	info, err := in.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is no ordinary file, and cannot be carried to another machine", f.Path)
	}
	if err != nil {
		in.Close()
		return nil, 0, fmt.Errorf("launch: file %s: %w", f.Name, err)
	}
	return in, info.Size(), nil
}

// Content returns the content, of at most so many bytes.
func (f File) Content(most int64) ([]byte, error) {
	in, size, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer in.Close()
	if size <= most {
		var b []byte
		if b, err = io.ReadAll(io.LimitReader(in, most+1)); err == nil && int64(len(b)) <= most {
			return b, nil
		}
	}
	if err != nil {
		return nil, fmt.Errorf("launch: file %s: %w", f.Name, err)
	}
	return nil, fmt.Errorf("launch: file %s: more than the %d bytes that can be carried", f.Name, most)
}

// Carried returns the files that have to go where a feeder runs, the spec first and by its own name; an error if one of them would lie
// outside the folder that they are put into.
func (j *Job) Carried() ([]File, error) {
	all := append([]File{j.Spec}, j.Files...)
	seen := map[string]bool{}
	for i, f := range all {
		name := filepath.ToSlash(filepath.Clean(filepath.FromSlash(f.Name)))
		if !filepath.IsLocal(filepath.FromSlash(name)) || name == "." {
			return nil, fmt.Errorf("launch: file %s: outside the folder of the spec; expected it inside, or an absolute path that exists where the feeder runs", f.Name)
		}
		if seen[name] {
			return nil, fmt.Errorf("launch: file %s: named twice", f.Name)
		}
		seen[name] = true
		all[i].Name = name
	}
	return all, nil
}
