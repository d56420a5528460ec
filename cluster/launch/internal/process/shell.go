package process

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// Shell is the command line that runs text in the shell.
func Shell(text string) []string { return []string{"/bin/sh", "-c", text} }

// shell runs a command to its end and returns what it printed with its error.
func shell(ctx context.Context, text string) (string, error) {
	argv := Shell(text)
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	said := strings.TrimSpace(string(out))
	if err == nil {
		return said, nil
	}
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	if said != "" {
		err = fmt.Errorf("%w: %s", err, last(said, 500))
	}
	return said, err
}

// last is the end of a text.
func last(text string, most int) string {
	if len(text) > most {
		return "…" + strings.ToValidUTF8(text[len(text)-most:], "")
	}
	return text
}

// output is what a running command prints.
type output struct {
	io.ReadCloser
	ctx  context.Context
	cmd  *exec.Cmd
	done chan struct{}
	once sync.Once
}

// openShell runs a command for what it prints. It is ended when over says that there will be no more; nil: it ends by itself.
func openShell(ctx context.Context, text string, over func() bool) (io.ReadCloser, error) {
	argv := Shell(text)
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = os.Environ()
	if over != nil {
		cmd.Env = append(cmd.Env, "FOLLOW=1")
	}
	prepareTool(cmd)
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	cmd.Stdout, cmd.Stderr = w, w
	err = cmd.Start()
	w.Close()
	if err != nil {
		r.Close()
		return nil, err
	}
	o := &output{ReadCloser: r, ctx: ctx, cmd: cmd, done: make(chan struct{})}
	go o.watch(over)
	return o, nil
}

// watch ends the command when nobody wants to hear it any more, or nothing will come. It alone waits for its end, so that its number is its own.
func (o *output) watch(over func() bool) {
	select {
	case <-o.ctx.Done():
	case <-o.done:
	case <-whenever(o.done, over):
		time.Sleep(lookAgain) // what it has printed last
	}
	signalGroup(o.cmd.Process.Pid, true)
	_ = o.cmd.Wait() // it was ended, that is how it ends
}

// whenever gives a channel that is closed when over says so, or quit is closed; never without over.
func whenever(quit chan struct{}, over func() bool) <-chan struct{} {
	if over == nil {
		return nil
	}
	c := make(chan struct{})
	go func() {
		defer close(c)
		for !over() {
			select {
			case <-quit:
				return
			case <-time.After(5 * lookAgain):
			}
		}
	}()
	return c
}

// Read tells a reader whose context is over apart from one who has heard everything.
func (o *output) Read(p []byte) (int, error) {
	n, err := o.ReadCloser.Read(p)
	if n == 0 && err != nil && o.ctx.Err() != nil {
		err = o.ctx.Err()
	}
	return n, err
}

// Close ends the command.
func (o *output) Close() error {
	o.once.Do(func() { close(o.done) })
	return o.ReadCloser.Close()
}
