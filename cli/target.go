package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/iagoloadgen/iago/internal/suggest"
)

func newTarget(s streams) *cobra.Command {
	c := &cobra.Command{
		Use:   "target KIND",
		Short: "A built-in target to try things on, with a latency model",
		Long: `Runs a server to try load on, until it is interrupted (or for --duration), and then prints what it saw as JSON.

  iago target http                                  every kind has its own port: see the list below
  iago target redis --service exp:mean=1ms --servers 1
  iago target memcached --fault error:status=1,share=5%
  iago target tcp --listen unix:/tmp/echo.sock --framing length:4
  iago target all                                   one of each kind

` + modelHelp,
		Args: noSuchTarget,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	for _, k := range targetKinds() {
		c.AddCommand(newTargetKind(s, k))
	}
	c.AddCommand(newTargetAll(s))
	return c
}

// modelHelp says how behavior is written, the same for all kinds.
const modelHelp = `Service times: none, constant:1ms, exp:mean=1ms, lognormal:median=1ms,sigma=0.5, bimodal:fast=1ms,slow=100ms,share=1%.
Faults: error, stall, close, reset, garbage, hang, die; with share=, at= and for=. Times count from the first request.`

// targetNames are the words that may follow "iago target".
func targetNames() (names []string) {
	for _, k := range targetKinds() {
		names = append(names, k.name)
	}
	return append(names, "all")
}

// noSuchTarget refuses arguments, which can only be meant as a kind of target.
func noSuchTarget(_ *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	names := targetNames()
	return usage(fmt.Errorf("no target %q; there are: %s%s", args[0], strings.Join(names, ", "), suggest.DidYouMean(args[0], names)))
}

// newTargetKind is the command of one kind.
func newTargetKind(s streams, k targetKind) *cobra.Command {
	var t targetFlags
	c := &cobra.Command{
		Use:   k.name,
		Short: k.short,
		Long:  k.long + "\n\n" + modelHelp,
		Args:  cobra.NoArgs,
	}
	t.add(c.Flags(), k)
	start := k.flags(c.Flags())
	c.Flags().SortFlags = false
	c.RunE = func(*cobra.Command, []string) error {
		return serveTargets(s, &t, func(add addTarget) error { return add(k.name, start, t.base()) })
	}
	return c
}
