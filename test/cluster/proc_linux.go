package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/discovery/discoverytest"
	"github.com/iagoloadgen/iago/test/netns"
)

// Proc is a process that a test has started. It is killed when the test ends, with all that it has started, and also if the test binary
// dies. What it said is logged if the test failed. Its methods are for the test's own goroutine, but for what says otherwise.
type Proc struct {
	t      testing.TB
	cmd    *exec.Cmd
	mark   string // in its environment and that of its children
	folder string // of what it says
	began  time.Time
	done   chan struct{} // closed when it has ended
	ended  time.Time     // valid then
}

var (
	started   atomic.Int64
	sweepOnce sync.Once
)

// variable marks processes: the test binary's id and a counter follow.
const variable = "IAGO_TEST_PROCESS="

// Start starts iago on a host; nil stands for the machine itself.
func Start(t testing.TB, host *netns.Host, args ...string) *Proc {
	t.Helper()
	return StartCommand(t, Command(t, host, args...))
}

// Command is the command that [Start] starts, to be given an environment, an input or a folder first. It runs in a folder of its own
// ([Proc.Dir]), since iago writes results where it runs: paths among args are absolute.
func Command(t testing.TB, host *netns.Host, args ...string) *exec.Cmd {
	t.Helper()
	c := exec.CommandContext(context.Background(), Binary(t), args...)
	if host != nil {
		c = host.Command(context.Background(), append([]string{Binary(t)}, args...)...)
	}
	c.Dir = t.TempDir()
	return c
}

// StartCommand starts any command, such as a server of others. Its standard output and error are kept.
func StartCommand(t testing.TB, c *exec.Cmd) *Proc {
	t.Helper()
	sweepOnce.Do(sweep)
	p := &Proc{t: t, cmd: c, folder: t.TempDir(), done: make(chan struct{})}
	p.mark = fmt.Sprintf("%s%d-%d", variable, os.Getpid(), started.Add(1))
	if c.Env == nil {
		c.Env = os.Environ()
	}
	// One that is killed cannot tidy up what it has in the folder for temporary files.
	c.Env = append(c.Env, p.mark, "TMPDIR="+t.TempDir())
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true} // a terminal's interrupt is for the test, not for it
	began := make(chan error, 1)
	go p.run(began)
	if err := <-began; err != nil {
		t.Fatalf("cluster: %v", err)
	}
	t.Cleanup(p.clean)
	return p
}

// run starts the process and waits for its end, on one thread: the kernel takes the end of that thread for the parent's. Output goes to
// files, not through pipes, so that nobody waits for children that outlive the process.
func (p *Proc) run(began chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(p.done)
	out, errOut := os.Create(p.file("stdout"))
	err, errErr := os.Create(p.file("stderr"))
	if failed := errors.Join(errOut, errErr); failed != nil {
		began <- failed
		return
	}
	defer out.Close()
	defer err.Close()
	p.cmd.Stdout, p.cmd.Stderr = out, err
	p.began = time.Now()
	if err := p.cmd.Start(); err != nil {
		began <- err
		return
	}
	began <- nil
	_ = p.cmd.Wait() // its status is asked for later
	p.ended = time.Now()
}

func (p *Proc) file(name string) string { return filepath.Join(p.folder, name) }

// PID is the process's id.
func (p *Proc) PID() int { return p.cmd.Process.Pid }

// Dir is the folder that the process runs in.
func (p *Proc) Dir() string { return p.cmd.Dir }

// Done is closed when the process has ended. It may be used by any goroutine.
func (p *Proc) Done() <-chan struct{} { return p.done }

// Running tells whether the process has not ended. It may be called from any goroutine.
func (p *Proc) Running() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// Kill ends the process the hard way (SIGKILL) and returns when it is gone. Its children go on, if they can.
func (p *Proc) Kill() {
	p.t.Helper()
	p.signal(syscall.SIGKILL)
	p.Wait(10 * time.Second)
}

// Stop asks the process to end (SIGTERM). [Proc.Wait] waits for it.
func (p *Proc) Stop() {
	p.t.Helper()
	p.signal(syscall.SIGTERM)
}

// Interrupt is what Ctrl-C does (SIGINT), but for the process alone.
func (p *Proc) Interrupt() {
	p.t.Helper()
	p.signal(syscall.SIGINT)
}

// Pause stops the process in its tracks (SIGSTOP) and returns when it stands still. Its connections stay, and nobody serves them.
func (p *Proc) Pause() {
	p.t.Helper()
	p.signal(syscall.SIGSTOP)
	netns.Eventually(p.t, 10*time.Second, func() bool { return discoverytest.Still(p.PID()) },
		func() string { return fmt.Sprintf("%v stands still", p) })
}

// Continue lets a paused process go on (SIGCONT).
func (p *Proc) Continue() {
	p.t.Helper()
	p.signal(syscall.SIGCONT)
}

// signal sends a signal; that the process has just ended is no mistake.
func (p *Proc) signal(s syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		p.t.Fatalf("cluster: %v to %v: %v", s, p, err)
	}
}

// Wait waits for the process's end and returns its exit status, −1 if a signal ended it. If it does not end within so long, the test fails.
func (p *Proc) Wait(within time.Duration) int {
	p.t.Helper()
	timer := time.NewTimer(within)
	defer timer.Stop()
	select {
	case <-p.done:
	case <-timer.C:
		p.t.Fatalf("cluster: %v did not end within %v", p, within)
	}
	return p.cmd.ProcessState.ExitCode()
}

// Signal is the signal that ended the process; 0 if it ended by itself, or runs.
func (p *Proc) Signal() syscall.Signal {
	if p.Running() {
		return 0
	}
	if status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return status.Signal()
	}
	return 0
}

// Began is when the process was started.
func (p *Proc) Began() time.Time { return p.began }

// Ended is when the process ended; zero while it runs.
func (p *Proc) Ended() time.Time {
	if p.Running() {
		return time.Time{}
	}
	return p.ended
}

// CPU is the processor time that the process took, its children's that it waited for included; 0 while it runs.
func (p *Proc) CPU() time.Duration {
	if p.Running() {
		return 0
	}
	return p.cmd.ProcessState.UserTime() + p.cmd.ProcessState.SystemTime()
}

// String names the process in messages.
func (p *Proc) String() string { return fmt.Sprintf("process %d (%.200q)", p.PID(), p.cmd.Args) }
