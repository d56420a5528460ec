package cli

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/iagoloadgen/iago/job"
	"github.com/iagoloadgen/iago/spec"
)

func newSchema(s streams) *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of the spec file",
		Long: `Prints the JSON Schema of the spec file, for editors that complete and check YAML by one:

  iago schema > iago.schema.json
  # first line of the spec: yaml-language-server: $schema=iago.schema.json`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			b, err := spec.Schema()
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(s.out, string(b))
			return err
		},
	}
}

func newVersion(s streams) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version, commit and date of this build",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintf(s.out, "iago %s", version)
			if commit != "" {
				fmt.Fprintf(s.out, ", commit %s", commit)
			}
			if date != "" {
				fmt.Fprintf(s.out, ", built %s", date)
			}
			fmt.Fprintf(s.out, ", %s %s/%s\n", runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		},
	}
}

func newValidate(s streams) *cobra.Command {
	var flags func() []given
	c := &cobra.Command{
		Use:   "validate SPEC.yaml",
		Short: "Check a run, send nothing",
		Long: `Makes all the checks of a run without sending anything: the spec and its flags, the record source (its first
records are read), certificates, the arrival process. Prints what would be run. Exit status 2 if anything is wrong.`,
		Args: needSpec,
		RunE: func(_ *cobra.Command, args []string) error {
			sp, err := loadSpec(args, flags())
			if err != nil {
				return usage(err)
			}
			p, err := job.Prepare(sp, job.Options{Stdin: s.in, Version: version})
			if err != nil {
				return usage(err)
			}
			defer p.Close()
			fmt.Fprintf(s.out, "%s\n", p)
			return nil
		},
	}
	flags = addSettings(c)
	return c
}
