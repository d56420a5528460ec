package http

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"sync"
)

// recorder writes a line for each request. It is safe for concurrent use.
type recorder struct {
	mu    sync.Mutex
	file  *os.File
	w     *bufio.Writer
	lines int64
}

func newRecorder(path string) (*recorder, error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("target/http: record: %w", err)
	}
	return &recorder{file: f, w: bufio.NewWriterSize(f, 256<<10)}, nil
}

var versions = [2]string{" HTTP/1.0\n", " HTTP/1.1\n"}

// add writes "METHOD TARGET VERSION". An error stays in w and comes out of close.
func (r *recorder) add(req *request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, _ = r.w.Write(req.method)
	_ = r.w.WriteByte(' ')
	_, _ = r.w.Write(req.target)
	if _, err := r.w.WriteString(versions[req.minor]); err == nil {
		r.lines++
	}
}

// count is the number of lines so far.
func (r *recorder) count() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.lines
}

// close writes what is left and returns the first error of all writing.
func (r *recorder) close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := errors.Join(r.w.Flush(), r.file.Close()); err != nil {
		return fmt.Errorf("target/http: record: %w", err)
	}
	return nil
}
