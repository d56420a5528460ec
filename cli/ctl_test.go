package cli

import (
	"slices"
	"testing"
)

func TestShielded(t *testing.T) {
	for _, c := range []struct{ args, want []string }{
		{[]string{"ctl", "shop", "rate", "-500/s", "--bus", "x"}, []string{"ctl", "shop", "rate", " -500/s", "--bus", "x"}},
		{[]string{"ctl", "shop", "rate", "-.5%"}, []string{"ctl", "shop", "rate", " -.5%"}},
		{[]string{"ctl", "-h"}, []string{"ctl", "-h"}},
		{[]string{"run", "-5"}, []string{"run", "-5"}},
		{nil, nil},
	} {
		if got := shielded(c.args); !slices.Equal(got, c.want) {
			t.Errorf("%q: %q, expected %q", c.args, got, c.want)
		}
	}
}
