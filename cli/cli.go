// Package cli is the command line: thin commands over the packages that do the work. A program of the user's own registers
// what it adds and calls [Main].
package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/iagoloadgen/iago/report"
)

// Set at build time (-ldflags -X).
var (
	version = "dev"
	commit  = ""
	date    = ""
)

// streams are a command's standard streams.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// exitError carries an exit status. A nil err is silent: everything has been said.
type exitError struct {
	status int
	err    error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// usage marks a mistake of the user: status 2, nothing was sent.
func usage(err error) error { return &exitError{report.ExitUsage, err} }

// Main runs the command that args name and returns the exit status.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := newRoot(streams{stdin, stdout, stderr})
	root.SetArgs(shielded(args))
	err := root.Execute()
	if err == nil {
		return report.ExitDone
	}
	status := report.ExitUsage // cobra's own errors are about usage
	if e, ok := errors.AsType[*exitError](err); ok {
		status = e.status
		if e.err == nil {
			return status
		}
	}
	fmt.Fprintln(stderr, "iago:", strings.TrimPrefix(err.Error(), "iago: "))
	return status
}

func newRoot(s streams) *cobra.Command {
	root := &cobra.Command{
		Use:   "iago",
		Short: "Open-loop load generator and traffic replayer",
		Long: `Iago sends requests at the moments when they are due, whatever the service under test does, and measures
latency from those moments, so that a slow service shows as latency and never as a slower generator.

Try it on a target that comes with it:

  iago target http --service exp:mean=1ms --servers 1 &
  iago run http://127.0.0.1:8080 --rate 600/s --duration 10s`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Version:       version,
		Args:          noSuchCommand,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetIn(s.in)
	root.SetOut(s.out)
	root.SetErr(s.err)
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		if c.HasSubCommands() { // a mistyped command's flags are unknown too
			if err := c.ValidateArgs(c.Flags().Args()); err != nil {
				return err
			}
		}
		return fmt.Errorf("%w\nSee '%s --help'", suggestFlag(c, err), c.CommandPath())
	})
	root.AddCommand(newRun(s), newFeed(s), newWorker(s), newCtl(s), newLaunch(s), newValidate(s), newTarget(s), newReport(s), newList(s), newSchema(s), newVersion(s), newDoctor(s))
	root.SetHelpCommand(newHelp(root, s))
	root.InitDefaultCompletionCmd()
	return root
}

// isTerminal tells whether w is a terminal.
func isTerminal(w any) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	i, err := f.Stat()
	return err == nil && i.Mode()&os.ModeCharDevice != 0 && isTTY(f)
}
