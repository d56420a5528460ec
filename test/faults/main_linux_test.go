package faults

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/iagoloadgen/iago/cli"
	_ "github.com/iagoloadgen/iago/standard"
	"github.com/iagoloadgen/iago/test/cluster"
)

func TestMain(m *testing.M) {
	os.Setenv("GORACE", "atexit_sleep_ms=0") // else every iago with the race detector ends a second late
	os.Exit(cluster.Run(leaks{m}, func() int { return cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr) }))
}

// leaks looks for goroutines that the tests have left.
type leaks struct{ m *testing.M }

func (l leaks) Run() int {
	status := l.m.Run()
	if err := goleak.Find(); status == 0 && err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return status
}
