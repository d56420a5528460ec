// Package local starts a job's processes on this machine, as children of this process: they end when it does, whatever way it does. Their
// output goes to files in a folder that only this user can read, where other processes find what they need to look after the job or to
// kill it.
package local

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/iagoloadgen/iago/cluster/launch"
	"github.com/iagoloadgen/iago/cluster/launch/internal/process"
)

func init() {
	launch.Register(launch.Def{
		Name: "local", Summary: "processes on this machine, which end with the launching one",
		Options: func() launch.Options { return &Options{Grace: 40 * time.Second} },
	})
}

// Options are the launcher's options.
type Options struct {
	Dir    string        `yaml:"dir"    help:"folder for the files of jobs (default: in the user's cache folder)"`
	Grace  time.Duration `yaml:"grace"  help:"how long a process that is killed may take to end by itself"`
	Nice   int           `yaml:"nice"   help:"niceness of workers, 0 to 19 (Linux)"`
	Spread bool          `yaml:"spread" help:"give every worker processors of its own, as many as its CPU limit, round and round (Linux)"`
}

// NewLauncher implements [launch.Options].
func (o *Options) NewLauncher() (launch.Launcher, error) {
	var wrong []error
	if o.Grace < 0 {
		wrong = append(wrong, fmt.Errorf("grace: expected a duration that is not negative, got %v", o.Grace))
	}
	if o.Nice < 0 || o.Nice > 19 {
		wrong = append(wrong, fmt.Errorf("nice: expected 0 to 19, got %d", o.Nice))
	}
	dir, err := process.Root(o.Dir)
	if err = errors.Join(append(wrong, err)...); err != nil {
		return nil, err
	}
	l := &launcher{Options: *o}
	l.Dir = dir
	return l, nil
}

type launcher struct{ Options }

// defaultListen is what Render shows in the place of a free port.
const defaultListen = "127.0.0.1:4222"

// Render implements [launch.Launcher]: one script with the command lines. It shows what Start does; secrets are in files that only Start
// writes.
func (l *launcher) Render(j launch.Job) ([]launch.File, error) {
	if err := check(&j); err != nil {
		return nil, err
	}
	if j.Bus.Listen == "" {
		j.Bus.Listen = defaultListen
	}
	folder := filepath.Join(l.Dir, launch.Name(j.Name, 60))
	var b bytes.Buffer
	fmt.Fprintf(&b, "#!/bin/sh\n# Job %s on this machine. Files that are named below %s are written when the job is launched.\n", j.Name, folder)
	for _, c := range j.Commands(layout(&j, folder)) {
		fmt.Fprintf(&b, "%s &\n", launch.Join(append([]string{binary(&j)}, c.Args...)))
	}
	b.WriteString("wait\n")
	return []launch.File{{Name: j.Name + ".sh", Data: b.Bytes()}}, nil
}

// Start implements [launch.Launcher].
func (l *launcher) Start(ctx context.Context, j launch.Job) (launch.Handle, error) {
	if err := check(&j); err != nil {
		return nil, err
	}
	if j.Bus.Embedded && j.Bus.Listen == "" {
		free, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("launch: local: a port for the bus: %w", err)
		}
		j.Bus.Listen = free.Addr().String()
		free.Close()
	}
	folder, err := process.Create(l.Dir, j.Name, "local")
	if err != nil {
		return nil, err
	}
	plans, err := l.plans(&j, folder)
	if err != nil {
		return nil, errors.Join(err, folder.Remove())
	}
	h, err := process.Start(ctx, folder, j.Name, plans)
	if err != nil {
		return nil, err
	}
	return h, nil
}

// Attach implements [launch.Launcher].
func (l *launcher) Attach(_ context.Context, job string) (launch.Handle, error) {
	h, err := process.Attach(l.Dir, job)
	if err != nil {
		return nil, err
	}
	return h, nil
}

// Kill implements [launch.Launcher].
func (l *launcher) Kill(ctx context.Context, job string) error {
	h, err := process.Attach(l.Dir, job)
	if err != nil {
		return err
	}
	return h.Kill(ctx, l.Grace)
}

// plans writes the files that the processes need and says how they are started.
func (l *launcher) plans(j *launch.Job, folder process.Folder) ([]process.Plan, error) {
	for _, f := range j.Bus.Files(launch.Feeder) {
		if err := folder.Write("bus/"+f.Name, f.Data); err != nil {
			return nil, err
		}
	}
	if j.Spec.Path == "" { // not on this machine: what it refers to is beside it
		files, err := j.Carried()
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			b, err := f.Content(math.MaxInt64 - 1)
			if err == nil {
				err = folder.Write("spec/"+f.Name, b)
			}
			if err != nil {
				return nil, err
			}
		}
	}
	cpus := process.CPUs()
	var plans []process.Plan
	for _, c := range j.Commands(layout(j, string(folder))) {
		r := j.Workers.Resources
		if c.Role == launch.Feeder {
			r = j.Feeders.Resources
		}
		p := process.Plan{
			Entry:  process.Entry{Name: c.Name, Role: c.Role, Index: c.Index},
			Argv:   append([]string{binary(j)}, c.Args...),
			Env:    env(j.Env, r),
			Limits: process.Limits{Memory: r.MemoryLimit},
			Sweep:  true,
		}
		if c.Role == launch.Worker {
			p.Limits.Nice = l.Nice
			if l.Spread {
				p.Limits.CPUs = share(cpus, c.Index, cores(r))
			}
		}
		plans = append(plans, p)
	}
	return plans, nil
}

// check refuses what this launcher cannot do.
func check(j *launch.Job) error {
	wrong := []error{j.Validate()}
	if j.Cron != "" {
		wrong = append(wrong, errors.New("launch: local: no schedules; expected no cron, or use the machine's own cron"))
	}
	return errors.Join(wrong...)
}

func binary(j *launch.Job) string {
	if j.Binary != "" {
		return j.Binary
	}
	if self, err := os.Executable(); err == nil {
		return self
	}
	return "iago"
}

func layout(j *launch.Job, folder string) launch.Layout {
	l := launch.Layout{Secrets: filepath.ToSlash(filepath.Join(folder, "bus")), Bus: j.Bus.URL, Listen: j.Bus.Listen}
	if l.Bus == "" {
		l.Bus = j.Bus.Scheme() + "://" + l.Listen
	}
	if l.Spec = j.Spec.Path; l.Spec == "" {
		l.Spec = filepath.Join(folder, "spec", filepath.FromSlash(j.Spec.Name))
	}
	return l
}

// cores are the whole processors that are at most used.
func cores(r launch.Resources) int {
	return int(math.Ceil(max(r.CPULimit, r.CPU)))
}

// env is the job's environment, with limits that Go's runtime keeps by itself: the memory's a tenth lower, so that it collects garbage
// before the kernel kills.
func env(set map[string]string, r launch.Resources) (list []string) {
	if r.MemoryLimit > 0 {
		list = append(list, "GOMEMLIMIT="+strconv.FormatInt(r.MemoryLimit/10*9, 10))
	}
	if r.CPULimit > 0 {
		list = append(list, "GOMAXPROCS="+strconv.Itoa(int(math.Ceil(r.CPULimit))))
	}
	for k, v := range set {
		list = append(list, k+"="+strings.ReplaceAll(v, "\x00", ""))
	}
	return list
}

// share are the processors of worker i, n of them (one at least), dealt round and round.
func share(cpus []int, i, n int) (mine []int) {
	n = min(max(n, 1), len(cpus))
	for k := range n {
		mine = append(mine, cpus[(i*n+k)%len(cpus)])
	}
	return mine
}
