package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/iagoloadgen/iago/arrival"
	"github.com/iagoloadgen/iago/discovery"
	"github.com/iagoloadgen/iago/internal/suggest"
	"github.com/iagoloadgen/iago/processor"
	"github.com/iagoloadgen/iago/source"
	"github.com/iagoloadgen/iago/transport"
)

func newList(s streams) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "What is registered: arrival processes, profiles, record formats, transports, discovery backends, targets",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return printLists(s.out)
		},
	}
}

// printLists prints every registry.
func printLists(out io.Writer) error {
	w := tabwriter.NewWriter(out, 2, 8, 2, ' ', 0)
	fmt.Fprintln(w, "Arrival processes (--arrival NAME:key=value,…):")
	for _, d := range arrival.Defs() {
		fmt.Fprintf(w, "  %s\t%s\n", d.Name, d.Summary)
		printParams(w, d.Params)
	}
	fmt.Fprintln(w, "\nProfiles, rates over time (--profile NAME:key=value,…, repeatable):")
	for _, d := range arrival.ProfileDefs() {
		fmt.Fprintf(w, "  %s\t%s\n", d.Name, d.Summary)
		printParams(w, d.Params)
	}
	fmt.Fprintln(w, "\nRecord formats (--format NAME):")
	formats := source.Formats()
	slices.SortFunc(formats, func(a, b source.Format) int { return strings.Compare(a.Name, b.Name) })
	for _, f := range formats {
		fmt.Fprintf(w, "  %s\t%s\n", f.Name, f.Summary)
	}
	if defs := processor.Defs(); len(defs) > 0 {
		fmt.Fprintln(w, "\nProcessors (processor: NAME in a spec):")
		for _, d := range defs {
			fmt.Fprintf(w, "  %s\t%s\n", d.Name, d.Summary)
		}
	}
	if kinds := source.Kinds(); len(kinds) > 0 {
		fmt.Fprintln(w, "\nKinds of record sources (--records SCHEME://…):")
		for _, k := range kinds {
			fmt.Fprintf(w, "  %s\t%s\n", k.Scheme, k.Summary)
		}
	}
	fmt.Fprintln(w, "\nTransports (iago help transport NAME):")
	for _, p := range transport.All() {
		fmt.Fprintf(w, "  %s\t%s (%s)\n", p.Name, p.Summary, strings.Join(schemes(p), ", "))
	}
	fmt.Fprintln(w, "\nDiscovery backends (targets SCHEME+BACKEND://…, --discover BACKEND://…; iago help discovery NAME):")
	for _, k := range discovery.Kinds() {
		fmt.Fprintf(w, "  %s\t%s\n", k.Scheme, k.Summary)
	}
	fmt.Fprintln(w, "\nBuilt-in targets (iago target KIND):")
	for _, k := range targetKinds() {
		fmt.Fprintf(w, "  %s\t%s\n", k.name, k.short)
	}
	return w.Flush()
}

func printParams(w io.Writer, params []arrival.Param) {
	for _, p := range params {
		note := ""
		switch {
		case p.Required:
			note = " (required)"
		case p.Default != "":
			note = " (default " + p.Default + ")"
		}
		fmt.Fprintf(w, "    %s\t%s%s\n", p.Name, p.Doc, note)
	}
}

func schemes(p transport.Protocol) (out []string) {
	for s, scheme := range p.Schemes {
		if scheme.Unix {
			out = append(out, s+":/path")
		} else {
			out = append(out, s+"://")
		}
	}
	slices.Sort(out)
	return out
}

// newHelp is cobra's help command, which also knows transports.
func newHelp(root *cobra.Command, s streams) *cobra.Command {
	help := &cobra.Command{
		Use:   "help [command | transport NAME | discovery NAME]",
		Short: "Help about any command, a transport, or a discovery backend",
		RunE: func(_ *cobra.Command, args []string) error {
			c, rest, err := root.Find(args)
			if err != nil {
				return err
			}
			if err := noSuchCommand(c, rest); err != nil {
				return err
			}
			c.InitDefaultHelpFlag()
			return c.Help()
		},
	}
	help.AddCommand(&cobra.Command{
		Use:   "transport NAME",
		Short: "How a transport is configured",
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage(fmt.Errorf("which transport? There are: %s", strings.Join(transportNames(), ", ")))
			}
			p, ok := transport.ByName(args[0])
			if !ok {
				names := transportNames()
				return usage(fmt.Errorf("no transport %q; there are: %s%s", args[0], strings.Join(names, ", "), suggest.DidYouMean(args[0], names)))
			}
			fmt.Fprint(s.out, p.Doc)
			return nil
		},
	}, &cobra.Command{
		Use:   "discovery NAME",
		Short: "What the addresses of a discovery backend look like",
		RunE: func(_ *cobra.Command, args []string) error {
			var names []string
			for _, k := range discovery.Kinds() {
				names = append(names, k.Scheme)
			}
			if len(args) != 1 {
				return usage(fmt.Errorf("which backend? There are: %s", strings.Join(names, ", ")))
			}
			k, ok := discovery.ByScheme(args[0])
			if !ok {
				return usage(fmt.Errorf("no discovery backend %q; there are: %s%s", args[0], strings.Join(names, ", "), suggest.DidYouMean(args[0], names)))
			}
			fmt.Fprint(s.out, k.Doc)
			return nil
		},
	})
	return help
}

func transportNames() (names []string) {
	for _, p := range transport.All() {
		names = append(names, p.Name)
	}
	return names
}
