package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/iagoloadgen/iago/report"
)

// running is a target that listens.
type running struct {
	url   string
	wait  func() error
	stats func() any
}

// startTarget starts one with what the shared flags say.
type startTarget func(ctx context.Context, b targetBase) (*running, error)

// addTarget starts one more and says where it listens.
type addTarget func(name string, start startTarget, b targetBase) error

// serveTargets runs the targets that begin adds to their ends, and then writes their figures: those of one, or of all by name.
func serveTargets(s streams, t *targetFlags, begin func(addTarget) error) error {
	ctx, _, done := interruptible()
	defer done()
	if t.duration > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, t.duration)
		defer cancel()
	}
	ctx, end := context.WithCancel(ctx)
	defer end()
	all := map[string]*running{}
	err := begin(func(name string, start startTarget, b targetBase) error {
		r, err := start(ctx, b)
		if err != nil {
			return err
		}
		all[name] = r
		fmt.Fprintf(s.err, "listening on %s\n", r.url)
		return nil
	})
	if err != nil {
		end() // of those that have begun
	}
	stats := map[string]any{}
	errs := []error{err}
	for name, r := range all {
		errs = append(errs, r.wait())
		stats[name] = r.stats()
	}
	if err == nil {
		errs = append(errs, writeStats(s.out, t.stats, stats))
	}
	if err := errors.Join(errs...); err != nil {
		if e, ok := errors.AsType[*exitError](err); ok {
			return e
		}
		return &exitError{report.ExitFailed, err}
	}
	return nil
}

// writeStats writes the figures of one target, or of several by name.
func writeStats(out io.Writer, path string, all map[string]any) error {
	var what any = all
	if len(all) == 1 {
		for _, one := range all {
			what = one
		}
	}
	b, err := json.MarshalIndent(what, "", "  ")
	if err != nil {
		return err
	}
	b = append(b, '\n')
	if path == "" {
		_, err = out.Write(b)
		return err
	}
	return os.WriteFile(path, b, 0o644)
}
