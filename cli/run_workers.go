package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"

	"github.com/iagoloadgen/iago/cluster/bus"
	"github.com/iagoloadgen/iago/spec"
)

// runWorkers runs sp in worker processes on this machine, over a bus of its own.
func runWorkers(s streams, sp *spec.Spec, f *jobFlags, r runFlags) error {
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
	logf := func(format string, args ...any) {
		if !r.quiet {
			fmt.Fprintf(s.err, "iago: "+format+"\n", args...)
		}
	}
	b := busFlags{conf: bus.Config{URL: embedded}, listen: "127.0.0.1:0"}
	c, err := b.connect(ctx, "iago run", logf)
	if err != nil {
		return err
	}
	defer c.close()
	conf.Bus, conf.Stdin, conf.Logf, conf.Job = c.Bus, s.in, logf, "run"
	crew, err := newCrew(c.server.URL(), c.server.Token(), "run", r.poller)
	if err != nil {
		return err
	}
	defer crew.close()
	conf.OnPrepared = func() error { return crew.start(f.workers) }
	return feedJob(s, human, conf, r, ctx, kill)
}

// crew is the worker processes of a run.
type crew struct {
	url, job, poller string
	dir              string // with the token
	mu               sync.Mutex
	procs            []*exec.Cmd
	pipes            []*os.File
	ended            sync.WaitGroup
}

func newCrew(url, token, job, poller string) (*crew, error) {
	dir, err := os.MkdirTemp("", "iago-run-")
	if err != nil {
		return nil, err
	}
	c := &crew{url: url, job: job, poller: poller, dir: dir}
	if err := os.WriteFile(c.token(), []byte(token), 0o600); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return c, nil
}

func (c *crew) token() string { return filepath.Join(c.dir, "token") }

// start starts n workers, which end with this process, whatever ends it: their standard input does.
func (c *crew) start(n int) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range n {
		p := exec.CommandContext(context.Background(), self, "worker", "--with-parent", "--quiet", "--allow-exec", "--bus", c.url, "--bus-token-file", c.token(),
			"--job", c.job, "--name", fmt.Sprintf("worker-%d", i+1), "--poller", c.poller)
		p.SysProcAttr = ownGroup()
		p.Stderr = os.Stderr
		in, out, err := os.Pipe()
		if err != nil {
			return err
		}
		p.Stdin = in
		err = p.Start()
		_ = in.Close()
		if err != nil {
			_ = out.Close()
			return fmt.Errorf("a worker process cannot be started: %w", err)
		}
		c.procs, c.pipes = append(c.procs, p), append(c.pipes, out)
		c.ended.Go(func() { _ = p.Wait() }) // what it had to say is in the results
	}
	return nil
}

// close ends those that have not ended yet.
func (c *crew) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.pipes {
		_ = p.Close()
	}
	c.ended.Wait()
	_ = os.RemoveAll(c.dir)
}
