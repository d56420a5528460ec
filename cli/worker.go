package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/iagoloadgen/iago/cluster"
	"github.com/iagoloadgen/iago/internal/poller"
	"github.com/iagoloadgen/iago/report"
)

// workerFlags are those of iago worker.
type workerFlags struct {
	bus        busFlags
	job, name  string
	allowExec  bool
	poller     string
	keep       time.Duration
	withParent bool
	quiet      bool
}

func newWorker(s streams) *cobra.Command {
	var f workerFlags
	c := &cobra.Command{
		Use:   "worker --bus URL | --discover URL",
		Short: "Send a share of a job's load",
		Long: `Joins a job on the bus (iago feed), sends its share of the load until the job is over, leaves its results on the bus and ends.

  iago worker --bus nats://127.0.0.1:4222 --bus-token-file token
  iago worker --bus tls://bus.example:4222 --bus-creds job.creds --job shop
  iago worker --discover zk://zk.example:2181/iago/shop          where iago feed --discover has announced the bus; found again when it moves

A worker sends only while it holds a lease. When it is cut off from the bus it stops by itself, and another gets its share; when it
comes back it is given one again. Results that the bus does not take are offered for an hour (--keep).
Ctrl-C leaves the job in order; a second one at once. Exit status: 0 the job is over, or left; 2 bad usage; 1 anything else.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return work(s, &f) },
	}
	f.bus.wait = time.Minute
	f.bus.add(c, "where the bus is: nats://HOST:PORT[,HOST:PORT…] or tls://…", "")
	c.Flags().StringVar(&f.job, "job", "", "`NAME` of the job (default: the first that is there)")
	c.Flags().StringVar(&f.name, "name", "", "`NAME` of this worker in results (default: the machine's)")
	c.Flags().BoolVar(&f.allowExec, "allow-exec", false, "a job's spec may have this machine run an outside program")
	c.Flags().DurationVar(&f.keep, "keep", time.Hour, "how long results are offered to a bus that does not take them")
	c.Flags().StringVar(&f.poller, "poller", poller.Auto, "`NAME` of how connections are watched: "+poller.Auto+", "+strings.Join(poller.Names(), ", "))
	c.Flags().BoolVarP(&f.quiet, "quiet", "q", false, "say nothing unless something goes wrong")
	c.Flags().BoolVar(&f.withParent, "with-parent", false, "end when standard input does")
	_ = c.Flags().MarkHidden("with-parent")
	c.Flags().SortFlags = false
	return c
}

func work(s streams, f *workerFlags) error {
	if err := poller.Check(f.poller); err != nil {
		return usage(fmt.Errorf("--poller: %w", err))
	}
	ctx, kill, done := interruptible()
	defer done()
	if f.withParent {
		var cancel context.CancelFunc
		kill, cancel = context.WithCancel(kill)
		defer cancel()
		go func() {
			_, _ = io.Copy(io.Discard, s.in)
			cancel()
		}()
	}
	logf := func(format string, args ...any) {
		if !f.quiet {
			fmt.Fprintf(s.err, format+"\n", args...)
		}
	}
	f.bus.conf.Job = f.job
	b, err := f.bus.connect(ctx, "iago worker", logf)
	if err != nil {
		return err
	}
	defer b.close()
	if b.point != nil {
		defer b.point.Join(b.Bus)()
	}
	err = cluster.Work(ctx, kill, cluster.WorkerConfig{
		Bus: b.Bus, Job: f.job, Name: f.name, AllowExec: f.allowExec, Version: version, Poller: f.poller, Keep: f.keep, Logf: logf,
	})
	switch {
	case errors.Is(err, cluster.ErrNoExec):
		return usage(err)
	case err != nil && ctx.Err() == nil:
		return &exitError{report.ExitFailed, err}
	}
	return nil
}
