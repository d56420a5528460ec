// Package iago is Iago as a library, for programs and tests of one's own:
//
//	out, err := iago.Run(ctx, "target: http://127.0.0.1:8080\nrate: 10/s\nrequests: 1000\n")
//
// The text is that of a spec file, so that all of Iago is at hand (see examples/full.yaml); [RunWith] adds what a file cannot hold, such as
// a processor. Importing the package brings in all that is registered in package standard. Command iago does the same by package cli.
package iago

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/iagoloadgen/iago/job"
	"github.com/iagoloadgen/iago/report"
	"github.com/iagoloadgen/iago/spec"
	_ "github.com/iagoloadgen/iago/standard"
)

// What [Result.Err] tells apart by errors.Is.
var (
	// ErrMissed: an objective was missed.
	ErrMissed = errors.New("objective missed")
	// ErrSlipped: the generator could not keep its schedule, so that the figures do not describe the target alone. A busy machine is
	// the usual cause; a test may rather be skipped then.
	ErrSlipped = errors.New("the generator slipped from its schedule")
	// ErrBroken: the run did not come to its end, by a rule (abort_on) or because ctx ended, or not one request completed.
	ErrBroken = errors.New("the run broke off")
)

// Result is what a run found out.
type Result struct {
	Summary *report.Summary // all figures
	HTML    string          // path of report.html; "" where no run directory was asked for
	Status  int             // the exit status that command iago would have

	err error
}

// Run runs the spec in text to its end: that of its schedule, or of ctx, whichever comes first; what is under way then is waited for, up
// to the spec's time-out. Files in it are relative to the working directory. An error says that nothing was sent; what became of the run
// is in the result, in a word its Err. Run may be called by several goroutines at once.
func Run(ctx context.Context, text string) (*Result, error) {
	return RunWith(ctx, text, job.Options{})
}

// RunWith is [Run] with options: a processor, a run directory, a function that is called every second.
func RunWith(ctx context.Context, text string, o job.Options) (*Result, error) {
	s, err := spec.Parse("spec", []byte(text))
	if err != nil {
		return nil, fmt.Errorf("iago: %w", err)
	}
	return run(ctx, s, o)
}

// RunFile is [RunWith] for a spec file. Files in it are relative to its folder.
func RunFile(ctx context.Context, path string, o job.Options) (*Result, error) {
	s, err := spec.Load(path)
	if err != nil {
		return nil, fmt.Errorf("iago: %w", err)
	}
	return run(ctx, s, o)
}

func run(ctx context.Context, s *spec.Spec, o job.Options) (*Result, error) {
	o.Version = cmp.Or(o.Version, "library")
	j, err := job.Prepare(s, o)
	if err != nil {
		return nil, err
	}
	out, err := j.Run(ctx, context.Background())
	if err != nil {
		return nil, err
	}
	return &Result{out.Summary, out.HTML, out.Status, out.Err}, nil
}

// Err returns nil for a run that kept its schedule and met all its objectives. Otherwise it says all that was wrong, joined: ErrBroken,
// ErrSlipped, an ErrMissed for each objective, or what kept records from being read or results from being written.
func (r *Result) Err() error {
	errs := []error{r.err}
	v := &r.Summary.Verdict
	switch {
	case r.err != nil:
	case r.Status == report.ExitFailed && r.Summary.Requests.Completed == 0:
		errs = append(errs, fmt.Errorf("iago: %w: not one request completed: %v", ErrBroken, r.Summary.Errors))
	case r.Status == report.ExitFailed, r.Status == report.ExitInterrupted:
		errs = append(errs, fmt.Errorf("iago: %w: %s", ErrBroken, r.Summary.Run.End))
	}
	if v.Schedule == report.ScheduleSlipped {
		errs = append(errs, fmt.Errorf("iago: %w: %s", ErrSlipped, strings.Join(v.Reasons, "; ")))
	}
	for _, o := range v.SLO {
		if !o.OK {
			errs = append(errs, fmt.Errorf("iago: %w: %s: %s", ErrMissed, o.Expr, measured(o)))
		}
	}
	return errors.Join(errs...)
}

// measured is what an objective found, in its own unit.
func measured(o report.Objective) string {
	switch {
	case o.Note != "":
		return o.Note
	case strings.HasPrefix(o.Expr, "errors"), strings.HasPrefix(o.Expr, "checks"):
		return report.Percent(o.Value)
	case strings.HasPrefix(o.Expr, "rate"):
		return report.Rate(o.Value)
	}
	return report.Duration(int64(o.Value))
}
