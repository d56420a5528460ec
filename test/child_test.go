package test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"
)

// child is a process that a test has started. It is killed at the test's end if it still runs.
type child struct {
	cmd      *exec.Cmd
	out, err *buffer
	began    time.Time
	done     chan struct{} // closed when it has ended
	ended    time.Time
}

// buffer is a bytes.Buffer that may be read while a process writes to it.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// startCommand starts c with its streams caught, unless they are set.
func startCommand(c *exec.Cmd) (*child, error) {
	p := &child{cmd: c, out: new(buffer), err: new(buffer), done: make(chan struct{})}
	if c.Stdout == nil {
		c.Stdout = p.out
	}
	if c.Stderr == nil {
		c.Stderr = p.err
	}
	c.WaitDelay = 5 * time.Second
	p.began = time.Now()
	if err := c.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = c.Wait() // its status is asked for later
		p.ended = time.Now()
		close(p.done)
	}()
	return p, nil
}

// start is startCommand for a test.
func start(t testing.TB, c *exec.Cmd) *child {
	t.Helper()
	p, err := startCommand(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	return p
}

// kill ends the process the hard way, if it still runs.
func (p *child) kill() {
	select {
	case <-p.done:
	default:
		_ = p.cmd.Process.Kill()
		<-p.done
	}
}

// await waits for the process's end, at most so long.
func (p *child) await(limit time.Duration) error {
	select {
	case <-p.done:
		return nil
	case <-time.After(limit):
		return fmt.Errorf("%v did not end within %v; it said:\n%s", p.cmd.Args, limit, p.err.String())
	}
}

// status is the exit status of a process that has ended, −1 if a signal ended it.
func (p *child) status() int { return p.cmd.ProcessState.ExitCode() }

// signal sends a signal; a process that has just ended is no mistake.
func (p *child) signal(t testing.TB, s syscall.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatalf("signal %v to %v: %v", s, p.cmd.Args, err)
	}
}

// eventually waits until f tells true, at most so long.
func eventually(limit time.Duration, f func() bool) bool {
	for end := time.Now().Add(limit); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if f() {
			return true
		}
	}
	return f()
}
