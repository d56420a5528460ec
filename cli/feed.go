package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/iagoloadgen/iago/cluster"
	"github.com/iagoloadgen/iago/job"
	"github.com/iagoloadgen/iago/report"
	"github.com/iagoloadgen/iago/spec"
)

// jobFlags are those of a job on several processes.
type jobFlags struct {
	workers  int
	name     string
	wait     time.Duration
	lease    time.Duration
	depth    time.Duration
	bytes    string
	feeders  int
	direct   bool
	replicas int
	collect  time.Duration
}

// add declares them.
func (f *jobFlags) add(c *cobra.Command) {
	s := c.Flags()
	s.DurationVar(&f.lease, "lease", cluster.DefaultLease, "how long a worker that is cut off goes on with its share; after that the others get it")
	s.DurationVar(&f.depth, "depth", cluster.DefaultDepth.Time, "how much is kept in the queue for the workers, at the job's rate")
	s.StringVar(&f.bytes, "depth-bytes", "256MiB", "and at most so many bytes")
	s.BoolVar(&f.direct, "direct", false, "the workers read the record file themselves, each its part: it must be there on their machines")
	s.DurationVar(&f.wait, "wait-workers", cluster.DefaultWait, "how long the wanted number of workers is waited for")
	s.DurationVar(&f.collect, "collect", 0, "how long the results of workers that do not answer are waited for at the end (default: twice the lease)")
}

func (f *jobFlags) config(sp *spec.Spec) (c cluster.FeedConfig, err error) {
	var size spec.Size
	if err := size.UnmarshalText([]byte(f.bytes)); err != nil {
		return c, usage(fmt.Errorf("--depth-bytes: %w", err))
	}
	return cluster.FeedConfig{
		Spec: sp, Job: f.name, Workers: f.workers, Wait: f.wait, Lease: f.lease, Depth: cluster.Depth{Time: f.depth, Bytes: int64(size)},
		Feeders: f.feeders, Direct: f.direct, Replicas: f.replicas, Collect: f.collect, Version: version,
	}, nil
}

func newFeed(s streams) *cobra.Command {
	var flags func() []given
	var b busFlags
	var f jobFlags
	var r runFlags
	c := &cobra.Command{
		Use:   "feed SPEC.yaml | URL…",
		Short: "Feed and coordinate a job whose workers are other processes",
		Long: `Makes a job of a spec, reads its records and keeps the workers supplied with them, coordinates the workers (iago worker), and leaves
the same results as iago run. Workers may come and go while it runs; the total rate is what the spec says or less, never more.

  iago feed shop.yaml --workers 4 --bus-listen 127.0.0.1:4222 --bus-write-token token
  iago worker --bus nats://127.0.0.1:4222 --bus-token-file token               four times, anywhere

  iago feed shop.yaml --workers 4 --bus embedded --bus-listen 10.0.0.1:4222 --bus-plain --discover zk://zk.example:2181/iago/shop
  iago worker --discover zk://zk.example:2181/iago/shop                        finds the bus by ZooKeeper

The bus is NATS: embedded in this process, or one that is there already (--bus nats://host:4222). With a bus of its own a job
outlives its feeder: the same command started again picks it up, and a second feeder stands by for the first. --feeders 3 lets
three of them read the records, each its part.

Exit status as for iago run; 0 for a feeder that has stood by to the end.`,
		Args: needSpec,
		RunE: func(_ *cobra.Command, args []string) error {
			sp, err := loadSpec(args, flags())
			if err != nil {
				return usage(err)
			}
			return feed(s, sp, &b, &f, r)
		},
	}
	flags = addSettings(c)
	b.add(c, "where the bus is: nats://HOST:PORT, tls://HOST:PORT, or "+embedded, embedded)
	b.addServer(c)
	f.add(c)
	c.Flags().IntVar(&f.workers, "workers", 1, "`N` workers are waited for before the job begins")
	c.Flags().StringVar(&f.name, "job", "", "`NAME` of the job on the bus (default: the run's)")
	c.Flags().IntVar(&f.feeders, "feeders", 1, "`N` feeders read the records, each its part, as many processes as there are")
	c.Flags().IntVar(&f.replicas, "replicas", 1, "`N` servers of the bus keep everything: 1, or 3 of a cluster")
	c.Flags().BoolVarP(&r.quiet, "quiet", "q", false, "no progress")
	c.Flags().BoolVar(&r.yes, "yes", false, "no confirmation for targets beyond loopback and private addresses")
	c.Flags().SortFlags = false
	return c
}

// feed runs a job's feeder.
func feed(s streams, sp *spec.Spec, b *busFlags, f *jobFlags, r runFlags) error {
	human := s.out
	if sp.Summary == "-" {
		human = s.err
	}
	conf, err := f.config(sp)
	if err != nil {
		return err
	}
	ctx, kill, done := interruptible()
	defer done()
	logf := func(format string, args ...any) { fmt.Fprintf(s.err, "iago: "+format+"\n", args...) }
	sp.Complete() // its name
	b.conf.Job = cmp.Or(f.name, sp.Name)
	bus, err := b.connect(ctx, "iago feed", logf)
	if err != nil {
		return err
	}
	defer bus.close()
	if bus.server != nil && !r.quiet {
		fmt.Fprintf(human, "bus: %s\n", bus.server.URL())
	}
	conf.Bus, conf.Stdin, conf.Logf = bus.Bus, s.in, logf
	return feedJob(s, human, conf, r, ctx, kill)
}

// feedJob feeds a job to its end and delivers its results.
func feedJob(s streams, human io.Writer, conf cluster.FeedConfig, r runFlags, ctx, kill context.Context) error {
	sp := conf.Spec
	show := newProgress(human, r.quiet)
	dir := ""
	conf.OnChecked = func(j *job.Job, c *cluster.FeedConfig) (err error) {
		if c.Restricted = !r.yes; !r.yes { // else it is the workers' business alone
			if c.Agreed, err = discover(ctx, s, j, r); err != nil {
				return err
			}
		}
		if !r.quiet {
			fmt.Fprintf(human, "%s\n  workers      %d\n\n", j, conf.Workers)
		}
		show.plan(j)
		dir, err = dirOf(sp)
		c.Dir = dir
		return err
	}
	conf.OnSecond = show.second
	out, err := cluster.Feed(ctx, kill, conf)
	show.done()
	if out == nil && sp.Out == "" && dir != "" {
		err = errors.Join(err, os.Remove(dir)) // nothing came of it
	}
	var check *cluster.CheckError
	var exit *exitError
	switch {
	case errors.As(err, &exit):
		return err
	case errors.As(err, &check):
		return usage(err)
	case errors.Is(err, cluster.ErrInterrupted):
		return &exitError{report.ExitInterrupted, err}
	case err != nil:
		return &exitError{report.ExitFailed, err}
	case out == nil:
		fmt.Fprintln(human, "Another feeder has coordinated the job to its end and has its results.")
		return nil
	}
	return deliver(s, human, sp, out)
}
