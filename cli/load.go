package cli

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/iagoloadgen/iago/spec"
	"github.com/iagoloadgen/iago/transport"
)

// loadSpec makes the spec of a run out of `SPEC.yaml` or `URL…` and the flags given. All that is wrong is in the error.
func loadSpec(args []string, flags []given) (*spec.Spec, error) {
	var wrong []error
	changes := func(s *spec.Spec) {
		for _, g := range flags {
			if g.name == "body-file" && s.Origin["request.body"] != "" { // one would silently take the other's place
				wrong = append(wrong, errors.New("--body-file: expected no file beside --body"))
			}
			if err := g.set(s, g.values); err != nil {
				wrong = append(wrong, fmt.Errorf("--%s: %w", g.name, err))
				continue
			}
			s.Override(g.field, "--"+g.name)
		}
	}
	if !isAddress(args[0]) {
		if len(args) > 1 {
			return nil, fmt.Errorf("one spec file, or URLs: %q is not a URL", args[0])
		}
		s, err := spec.Load(args[0], changes)
		if err != nil && errors.Is(err, os.ErrNotExist) {
			err = fmt.Errorf("%w%s", err, hintURL(args[0]))
		}
		return s, joined(wrong, err)
	}
	s := spec.Defaults()
	s.Targets = args
	if len(args) == 1 {
		s.Target, s.Targets = args[0], nil
		s.Override("target", "URL")
	} else {
		s.Override("targets", "URL")
	}
	changes(s)
	return s, joined(wrong, s.Validate())
}

// isAddress tells a target's address from a spec file's name: it has ://, or is that of a Unix socket.
func isAddress(arg string) bool {
	scheme, path, _ := strings.Cut(arg, ":")
	p, known := transport.ByScheme(scheme)
	return strings.Contains(arg, "://") || known && p.Schemes[scheme].Unix && strings.HasPrefix(path, "/")
}

// joined is wrong and err as one; a problem of a flag that could not be read is not followed by those it causes.
func joined(wrong []error, err error) error {
	if err == nil && len(wrong) == 0 {
		return nil
	}
	var problems spec.Problems
	if len(wrong) > 0 && !errors.As(err, &problems) {
		return errors.Join(wrong...)
	}
	return errors.Join(append(wrong, err)...)
}

// hintURL guesses that a missing file was meant as an address.
func hintURL(arg string) string {
	if strings.ContainsAny(arg, ":.") && !strings.HasSuffix(arg, ".yaml") && !strings.HasSuffix(arg, ".yml") {
		return fmt.Sprintf("\n  If it is an address, give its scheme: http://%s", arg)
	}
	return ""
}

// needSpec checks the arguments of commands that take `SPEC.yaml` or URLs.
func needSpec(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return usage(fmt.Errorf("a spec file or a URL is needed, for example: %s http://127.0.0.1:8080\nSee '%s --help'", c.CommandPath(), c.CommandPath()))
	}
	return nil
}
