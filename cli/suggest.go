package cli

import (
	"fmt"
	"regexp"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/iagoloadgen/iago/internal/suggest"
)

var unknownFlag = regexp.MustCompile(`^unknown flag: --(.+)$`)

// suggestFlag adds the nearest flag's name to the error about an unknown one.
func suggestFlag(c *cobra.Command, err error) error {
	m := unknownFlag.FindStringSubmatch(err.Error())
	if m == nil {
		return err
	}
	var names []string
	c.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	near := suggest.Nearest(m[1], names)
	if near == "" {
		return err
	}
	return fmt.Errorf("%w; did you mean --%s?", err, near)
}

// noSuchCommand refuses arguments, which can only be meant as the name of a command below c.
func noSuchCommand(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			names = append(names, sub.Name())
		}
	}
	return usage(fmt.Errorf("no command %q%s\nSee '%s --help'", args[0], suggest.DidYouMean(args[0], names), c.CommandPath()))
}
