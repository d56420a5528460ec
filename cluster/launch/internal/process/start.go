package process

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"time"
)

// Plan is a process to start.
type Plan struct {
	Entry
	Argv   []string
	Env    []string // besides this process's own
	Dir    string
	Stdin  func() (io.ReadCloser, error) // nil: empty
	Limits Limits
	Sweep  bool // when it has ended, what it started and left in its group is ended too (Linux)
}

// Limits bound a process.
type Limits struct {
	Memory int64 // bytes; 0: none
	CPUs   []int // the processors that it may use; none: all (Linux)
	Nice   int   // added to this process's own niceness (Linux)
}

// child is a process that this one started.
type child struct {
	born Entry         // as it was started
	end  Entry         // as it ended, once done is closed
	done chan struct{} // it has ended
}

// start starts the process; over is called when it has ended, before done is closed. Its output goes to log.
//
// The goroutine that starts it keeps its thread until the process has ended: the kernel takes a thread's end for its parent's
// (prctl(2), PR_SET_PDEATHSIG), and affinity and niceness are inherited from the thread.
func start(p Plan, log string, over func(Entry)) (*child, error) {
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("launch: log of %s: %w", p.Name, err)
	}
	c := &child{born: p.Entry, done: make(chan struct{})}
	cmd := exec.Command(p.Argv[0], p.Argv[1:]...)
	cmd.WaitDelay = time.Second // what it left behind may hold its input
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = p.Dir, append(os.Environ(), p.Env...), out, out
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with this goroutine
		defer close(c.done)
		defer out.Close()
		err := c.launch(cmd, p)
		started <- err
		if err == nil {
			c.wait(cmd, p)
			over(c.end)
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("launch: %s: %w", p.Name, err)
	}
	return c, nil
}

// launch starts the process within its limits.
func (c *child) launch(cmd *exec.Cmd, p Plan) error {
	if p.Stdin != nil {
		in, err := p.Stdin()
		if err != nil {
			return err
		}
		cmd.Stdin = in
	}
	defer func() {
		if in, ok := cmd.Stdin.(io.Closer); ok && cmd.Process == nil {
			in.Close()
		}
	}()
	prepare(cmd)
	l, err := confine(cmd, p)
	if err != nil {
		return err
	}
	err = cmd.Start()
	if err == nil {
		if err = l.started(cmd.Process.Pid); err != nil {
			_ = cmd.Process.Kill() // what cannot be confined is not let run
			_ = cmd.Wait()         // how it ends is known
		}
	}
	if err != nil {
		l.remove()
		return err
	}
	b := &c.born
	b.PID, b.Birth, b.Since, b.Cgroup = cmd.Process.Pid, birth(cmd.Process.Pid), time.Now().Round(0), l.groups
	return nil
}

// wait waits for the end.
func (c *child) wait(cmd *exec.Cmd, p Plan) {
	if p.Sweep {
		sweep(cmd.Process.Pid)
	}
	err := cmd.Wait()
	if in, ok := cmd.Stdin.(io.Closer); ok {
		in.Close()
	}
	removeGroups(c.born.Cgroup)
	c.end = c.born
	c.end.Over, c.end.Exit, c.end.Reason = true, -1, fmt.Sprint(err)
	if cmd.ProcessState != nil { // errors of copying to its input show in what it does
		c.end.Exit, c.end.Reason = ending(cmd.ProcessState)
	}
}
