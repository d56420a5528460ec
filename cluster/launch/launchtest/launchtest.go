// Package launchtest holds any implementation of launch.Launcher to the seam's contract, ours or a user's.
//
// The processes that are started are [Stub]: a program that takes the arguments of iago's feeders and workers, says hello and
// waits.
package launchtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/cluster/launch"
)

// Config says how the implementation is tested.
type Config struct {
	// New makes a launcher; all that it makes in one test are on the same engine, as those of several processes would be.
	New func(t testing.TB) launch.Launcher
	// Change makes a job fit for the engine: where the stub is, where the bus.
	Change func(*launch.Job)
	// Rendered finds the command lines in what was rendered, if secrets have to be elsewhere in it. Without it they must not be in it at all.
	Rendered func(t testing.TB, files []launch.File) (args [][]string)
	// RenderOnly: the engine cannot be asked to start anything.
	RenderOnly bool
	// Simulated: nothing is run in fact, so logs are made up.
	Simulated bool
	// Patience is how long anything may take; default 30 s.
	Patience time.Duration
}

// Run runs the suite.
func Run(t *testing.T, c Config) {
	t.Helper()
	if c.Patience == 0 {
		c.Patience = 30 * time.Second
	}
	t.Run("render", c.render)
	t.Run("refuse", c.refuse)
	if c.RenderOnly {
		t.Run("render only", c.renderOnly)
		return
	}
	t.Run("life", c.life)
	t.Run("names", c.names)
	t.Run("end", c.end)
	t.Run("follow", c.follow)
}

// What must not be seen.
const (
	token = "t0ken-that-nobody-may-see"
	ca    = "ca-that-nobody-may-see"
	env   = "env-that-nobody-may-see"
)

// Job is a complete job of one feeder and two workers on a bus elsewhere, with secrets.
func (c Config) job(name string) launch.Job {
	j := launch.Job{
		Name: name,
		Spec: launch.File{Name: "spec.yaml", Data: []byte("target: http://127.0.0.1:8080\nrecords: sub/paths.txt\n")},
		Files: []launch.File{
			{Name: "sub/paths.txt", Data: []byte("/a\n/b\n")},
		},
		Workers: launch.Group{Count: 2},
		Bus:     launch.Bus{URL: "nats://bus.example:4222", Token: []byte(token), CA: []byte(ca)},
		Env:     map[string]string{"STUB_ENV": env, "GORACE": "atexit_sleep_ms=0"}, // else a program built with -race waits before it ends
		Labels:  map[string]string{"team": "shop"},
	}
	j.Complete()
	if c.Change != nil {
		c.Change(&j)
	}
	return j
}

func (c Config) render(t *testing.T) {
	j := c.job("render")
	j.Feeders.Args, j.Workers.Args = []string{"--out", "runs of today/it's"}, []string{"--allow-exec"}
	one, err := c.New(t).Render(j)
	if err != nil {
		t.Fatal(err)
	}
	two, err := c.New(t).Render(j)
	if err != nil {
		t.Fatal(err)
	}
	same := func(a, b launch.File) bool { return a.Name == b.Name && bytes.Equal(a.Data, b.Data) }
	if len(one) == 0 || !slices.EqualFunc(one, two, same) {
		t.Errorf("the same job is rendered in different ways:\n%s\n%s", show(one), show(two))
	}
	text := show(one)
	for _, want := range []string{"render", "--allow-exec", "nats://bus.example:4222", "--bus-token-file"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in what is rendered:\n%s", want, text)
		}
	}
	if c.Rendered != nil {
		text = fmt.Sprint(c.Rendered(t, one))
	}
	for _, secret := range []string{token, ca, env} {
		if strings.Contains(text, secret) {
			t.Errorf("%q can be seen in what is rendered:\n%s", secret, text)
		}
	}
}

func show(files []launch.File) string {
	var b strings.Builder
	for _, f := range files {
		fmt.Fprintf(&b, "%s:\n%s\n", f.Name, f.Data)
	}
	return b.String()
}

// refuse: jobs that cannot be are refused, and nothing is left of them.
func (c Config) refuse(t *testing.T) {
	changes := map[string]func(*launch.Job){
		"no name":           func(j *launch.Job) { j.Name = "" },
		"a path as name":    func(j *launch.Job) { j.Name = "../elsewhere" },
		"no workers":        func(j *launch.Job) { j.Workers.Count = 0 },
		"password in a URL": func(j *launch.Job) { j.Bus.URL = "nats://me:" + token + "@bus.example:4222" },
		"key without cert":  func(j *launch.Job) { j.Bus.Key = []byte("key") },
		"token and creds":   func(j *launch.Job) { j.Bus.Creds = []byte("creds") },
		"negative memory":   func(j *launch.Job) { j.Workers.Resources.Memory = -1 },
	}
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			j := c.job("refused")
			change(&j)
			l := c.New(t)
			if _, err := l.Render(j); err == nil {
				t.Error("it is rendered")
			} else if strings.Contains(err.Error(), token) {
				t.Errorf("a secret is in the error: %v", err)
			}
			if c.RenderOnly {
				return
			}
			if h, err := l.Start(t.Context(), j); err == nil {
				t.Errorf("it is started: %v", h)
			}
			if _, err := l.Attach(t.Context(), j.Name); !errors.Is(err, launch.ErrNoJob) {
				t.Errorf("afterwards Attach says %v, not that there is no such job", err)
			}
		})
	}
}

func (c Config) renderOnly(t *testing.T) {
	l := c.New(t)
	_, start := l.Start(t.Context(), c.job("render-only"))
	_, attach := l.Attach(t.Context(), "render-only")
	for _, err := range []error{start, attach, l.Kill(t.Context(), "render-only")} {
		if !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("expected an error that is errors.ErrUnsupported, got %v", err)
		}
	}
}

// life: start, running, logs, attach, kill, gone.
func (c Config) life(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), c.Patience)
	defer cancel()
	l := c.New(t)
	j := c.job("life")
	if _, err := l.Attach(ctx, j.Name); !errors.Is(err, launch.ErrNoJob) {
		t.Fatalf("before the start Attach says %v, not that there is no such job", err)
	}
	h := c.start(ctx, t, l, j)
	list := c.await(ctx, t, h, running)
	counts := map[launch.Role]int{}
	for i, p := range list {
		counts[p.Role]++
		if i == 0 && p.Role != launch.Feeder {
			t.Errorf("the first process is %+v, no feeder", p)
		}
		c.saysHello(ctx, t, h, p)
	}
	if counts[launch.Feeder] != 1 || counts[launch.Worker] != 2 {
		t.Errorf("processes: %v, expected one feeder and two workers", counts)
	}
	if _, err := h.Logs(ctx, "nobody-0", false); err == nil {
		t.Error("there is a log of a process that is none of the job's")
	}
	if _, err := l.Start(ctx, j); !errors.Is(err, launch.ErrExists) {
		t.Errorf("started twice: %v, expected that it exists", err)
	}
	if err := h.Cleanup(ctx); err == nil {
		t.Error("cleaned up while it runs")
	}
	short, end := context.WithTimeout(ctx, 10*time.Millisecond)
	if _, err := h.Wait(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Wait, out of patience: %v", err)
	}
	end()
	other := c.New(t)
	again, err := other.Attach(ctx, j.Name)
	if err != nil {
		t.Fatal(err)
	}
	if found := c.await(ctx, t, again, running); len(found) != len(list) {
		t.Errorf("attached: %v, expected %v", found, list)
	}
	if err := other.Kill(ctx, j.Name); err != nil {
		t.Fatal(err)
	}
	if err := l.Kill(ctx, j.Name); !errors.Is(err, launch.ErrNoJob) {
		t.Errorf("killed twice: %v, expected that there is no such job", err)
	}
	if _, err := other.Attach(ctx, j.Name); !errors.Is(err, launch.ErrNoJob) {
		t.Errorf("after it was killed Attach says %v", err)
	}
}

// start starts a job that is killed at the test's end if it still lives.
func (c Config) start(ctx context.Context, t *testing.T, l launch.Launcher, j launch.Job) launch.Handle {
	t.Helper()
	h, err := l.Start(ctx, j)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), c.Patience)
		defer cancel()
		if err := l.Kill(ctx, j.Name); err != nil && !errors.Is(err, launch.ErrNoJob) {
			t.Error(err)
		}
	})
	return h
}

func running(p launch.Process) bool { return p.State == launch.Running }
func over(p launch.Process) bool    { return p.State.Over() }

// await waits until three processes are as wanted.
func (c Config) await(ctx context.Context, t *testing.T, h launch.Handle, as func(launch.Process) bool) []launch.Process {
	t.Helper()
	for {
		list, err := h.Status(ctx)
		if err != nil {
			t.Fatal(err)
		}
		names := map[string]bool{}
		for _, p := range list {
			if as(p) {
				names[p.Name] = true
			}
		}
		if len(list) >= 3 && len(names) == len(list) {
			return list
		}
		select {
		case <-ctx.Done():
			t.Fatalf("processes: %+v", list)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// saysHello reads a process's log until its first line is there.
func (c Config) saysHello(ctx context.Context, t *testing.T, h launch.Handle, p launch.Process) {
	t.Helper()
	for {
		r, err := h.Logs(ctx, p.Name, false)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err := errors.Join(err, r.Close()); err != nil {
			t.Fatal(err)
		}
		if bytes.ContainsRune(b, '\n') {
			c.checkHello(t, p, string(b))
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("log of %s: %q", p.Name, b)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (c Config) checkHello(t *testing.T, p launch.Process, log string) {
	t.Helper()
	for _, secret := range []string{token, ca, env} {
		if strings.Contains(log, secret) {
			t.Errorf("log of %s: a secret is in it: %s", p.Name, log)
		}
	}
	if c.Simulated {
		return
	}
	want := hello(p.Role, []byte(token), env)
	if !strings.Contains(log, want) {
		t.Errorf("log of %s: %q, expected %q", p.Name, log, want)
	}
}

// names: jobs with names that engines do not like live beside each other.
func (c Config) names(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), c.Patience)
	defer cancel()
	l := c.New(t)
	names := []string{"Shop_Replay-2", "shop-replay-2", "9-" + strings.Repeat("x", 62), "9-" + strings.Repeat("x", 61) + "y"}
	for _, n := range names {
		c.start(ctx, t, l, c.job(n))
	}
	for i, n := range names {
		h, err := l.Attach(ctx, n)
		if err != nil {
			t.Fatal(err)
		}
		c.await(ctx, t, h, running)
		if err := l.Kill(ctx, n); err != nil {
			t.Fatal(err)
		}
		for _, other := range names[i+1:] {
			if _, err := l.Attach(ctx, other); err != nil {
				t.Errorf("%s was killed: %s: %v", n, other, err)
			}
		}
	}
}

// end: a job that ends by itself gives the feeder's exit status.
func (c Config) end(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), c.Patience)
	defer cancel()
	for _, status := range []int{0, 3} {
		j := c.job(fmt.Sprintf("end-%d", status))
		j.Feeders.Args, j.Workers.Args = []string{fmt.Sprintf("--exit=%d", status)}, []string{"--exit=0"}
		l := c.New(t)
		h := c.start(ctx, t, l, j)
		got, err := h.Wait(ctx)
		if err != nil || got != status {
			t.Errorf("exit status %d, %v; expected %d", got, err, status)
		}
		for _, p := range c.await(ctx, t, h, over) {
			if want := map[launch.Role]int{launch.Feeder: status}[p.Role]; p.Exit != want || (p.State == launch.Done) != (want == 0) {
				t.Errorf("%+v, expected exit status %d", p, want)
			}
			c.saysHello(ctx, t, h, p)
		}
		if err := h.Cleanup(ctx); err != nil {
			t.Error(err)
		}
		if _, err := l.Attach(ctx, j.Name); !errors.Is(err, launch.ErrNoJob) {
			t.Errorf("after it was cleaned up Attach says %v", err)
		}
	}
}

// follow: logs are followed until the processes end.
func (c Config) follow(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), c.Patience)
	defer cancel()
	l := c.New(t)
	j := c.job("follow")
	h := c.start(ctx, t, l, j)
	list := c.await(ctx, t, h, running)

	stopped, stop := context.WithCancel(ctx)
	r, err := h.Logs(stopped, list[0].Name, true)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Read(make([]byte, 1)); err != nil {
		t.Errorf("following: %v", err)
	}
	stop()
	if _, err := io.Copy(io.Discard, r); !errors.Is(err, context.Canceled) {
		t.Errorf("following, and then not wanted any more: %v, expected %v", err, context.Canceled)
	}
	r.Close()

	var b bytes.Buffer
	done := make(chan error)
	go func() { done <- launch.Follow(ctx, h, &b, 50*time.Millisecond) }()
	for _, p := range list {
		c.saysHello(ctx, t, h, p)
	}
	if err := l.Kill(ctx, j.Name); err != nil {
		t.Error(err)
	}
	if err := <-done; err != nil {
		t.Errorf("following: %v", err)
	}
	for _, p := range list {
		if !strings.Contains(b.String(), p.Name+" ") {
			t.Errorf("%s is not in what was followed:\n%s", p.Name, &b)
		}
	}
}
