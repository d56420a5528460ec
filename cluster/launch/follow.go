package launch

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"
)

// Follow copies what the processes of a job print to w, each line with the name of its process before it, until every process has
// ended or ctx is over. Processes that the engine starts in the place of others are found by asking for the status every interval.
func Follow(ctx context.Context, h Handle, w io.Writer, interval time.Duration) error {
	f := follower{h: h, w: w, known: map[string]bool{}}
	defer f.wg.Wait()
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		list, err := h.Status(ctx)
		if errors.Is(err, ErrNoJob) { // killed and gone
			return f.result(nil)
		}
		if err != nil {
			return f.result(err)
		}
		over := len(list) > 0
		for _, p := range list {
			over = over && p.State.Over()
			if p.State == Pending || f.known[p.Name] {
				continue
			}
			f.known[p.Name] = true
			f.wg.Go(func() { f.copy(ctx, p.Name) })
		}
		if over {
			return f.result(nil)
		}
		select {
		case <-ctx.Done():
			return f.result(ctx.Err())
		case <-tick.C:
		}
	}
}

type follower struct {
	h     Handle
	known map[string]bool
	wg    sync.WaitGroup

	mu  sync.Mutex // of w and err
	w   io.Writer
	err error
}

// result waits for the copying to end and returns what went wrong.
func (f *follower) result(err error) error {
	f.wg.Wait()
	return errors.Join(err, f.err)
}

// copy copies one process's lines. That one log cannot be read is said among the lines: the others go on.
func (f *follower) copy(ctx context.Context, process string) {
	r, err := f.h.Logs(ctx, process, true)
	if err == nil {
		defer r.Close()
		in := bufio.NewReaderSize(r, 64<<10)
		for err == nil {
			var line []byte
			line, err = in.ReadSlice('\n')
			if errors.Is(err, bufio.ErrBufferFull) { // a very long line goes out in pieces
				err = nil
			}
			if len(line) > 0 {
				f.print(process, line)
			}
		}
	}
	if !errors.Is(err, io.EOF) && ctx.Err() == nil && !errors.Is(err, ErrNoJob) {
		f.print(process, fmt.Appendf(nil, "(its log cannot be read any further: %v)\n", err))
	}
}

func (f *follower) print(process string, line []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if line[len(line)-1] != '\n' {
		line = append(slices.Clip(line), '\n')
	}
	if _, err := fmt.Fprintf(f.w, "%-10s | %s", process, line); err != nil && f.err == nil {
		f.err = err
	}
}
