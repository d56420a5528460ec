package exec

import (
	"errors"
	"fmt"
	"os"
	osexec "os/exec"
	"slices"
	"sync"
	"time"
)

// defaultGrace is how long a program has to end after its standard input did, and again after it was asked to by a signal.
const defaultGrace = 2 * time.Second

// process is a running program and the three pipes to it.
type process struct {
	cmd    *osexec.Cmd
	stdin  *os.File
	stdout *os.File
	log    *stderrLog

	stderr  *os.File
	logged  chan struct{} // its standard error has been read to the end
	over    chan struct{} // its standard output has
	reaped  sync.Mutex    // held while signals are sent: none to a number that is another's by now
	gone    bool
	closing sync.Once
}

// startProcess runs the program in a process group of its own, so that all of it can be ended and a terminal's Ctrl-C is left to us.
func startProcess(c *Config, name string) (*process, error) {
	p := &process{
		cmd: osexec.Command(c.Exec[0], c.Exec[1:]...), logged: make(chan struct{}), over: make(chan struct{}),
		log: &stderrLog{logf: c.Logf, name: name, now: time.Now},
	}
	p.cmd.Dir = c.Dir
	if len(c.Env) > 0 {
		p.cmd.Env = os.Environ()
		for k, v := range c.Env {
			p.cmd.Env = append(p.cmd.Env, k+"="+v)
		}
		slices.Sort(p.cmd.Env[len(p.cmd.Env)-len(c.Env):])
	}
	ownGroup(p.cmd)
	theirs, err := p.pipes()
	if err == nil {
		err = p.cmd.Start()
	}
	for _, f := range theirs {
		f.Close()
	}
	if err != nil {
		p.closePipes()
		return nil, err
	}
	go func() {
		p.log.run(p.stderr)
		close(p.logged)
	}()
	return p, nil
}

// pipes makes the pipes and returns the program's ends.
func (p *process) pipes() (theirs []*os.File, err error) {
	pipe := func() (r, w *os.File) {
		if err == nil {
			r, w, err = os.Pipe()
		}
		return r, w
	}
	in, stdin := pipe()
	stdout, out := pipe()
	stderr, errs := pipe()
	p.stdin, p.stdout, p.stderr = stdin, stdout, stderr
	for _, f := range []*os.File{in, out, errs} {
		if f != nil {
			theirs = append(theirs, f)
		}
	}
	if err == nil {
		p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = in, out, errs
	}
	return theirs, err
}

func (p *process) closePipes() {
	for _, f := range []*os.File{p.stdin, p.stdout, p.stderr} {
		if f != nil {
			f.Close()
		}
	}
}

// kill ends the program and all that it started and left in its group. What is in the pipe can still be read.
func (p *process) kill() {
	p.signal(true)
	// A descendant in a group of its own may hold the pipes: no waiting for its end.
	deadline := time.Now().Add(time.Second)
	_ = p.stdout.SetReadDeadline(deadline) // an error says that it is closed
	_ = p.stderr.SetReadDeadline(deadline)
}

func (p *process) signal(kill bool) {
	p.reaped.Lock()
	defer p.reaped.Unlock()
	if !p.gone {
		signalGroup(p.cmd.Process, kill)
	}
}

// finish is called when standard output has ended: by then the program has, or is of no use. It returns how it ended.
func (p *process) finish() string {
	close(p.over)
	p.kill()
	p.stdin.Close()
	<-p.logged
	p.reaped.Lock()
	p.gone = true
	err := p.cmd.Wait()
	p.reaped.Unlock()
	p.closePipes()
	var exit *osexec.ExitError
	switch {
	case err == nil:
		return "it ended by itself (exit status 0)"
	case errors.As(err, &exit) && exit.Exited():
		return fmt.Sprintf("it ended with exit status %d", exit.ExitCode())
	case errors.As(err, &exit):
		return "it was ended (" + exit.String() + ")"
	}
	return err.Error()
}

// end asks the program to end, ever less politely, and returns when its standard output has ended.
func (p *process) end(grace time.Duration) {
	p.closing.Do(func() {
		p.stdin.Close()
		for _, force := range []bool{false, true} {
			select {
			case <-p.over:
				return
			case <-time.After(grace):
			}
			if force {
				p.kill()
			} else {
				p.signal(false)
			}
		}
	})
	<-p.over
}
