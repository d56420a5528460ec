package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/iagoloadgen/iago/internal/poller"
	"github.com/iagoloadgen/iago/job"
	"github.com/iagoloadgen/iago/report"
	"github.com/iagoloadgen/iago/spec"
)

// runFlags are those that are not fields of the spec.
type runFlags struct {
	quiet, yes bool
	poller     string
	workers    int
}

func newRun(s streams) *cobra.Command {
	var flags func() []given
	var f runFlags
	var jobs jobFlags
	c := &cobra.Command{
		Use:   "run SPEC.yaml | URL…",
		Short: "Run a test",
		Long: `Runs a test: sends requests to the targets at the moments that the arrival process gives, whatever the targets do,
and reports what was asked, what was sent, what came back and how long it took from when each request was due.

  iago run http://127.0.0.1:8080 -r 500/s -d 30s
  iago run http://127.0.0.1:8080 --records access.log -r 200/s --slo 'p99<50ms' --slo 'errors<0.1%'
  iago run http://127.0.0.1:8080 --rate max --connections 64        closed mode: the most that it can do
  iago run shop.yaml --rate 2000/s                                  a flag wins over the file

Exit status: 0 done; 2 bad usage, spec or input, nothing was sent; 1 could not run, broke off, or not one request
completed; 130 interrupted; 4 the generator slipped from its schedule; 3 an objective was missed.
Ctrl-C stops the schedule, waits for what is under way and writes the results; a second one ends at once.`,
		Args: needSpec,
		RunE: func(_ *cobra.Command, args []string) error {
			sp, err := loadSpec(args, flags())
			if err != nil {
				return usage(err)
			}
			if f.workers > 0 {
				if err := poller.Check(f.poller); err != nil {
					return usage(fmt.Errorf("--poller: %w", err))
				}
				jobs.workers = f.workers
				return runWorkers(s, sp, &jobs, f)
			}
			return run(s, sp, f)
		},
	}
	flags = addSettings(c)
	c.Flags().BoolVarP(&f.quiet, "quiet", "q", false, "no progress")
	c.Flags().BoolVar(&f.yes, "yes", false, "no confirmation for targets beyond loopback and private addresses")
	c.Flags().StringVar(&f.poller, "poller", poller.Auto, "`NAME` of how connections are watched: "+poller.Auto+" (the first that can be had), "+strings.Join(poller.Names(), ", "))
	c.Flags().IntVar(&f.workers, "workers", 0, "run in `N` worker processes on this machine, joined over an embedded bus; 0: in this process")
	jobs.add(c)
	c.Flags().SortFlags = false
	return c
}

// run runs sp from the checks to the exit status.
func run(s streams, sp *spec.Spec, f runFlags) error {
	if err := poller.Check(f.poller); err != nil {
		return usage(fmt.Errorf("--poller: %w", err))
	}
	human := s.out // for people; standard output may be wanted for the summary
	if sp.Summary == "-" {
		human = s.err
	}
	progress := newProgress(human, f.quiet)
	o := job.Options{Stdin: s.in, Version: version, Poller: f.poller, OnSecond: progress.second}
	j, err := job.Prepare(sp, o)
	if err != nil {
		return usage(err)
	}
	if _, err := discover(context.Background(), s, j, f); err != nil {
		j.Close()
		return err
	}
	dir, err := dirOf(sp)
	if err != nil {
		j.Close()
		return &exitError{report.ExitFailed, err}
	}
	j.SetDir(dir)
	if !f.quiet {
		fmt.Fprintf(human, "%s\n\n", j)
	}
	progress.plan(j)
	ctx, kill, done := interruptible()
	defer done()
	out, err := j.Run(ctx, kill)
	progress.done()
	if job.BadInput(err) {
		if sp.Out == "" { // nothing came of it
			err = errors.Join(err, os.RemoveAll(dir))
		}
		return usage(err)
	}
	if err != nil {
		return &exitError{report.ExitFailed, err}
	}
	return deliver(s, human, sp, out)
}

// dirOf is the run directory: the one asked for, or a new one, also for runs that begin in the same second.
func dirOf(sp *spec.Spec) (string, error) {
	if sp.Out != "" {
		return sp.Out, nil
	}
	dir := job.DefaultDir(sp.Name, time.Now())
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return "", err
	}
	for next, n := dir, 2; ; next, n = fmt.Sprintf("%s-%d", dir, n), n+1 {
		if err := os.Mkdir(next, 0o755); !errors.Is(err, fs.ErrExist) {
			return next, err
		}
	}
}

// interruptible gives two contexts: the first ends with the first SIGINT or SIGTERM, the second with the next.
func interruptible() (stop, kill context.Context, done func()) {
	stop, endStop := context.WithCancel(context.Background())
	kill, endKill := context.WithCancel(context.Background())
	c := make(chan os.Signal, 2)
	signal.Notify(c, os.Interrupt, syscall.SIGTERM)
	quit := make(chan struct{})
	go func() {
		for _, end := range []func(){endStop, endKill} {
			select {
			case <-c:
				end()
			case <-quit:
				return
			}
		}
	}()
	return stop, kill, func() {
		signal.Stop(c)
		close(quit)
		endStop()
		endKill()
	}
}

// deliver prints the summary for people and writes it for scripts.
func deliver(s streams, human io.Writer, sp *spec.Spec, out *job.Outcome) error {
	err := out.Err
	o := report.TerminalOptions{Color: colorful(human), Report: out.HTML}
	err = errors.Join(err, report.Terminal(human, out.Summary, o))
	switch {
	case sp.Summary == "-":
		err = errors.Join(err, report.EncodeSummary(s.out, out.Summary))
	case sp.Summary != "":
		err = errors.Join(err, writeSummary(sp.Summary, out.Summary))
	}
	if err == nil {
		if out.Status == report.ExitDone {
			return nil
		}
		return &exitError{status: out.Status}
	}
	if sp.Summary != "-" && out.Err != nil { // what could not be kept is at least shown
		_ = report.EncodeSummary(s.err, out.Summary)
	}
	return &exitError{report.ExitFailed, err}
}

// writeSummary writes summary.json where the user wants it besides; straight into what is no ordinary file.
func writeSummary(path string, sum *report.Summary) error {
	write := func(w io.Writer) error { return report.EncodeSummary(w, sum) }
	if i, err := os.Stat(path); err == nil && !i.Mode().IsRegular() {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		return errors.Join(write(f), f.Close())
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return report.WriteFile(path, write)
}

func colorful(w io.Writer) bool { return isTerminal(w) && os.Getenv("NO_COLOR") == "" }
