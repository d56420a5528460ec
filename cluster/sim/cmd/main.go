// Command cmd runs a simulation of a job with many workers and prints its figures; see docs/scale.md.
//
//	go run ./cluster/sim/cmd -workers 2000 -slow 10
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/iagoloadgen/iago/cluster/sim"
	_ "github.com/iagoloadgen/iago/standard"
)

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

func run(args []string, in io.ReadCloser, out, log io.WriteCloser) int {
	if len(args) == 1 && slices.Contains([]string{sim.RoleBus, sim.RoleWorkers}, args[0]) {
		signal.Ignore(os.Interrupt, syscall.SIGTERM) // it ends when the first process does, which has something to ask it before
		if err := sim.Serve(args[0], in, out); err != nil {
			fmt.Fprintln(log, err)
			return 1
		}
		return 0
	}
	c := sim.Config{Processes: true}
	flags := flag.NewFlagSet("cluster/sim/cmd", flag.ContinueOnError)
	flags.SetOutput(log)
	flags.IntVar(&c.Workers, "workers", 2000, "`N`umber of workers")
	flags.Float64Var(&c.Slow, "slow", 10, "a simulated second takes so many real ones")
	flags.Float64Var(&c.Rate, "rate", 20, "arrivals per second and worker")
	flags.IntVar(&c.Requests, "requests", 10_000, "figures are as large as those of so many requests per second and worker")
	flags.Float64Var(&c.Lose, "lose", 0.3, "part of the workers that is lost at once")
	flags.IntVar(&c.Join, "join", 0, "so many join later (default: a quarter)")
	flags.IntVar(&c.PerConnection, "per-connection", 1, "workers that share a connection")
	flags.DurationVar(&c.Lease, "lease", 0, "of a worker (default 5s)")
	flags.DurationVar(&c.Steady, "steady", 0, "how long messages are counted (default 3s)")
	asJSON := flags.Bool("json", false, "print figures in JSON")
	verbose := flags.Bool("v", false, "say what happens")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if *verbose {
		c.Logf = func(format string, args ...any) { fmt.Fprintf(log, format+"\n", args...) }
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	f, broken := sim.Run(ctx, c)
	if f == nil {
		fmt.Fprintln(log, broken)
		return 1
	}
	var err error
	if *asJSON {
		e := json.NewEncoder(out)
		e.SetIndent("", "  ")
		f.Law.Missing = nil
		err = e.Encode(f)
	} else {
		err = f.Print(out)
	}
	if err = errors.Join(broken, err); err != nil {
		fmt.Fprintln(log, err)
		return 1
	}
	return 0
}
