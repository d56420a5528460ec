package process

import (
	"context"
	"errors"
	"io"
	"os"
	"sync"
	"time"
)

// lookAgain is how often a log that is followed is looked at.
const lookAgain = 100 * time.Millisecond

// tail reads a file that grows until whoever writes it has ended.
type tail struct {
	ctx    context.Context
	file   *os.File
	over   func() bool // nobody writes any more; nil: what is there is all
	ended  bool
	closed chan struct{}
	once   sync.Once
}

func newTail(ctx context.Context, path string, over func() bool) (*tail, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	return &tail{ctx: ctx, file: f, over: over, closed: make(chan struct{})}, nil
}

// Read returns what is there, and waits for more when there is nothing.
func (t *tail) Read(p []byte) (int, error) {
	for {
		n, err := t.file.Read(p)
		if n > 0 || err != nil && !errors.Is(err, io.EOF) {
			return n, err
		}
		if t.over == nil || t.ended {
			return 0, io.EOF
		}
		if t.ended = t.over(); t.ended { // one more look: it may have written just before
			continue
		}
		select {
		case <-t.ctx.Done():
			return 0, t.ctx.Err()
		case <-t.closed:
			return 0, os.ErrClosed
		case <-time.After(lookAgain):
		}
	}
}

// Close ends a Read that waits, too.
func (t *tail) Close() error {
	t.once.Do(func() { close(t.closed) })
	return t.file.Close()
}
