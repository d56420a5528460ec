package source

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// input is the bytes of a file or of standard input as they stand there, and how often they can be had.
type input struct {
	name string // for messages: the path as given, or "stdin"
	from io.Reader
	file *os.File    // nil: standard input
	info os.FileInfo // of a regular file, when it was opened; nil: it cannot be read twice
	n    int64       // bytes read in this pass
	err  error       // what broke this pass, already in the user's words; io.EOF apart
}

func openInput(o *Options) (*input, error) {
	if o.Path == "-" {
		if o.Stdin == nil {
			return &input{name: "stdin", from: os.Stdin}, nil
		}
		return &input{name: "stdin", from: o.Stdin}, nil
	}
	f, err := os.Open(o.Path)
	if err != nil {
		return nil, fmt.Errorf("source: %w", err)
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		err = fmt.Errorf("%s is a directory: give a file", o.Path)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("source: %w", err), f.Close())
	}
	in := &input{name: o.Path, from: f, file: f}
	if info.Mode().IsRegular() {
		in.info = info
	}
	return in, nil
}

// Read implements io.Reader. A regular file that ends before the size that it had at first has been cut down meanwhile.
func (in *input) Read(p []byte) (int, error) {
	n, err := in.from.Read(p)
	in.n += int64(n)
	switch {
	case err == nil:
	case !errors.Is(err, io.EOF):
		in.err = fmt.Errorf("source: %s: %w", in.name, err)
		err = in.err
	case in.info != nil && in.n < in.info.Size():
		in.err = fmt.Errorf("source: %s: shrank from %d to %d bytes since it was opened; replay a copy that stays as it is", in.name, in.info.Size(), in.n)
		err = in.err
	}
	return n, err
}

// repeatable tells whether rewind can work.
func (in *input) repeatable() bool { return in.info != nil }

// rewind goes back to the beginning of the file. It keeps the descriptor, since a run may have used up all others, but
// insists that the path still names the file that was opened: a run must not go on replaying something that is gone.
func (in *input) rewind() error {
	now, err := os.Stat(in.name)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("source: %s: vanished since it was opened, so it cannot be started over; replay a copy that stays", in.name)
	case err != nil:
		return fmt.Errorf("source: starting over: %w", err)
	case !os.SameFile(now, in.info):
		return fmt.Errorf("source: %s: is another file since it was opened (rotated?), so it is not started over; replay a copy that stays", in.name)
	case now.Size() < in.info.Size():
		return fmt.Errorf("source: %s: shrank from %d to %d bytes since it was opened; replay a copy that stays as it is", in.name, in.info.Size(), now.Size())
	}
	if _, err := in.file.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("source: starting over: %w", err)
	}
	in.n, in.err = 0, nil
	return nil
}

// Close closes a file; standard input is its owner's.
func (in *input) Close() error {
	if in.file == nil {
		return nil
	}
	if err := in.file.Close(); err != nil {
		return fmt.Errorf("source: %w", err)
	}
	return nil
}
