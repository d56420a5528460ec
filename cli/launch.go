package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/iagoloadgen/iago/cluster/launch"
	"github.com/iagoloadgen/iago/report"
)

// launchFlags are the flags of `iago launch`.
type launchFlags struct {
	on, optionFile     string
	options            []string
	kill               string
	render, yes        bool
	detach, keep, exec bool
	job                launchJobFlags
}

func newLaunch(s streams) *cobra.Command {
	var f launchFlags
	c := &cobra.Command{
		Use:   "launch SPEC.yaml --on WHERE --workers N",
		Short: "Start a job's feeders and workers: here, on Kubernetes, by commands of yours",
		Long: `Starts the processes of a distributed job, shows what they print and waits for the job's end; exit status as iago run's. Interrupted, it
kills the job. With --detach it returns when the processes are started.

  iago launch shop.yaml --workers 4                                        on this machine
  iago launch shop.yaml --on kubernetes --workers 20 --on-option image=registry.example/iago:1
  iago launch shop.yaml --on kubernetes --workers 20 --on-options cluster.yaml --render >job.yaml
  iago launch shop.yaml --on command --on-options ssh.yaml --workers 4 --bus nats://10.0.0.1:4222 --bus-listen 0.0.0.0:4222 --bus-plain
  iago launch --kill shop-20300101-120000 --on kubernetes --on-options cluster.yaml

` + launcherHelp(),
		Args: func(_ *cobra.Command, args []string) error {
			if want := map[bool]int{true: 0, false: 1}[f.kill != ""]; len(args) != want {
				return usage(errors.New("expected one spec file, or --kill JOB without one\nSee 'iago launch --help'"))
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			l, err := f.launcher()
			if err != nil {
				return usage(err)
			}
			if f.kill != "" {
				return killJob(s, l, &f)
			}
			j, err := f.job.read(args[0], &f)
			if err != nil {
				return usage(err)
			}
			return f.launch(s, l, j)
		},
	}
	fl := c.Flags()
	fl.StringVar(&f.on, "on", "local", "`WHERE` processes are started: "+strings.Join(launcherNames(), ", "))
	fl.StringArrayVar(&f.options, "on-option", nil, "`KEY=VALUE`, an option of where; repeatable")
	fl.StringVar(&f.optionFile, "on-options", "", "YAML `FILE` with options of where")
	fl.StringVar(&f.kill, "kill", "", "end the processes of `JOB` and remove what was made for it")
	fl.BoolVar(&f.render, "render", false, "print the manifests or commands, start nothing")
	fl.BoolVar(&f.detach, "detach", false, "do not wait for the job's end, where processes outlive this one")
	fl.BoolVar(&f.keep, "keep", false, "leave what was made for a job after its end, so that its logs can be read")
	fl.BoolVar(&f.yes, "yes", false, "no confirmation")
	fl.BoolVar(&f.exec, "allow-exec", false, "workers may run the outside program of the spec")
	f.job.add(fl)
	fl.SortFlags = false
	return c
}

func launcherNames() (names []string) {
	for _, d := range launch.Defs() {
		names = append(names, d.Name)
	}
	return names
}

// launcherHelp lists the launchers with their options.
func launcherHelp() string {
	var b strings.Builder
	b.WriteString("Where, and the options (--on-option KEY=VALUE):\n")
	for _, d := range launch.Defs() {
		fmt.Fprintf(&b, "  %s: %s\n", d.Name, d.Summary)
		for _, o := range d.List() {
			text := o.Help
			if o.Default != "" {
				text += " (default " + o.Default + ")"
			}
			fmt.Fprintf(&b, "    %-18s %s\n", o.Name, text)
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// launcher makes the launcher that the flags ask for.
func (f *launchFlags) launcher() (launch.Launcher, error) {
	d, err := launch.ByName(f.on)
	if err != nil {
		return nil, fmt.Errorf("--on: %w", err)
	}
	var file []byte
	if f.optionFile != "" {
		if file, err = os.ReadFile(f.optionFile); err != nil {
			return nil, fmt.Errorf("--on-options: %w", err)
		}
	}
	return d.New(file, f.options...)
}

// launch renders or starts the job, and waits for its end.
func (f *launchFlags) launch(s streams, l launch.Launcher, j *launch.Job) error {
	files, err := l.Render(*j) // also tells early what is wrong
	if err != nil {
		return usage(err)
	}
	if f.render {
		for _, file := range files {
			if _, err := s.out.Write(file.Data); err != nil {
				return err
			}
		}
		return nil
	}
	if d, ok := l.(launch.Detacher); f.detach && (!ok || !d.Detaches()) {
		return usage(fmt.Errorf("--detach: processes of %s end with the launching one", f.on))
	}
	question := fmt.Sprintf("Start job %s on %s: %d feeder(s), %d worker(s)?", j.Name, f.on, j.Feeders.Count, j.Workers.Count)
	if err := agree(s, question, f.yes); err != nil {
		return err
	}
	ctx, _, done := interruptible()
	defer done()
	h, err := l.Start(ctx, *j)
	if err != nil {
		return &exitError{report.ExitFailed, err}
	}
	fmt.Fprintf(s.err, "job %s is started\n", j.Name)
	if f.detach || j.Cron != "" {
		return nil
	}
	return f.attend(ctx, s, l, h, j.Name)
}

// killTime is how long killing may take; launchers force what does not end by itself within less.
const killTime = 2 * time.Minute

// lastWords is how long after a job's end what its processes have printed is waited for: logs from a machine that does not answer
// have no end.
const lastWords = 10 * time.Second

// attend shows what a job's processes print and waits for their end.
func (f *launchFlags) attend(ctx context.Context, s streams, l launch.Launcher, h launch.Handle, job string) error {
	following, stop := context.WithCancel(ctx)
	defer stop()
	followed := make(chan error, 1)
	go func() { followed <- launch.Follow(following, h, s.out, time.Second) }()
	status, err := h.Wait(ctx)
	if ctx.Err() != nil {
		if err := <-followed; !errors.Is(err, context.Canceled) {
			fmt.Fprintln(s.err, "its output:", err)
		}
		fmt.Fprintf(s.err, "interrupted: killing job %s\n", job)
		end, cancel := context.WithTimeout(context.Background(), killTime)
		defer cancel()
		return &exitError{report.ExitInterrupted, l.Kill(end, job)}
	}
	late := time.AfterFunc(lastWords, stop)
	defer late.Stop()
	if e := <-followed; following.Err() == nil {
		err = errors.Join(err, e)
	}
	if err == nil && !f.keep {
		if err = h.Cleanup(ctx); errors.Is(err, launch.ErrUnreachable) {
			fmt.Fprintln(s.err, err)
			err = nil
		}
	}
	if err != nil {
		return &exitError{report.ExitFailed, err}
	}
	if status != report.ExitDone {
		return &exitError{status: status}
	}
	return nil
}

func killJob(s streams, l launch.Launcher, f *launchFlags) error {
	if err := agree(s, fmt.Sprintf("Kill job %s on %s?", f.kill, f.on), f.yes); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), killTime)
	defer cancel()
	if err := l.Kill(ctx, f.kill); err != nil {
		return &exitError{report.ExitFailed, err}
	}
	fmt.Fprintf(s.err, "job %s is gone\n", f.kill)
	return nil
}

// agree asks, unless yes.
func agree(s streams, question string, yes bool) error {
	if yes {
		return nil
	}
	if !isTerminal(s.in) {
		return usage(fmt.Errorf("%s Say --yes, nobody can be asked", question))
	}
	fmt.Fprintf(s.err, "%s [y/N] ", question)
	answer, err := bufio.NewReader(s.in).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if a := strings.ToLower(strings.TrimSpace(answer)); a != "y" && a != "yes" {
		return usage(errors.New("not confirmed, nothing was done"))
	}
	return nil
}
