package cli

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/iagoloadgen/iago/job"
	"github.com/iagoloadgen/iago/report"
)

func newReport(s streams) *cobra.Command {
	return &cobra.Command{
		Use:   "report RUN_DIR",
		Short: "Print a run's summary again, and remake its report.html",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage(errors.New("one run directory is needed, for example: iago report runs/shop-20260102-030405"))
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			saved, err := report.ReadDir(args[0])
			if err != nil {
				return usage(err)
			}
			path, htmlErr := job.WriteHTML(args[0])
			if htmlErr != nil {
				path = ""
			}
			err = report.Terminal(s.out, &saved.Summary, report.TerminalOptions{Color: colorful(s.out), Report: path})
			if err = errors.Join(err, htmlErr); err != nil {
				return &exitError{report.ExitFailed, err}
			}
			return nil
		},
	}
}
