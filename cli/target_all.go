package cli

import (
	"fmt"
	"net"
	"slices"
	"strconv"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/iagoloadgen/iago/target/model"
)

// newTargetAll is the command that runs one target of each kind.
func newTargetAll(s streams) *cobra.Command {
	var t targetFlags
	var ports string
	c := &cobra.Command{
		Use:   "all",
		Short: "One target of each kind on loopback, for a quick try",
		Long: `Runs one target of each kind on 127.0.0.1 and prints their addresses, in the form that iago run takes them. At the end it
prints what each saw as JSON, by kind.

  iago target all                          on the port that each protocol is used to
  iago target all --ports free             on any free ports
  iago target all --ports 7000             on 7000 and the ports after it
  iago target all --service exp:mean=2ms --fault stall:at=10s,for=1s

Faults that a kind cannot have (UDP knows no error, close and reset) are left out for it.

` + modelHelp,
		Args: cobra.NoArgs,
	}
	t.addModel(c.Flags())
	c.Flags().StringVar(&ports, "ports", "default", "'default', 'free', or the first of consecutive ports")
	c.Flags().SortFlags = false
	c.RunE = func(*cobra.Command, []string) error {
		return serveTargets(s, &t, func(add addTarget) error {
			for i, k := range targetKinds() {
				b := t.base()
				var err error
				b.Listen, err = portOf(ports, k, i)
				b.check("ports", err)
				if k.name == "udp" {
					b.Model.Faults = slices.DeleteFunc(b.Model.Faults, func(f model.Fault) bool {
						return f.Kind == model.Error || f.Kind == model.Close || f.Kind == model.Reset
					})
				}
				if err := add(k.name, k.flags(pflag.NewFlagSet(k.name, pflag.ContinueOnError)), b); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return c
}

// portOf returns the address of the i-th kind.
func portOf(ports string, k targetKind, i int) (string, error) {
	switch ports {
	case "default":
		return k.listen, nil
	case "free":
		return "127.0.0.1:0", nil
	}
	first, err := strconv.Atoi(ports)
	if err != nil || first < 1 || first+len(targetKinds())-1 > 65535 {
		return "", fmt.Errorf("%q is neither default, free nor the first of %d ports", ports, len(targetKinds()))
	}
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(first+i)), nil
}
