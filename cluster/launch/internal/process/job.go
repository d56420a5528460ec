package process

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/iagoloadgen/iago/cluster/launch"
)

// Job is a job whose processes are in a folder: a [launch.Handle]. It knows its children's end from the kernel, if it started them, and
// else from the folder.
type Job struct {
	folder Folder
	name   string
	boot   string

	mu       sync.Mutex
	record   Record
	children []*child // in the order of the record's processes; nil: started by somebody else
}

// Start starts processes in a folder of [Create]. After an error everything is ended, and the folder removed.
func Start(ctx context.Context, f Folder, job string, plans []Plan) (*Job, error) {
	r, err := f.load(job)
	if err != nil {
		return nil, err
	}
	j := &Job{folder: f, name: job, boot: r.Boot, record: *r, children: []*child{}}
	for _, p := range plans {
		if err := j.start(ctx, p); err != nil {
			end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
			defer cancel()
			return nil, errors.Join(err, j.Kill(end, time.Second))
		}
	}
	return j, nil
}

// start starts one process and writes it down.
func (j *Job) start(ctx context.Context, p Plan) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("launch: %s: %w", p.Name, err)
	}
	j.mu.Lock()
	i := len(j.record.Processes)
	c, err := start(p, j.log(p.Name), func(e Entry) { j.over(i, e) })
	if err == nil {
		j.record.Processes, j.children = append(j.record.Processes, c.born), append(j.children, c)
		if err = j.folder.save(&j.record); errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("launch: job %s was killed while it was being started", j.name)
		}
	}
	j.mu.Unlock()
	if err != nil || p.Status == "" {
		return err
	}
	select { // it was only asked for: whoever was asked says whether that is so
	case <-c.done:
	case <-ctx.Done():
		return fmt.Errorf("launch: %s: its start command does not end: %w", p.Name, ctx.Err())
	}
	if c.end.Exit != 0 {
		said, _ := os.ReadFile(j.log(p.Name)) // best effort: more about an error
		return fmt.Errorf("launch: %s: its start command failed (%s): %s", p.Name, c.end.Reason, last(string(said), 500))
	}
	return nil
}

// over takes down how a process ended.
func (j *Job) over(i int, e Entry) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.record.Processes[i] = e
	_ = j.folder.save(&j.record) // for other processes, which call it unknown otherwise; this one knows
}

// Attach finds a job by the name under which it was created.
func Attach(root, job string) (*Job, error) {
	return attach(place(root, job), job)
}

func attach(f Folder, job string) (*Job, error) {
	r, err := f.load(job)
	if err != nil {
		return nil, err
	}
	host, err := os.Hostname()
	if err == nil && host != r.Host {
		return nil, fmt.Errorf("launch: job %s was started on %s, this is %s: do it there", job, r.Host, host)
	}
	return &Job{folder: f, name: job, boot: r.Boot, record: *r}, nil
}

func (j *Job) log(process string) string { return j.folder.Path(process + ".log") }

// entries are the processes as they are known now.
func (j *Job) entries() ([]Entry, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.children == nil {
		r, err := j.folder.load(j.name)
		if err != nil {
			return nil, err
		}
		j.record = *r
	}
	return append([]Entry(nil), j.record.Processes...), nil
}

// alive tells whether the entry's own process runs.
func (j *Job) alive(e Entry) bool {
	return !e.Over && e.PID > 0 && j.boot == boot() && birth(e.PID) == e.Birth && e.Birth != ""
}

// running tells whether anything of the job runs, or may do so.
func (j *Job) running() bool {
	list, err := j.Status(context.Background())
	if err != nil {
		return true
	}
	for _, p := range list {
		if p.State == launch.Running || p.State == launch.Pending {
			return true
		}
	}
	return false
}

// Status implements [launch.Handle].
func (j *Job) Status(ctx context.Context) ([]launch.Process, error) {
	entries, err := j.entries()
	if err != nil {
		return nil, err
	}
	list := make([]launch.Process, len(entries))
	for i, e := range entries {
		if list[i] = j.process(ctx, e); ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	return list, nil
}

func (j *Job) process(ctx context.Context, e Entry) launch.Process {
	p := launch.Process{Name: e.Name, Role: e.Role, Index: e.Index, Started: e.Since, Exit: e.Exit, Reason: e.Reason}
	failed := e.Over && e.Exit != 0
	switch {
	case e.Status != "" && !failed: // it runs somewhere else
		if !e.Over {
			p.State = launch.Pending
		} else {
			p.State, p.Exit, p.Reason = elsewhere(ctx, e.Status)
		}
	case failed:
		p.State = launch.Failed
	case e.Over:
		p.State = launch.Done
	case j.alive(e):
		p.State, p.Where = launch.Running, fmt.Sprintf("process %d", e.PID)
	default:
		p.State, p.Exit, p.Reason = launch.Unknown, -1, "ended, and nobody saw how"
	}
	return p
}

// elsewhere asks a status command. A number that it prints beside its refusal is an exit status.
func elsewhere(ctx context.Context, command string) (s launch.State, exit int, reason string) {
	said, err := shell(ctx, command)
	if err == nil {
		return launch.Running, 0, ""
	}
	exit, bad := strconv.Atoi(said)
	switch {
	case bad != nil:
		return launch.Done, -1, fmt.Sprintf("its status command says: %v", err)
	case exit != 0:
		return launch.Failed, exit, ""
	}
	return launch.Done, 0, ""
}

// Logs implements [launch.Handle].
func (j *Job) Logs(ctx context.Context, process string, follow bool) (io.ReadCloser, error) {
	entries, err := j.entries()
	if err != nil {
		return nil, err
	}
	for i, e := range entries {
		if e.Name != process {
			continue
		}
		over := func() bool { return j.gone(ctx, i) }
		if !follow {
			over = nil
		}
		if e.Logs != "" {
			return openShell(ctx, e.Logs, over)
		}
		return newTail(ctx, j.log(process), over)
	}
	return nil, fmt.Errorf("launch: job %s has no process %q", j.name, process)
}

// gone tells whether process i has ended.
func (j *Job) gone(ctx context.Context, i int) bool {
	entries, err := j.entries()
	if err != nil {
		return true
	}
	e := entries[i]
	return e.Over && e.Status == "" || !j.there(ctx, e)
}

// Wait implements [launch.Handle].
func (j *Job) Wait(ctx context.Context) (int, error) {
	for _, c := range j.children {
		select {
		case <-c.done:
		case <-ctx.Done():
			return -1, ctx.Err()
		}
	}
	for {
		list, err := j.Status(ctx)
		if err != nil {
			return -1, err
		}
		running := false
		for _, p := range list {
			running = running || p.State == launch.Running || p.State == launch.Pending
		}
		if !running {
			return result(j.name, list)
		}
		select {
		case <-ctx.Done():
			return -1, ctx.Err()
		case <-time.After(5 * lookAgain):
		}
	}
}

// result is the job's exit status.
func result(job string, list []launch.Process) (int, error) {
	if status, known := launch.Status(list); known {
		return status, nil
	}
	return -1, fmt.Errorf("launch: job %s has ended; how its feeder did is not known", job)
}

// Cleanup implements [launch.Handle].
func (j *Job) Cleanup(ctx context.Context) error {
	entries, err := j.entries()
	if err != nil {
		return err
	}
	if j.running() {
		return fmt.Errorf("launch: job %s is still running; kill it, or wait for its end", j.name)
	}
	for _, e := range entries {
		if e.Status != "" && e.Stop != "" { // whoever runs it may keep something of it
			if _, err := shell(ctx, e.Stop); err != nil {
				return fmt.Errorf("launch: %s: its stop command failed: %w", e.Name, err)
			}
		}
		removeGroups(e.Cgroup)
	}
	return j.folder.Remove()
}
