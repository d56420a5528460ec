//go:build linux

package kubernetes

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// process is a part of the cluster that runs as long as the cluster does.
type process struct {
	host, name string
	log        string        // file that its output goes to
	done       chan struct{} // closed when it has ended
	err        error         // how; set by then
}

// spawn starts a program on a host. Its output is in the log that is called as host and program are.
func (c *Cluster) spawn(host string, argv ...string) error {
	name := filepath.Base(argv[0])
	p := &process{host: host, name: name, log: filepath.Join(c.keeper.dir, host+"-"+name+".log"), done: make(chan struct{})}
	out, err := os.Create(p.log)
	if err != nil {
		return err
	}
	defer out.Close()
	cmd := command(context.Background(), append(c.keeper.inside(host), argv...)...)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.Dir = c.keeper.dir
	cmd.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=" + c.keeper.dir, "TMPDIR=" + c.keeper.dir}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("%s on %s: %w", name, host, err)
	}
	c.processes = append(c.processes, p)
	go func() { // ends with the keeper's first process at the latest
		p.err = cmd.Wait()
		close(p.done)
	}()
	return nil
}

// command is nsenter with these arguments. What it has started lives on when it is killed, and may hold its output open.
func command(ctx context.Context, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, "nsenter", args...)
	c.WaitDelay = time.Second
	return c
}

// dead says which of the cluster's processes has ended though the cluster has not.
func (c *Cluster) dead() error {
	for _, p := range c.processes {
		select {
		case <-p.done:
			return fmt.Errorf("%s on %s has ended: %w", p.name, p.host, cmp.Or(p.err, errors.New("exit status 0")))
		default:
		}
	}
	return nil
}

// await asks until a thing is so. An error of ready's says what is amiss, and is not the end.
func (c *Cluster) await(ctx context.Context, what string, ready func(context.Context) error) error {
	every := time.NewTicker(100 * time.Millisecond)
	defer every.Stop()
	for {
		err := ready(ctx)
		if err == nil {
			return nil
		}
		if err := c.dead(); err != nil {
			return fmt.Errorf("waiting until %s: %w", what, err)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting until %s: %w; the last that was seen: %w", what, ctx.Err(), err)
		case <-every.C:
		}
	}
}

// NodeLogs are the ends of the logs of a host's processes: of a node's containerd and kubelet, of Control's etcd, API server, controller
// manager and scheduler.
func (c *Cluster) NodeLogs(host string) string {
	var b strings.Builder
	for _, p := range c.processes {
		if p.host != host {
			continue
		}
		fmt.Fprintf(&b, "--- %s on %s, the end of its log:\n%s\n", p.name, p.host, tail(p.log))
	}
	return b.String()
}

// logs are those of all hosts.
func (c *Cluster) logs() string {
	var b strings.Builder
	for _, h := range c.hosts {
		b.WriteString(c.NodeLogs(h.name))
	}
	return b.String()
}

// tail is the end of a file. Of long lines it has the beginning.
func tail(file string) string {
	const lines, width = 25, 400
	all, err := os.ReadFile(file)
	if err != nil {
		return err.Error()
	}
	split := strings.Split(strings.TrimSpace(string(all)), "\n")
	split = split[max(0, len(split)-lines):]
	for i, l := range split {
		split[i] = l[:min(len(l), width)]
	}
	return strings.Join(split, "\n")
}
