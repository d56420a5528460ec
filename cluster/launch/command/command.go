// Package command starts a job's processes by commands that the user writes: templates for the shell, run once a process. It is the way to
// anything that has a command line: ssh, srun, an HTTP request to a scheduler (examples/launch-command).
//
// A template is Go's text/template over [Data]. Two kinds of start command are known. One runs as long as the process does (ssh, srun): its
// output is the process's log, its exit status is the process's, and it is sent SIGTERM to end it. The other only asks somebody to run the
// process and returns; then the option status has a command that tells whether it still runs.
//
// Every start command finds a tar archive on its standard input with the files that its process needs, named as in its arguments: the
// bus's secrets, and for feeders the spec and its files. Commands run in the folder of the option dir or, if there is none, this one's.
package command

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"reflect"
	"slices"
	"strings"
	"text/template"
	"time"

	"github.com/iagoloadgen/iago/cluster/launch"
	"github.com/iagoloadgen/iago/cluster/launch/internal/process"
)

func init() {
	launch.Register(launch.Def{
		Name: "command", Summary: "a command of yours for every process: ssh, srun, anything",
		Options: func() launch.Options { return &Options{Grace: 40 * time.Second} },
	})
}

// Options are the launcher's options. Worker, Feeder, Stop, Status and Logs are templates of shell commands.
type Options struct {
	Worker string            `yaml:"worker" help:"command that runs or starts a worker"`
	Feeder string            `yaml:"feeder" help:"command that runs or starts a feeder; default: it runs on this machine"`
	Stop   string            `yaml:"stop"   help:"command that ends a process, before the start command is sent a signal"`
	Status string            `yaml:"status" help:"command that exits 0 while a process runs or will, and afterwards prints its exit status and fails; with it start commands are expected to return at once"`
	Logs   string            `yaml:"logs"   help:"command that prints a process's log, and goes on if $FOLLOW is set; default: what the start command prints"`
	Hosts  []string          `yaml:"hosts"  help:"{{.Host}} is taken from these in turn"`
	Vars   map[string]string `yaml:"vars"   help:"{{.Vars.NAME}} of templates"`
	Dir    string            `yaml:"dir"    help:"folder for the files of jobs (default: in the user's cache folder)"`
	Grace  time.Duration     `yaml:"grace"  help:"how long a process that is killed may take to end by itself"`
}

// Data is what templates see, besides the functions shellquote (a text or a list of them, made words of the shell), json,
// join (of a list, by a text) and mib (of bytes).
type Data struct {
	Job   string // the job's name, as given
	Name  string // "feeder-0", "worker-3"
	Role  string // "feeder" or "worker"
	Index int    // among those of its role, from 0
	Count int    // of processes of its role
	Host  string // from the option hosts; empty if there are none
	// ID is Job and Name in small letters, digits and -, of at most 40 bytes: for names of other systems and of files.
	ID        string
	Binary    string   // iago's path where the process runs
	Args      []string // its arguments; paths are relative to where the archive on standard input is unpacked
	Resources launch.Resources
	Labels    map[string]string
	Vars      map[string]string
}

var functions = template.FuncMap{
	"shellquote": func(v any) (string, error) {
		switch v := v.(type) {
		case string:
			return launch.Quote(v), nil
		case []string:
			return launch.Join(v), nil
		case int:
			return fmt.Sprint(v), nil
		}
		return "", fmt.Errorf("shellquote: expected a text or a list, got %T", v)
	},
	"json": func(v any) (string, error) {
		b, err := json.Marshal(v)
		return string(b), err
	},
	"join": strings.Join,
	"mib": func(bytes any) (int64, error) {
		v := reflect.ValueOf(bytes)
		if !v.CanInt() {
			return 0, fmt.Errorf("mib: expected a number of bytes, got %T", bytes)
		}
		return (v.Int() + 1<<20 - 1) >> 20, nil
	},
}

// NewLauncher implements [launch.Options].
func (o *Options) NewLauncher() (launch.Launcher, error) {
	l := &launcher{Options: *o, templates: map[string]*template.Template{}}
	var wrong []error
	for name, text := range map[string]string{"worker": o.Worker, "feeder": o.Feeder, "stop": o.Stop, "status": o.Status, "logs": o.Logs} {
		t, err := template.New(name).Funcs(functions).Option("missingkey=error").Parse(text)
		if err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", name, err))
			continue
		}
		if strings.TrimSpace(text) != "" {
			l.templates[name] = t
		}
	}
	if strings.TrimSpace(o.Worker) == "" {
		wrong = append(wrong, errors.New("worker: expected a template such as: ssh {{.Host}} … (examples/launch-command)"))
	}
	if l.templates["status"] != nil && l.templates["stop"] == nil {
		wrong = append(wrong, errors.New("stop: expected a template beside status: nothing else could end the processes"))
	}
	if o.Grace < 0 {
		wrong = append(wrong, fmt.Errorf("grace: expected a duration that is not negative, got %v", o.Grace))
	}
	var err error
	l.Dir, err = process.Root(o.Dir)
	if err = errors.Join(append(wrong, err)...); err != nil {
		return nil, err
	}
	return l, nil
}

type launcher struct {
	Options
	templates map[string]*template.Template
}

// Render implements [launch.Launcher]: the start commands, and those that would end the processes as comments.
func (l *launcher) Render(j launch.Job) ([]launch.File, error) {
	entries, err := l.entries(&j)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "#!/bin/sh\n# Job %s. Every command finds a tar archive of its process's files on its standard input.\n", j.Name)
	for _, e := range entries {
		fmt.Fprintf(&b, "\n# %s\n%s\n", e.Name, e.start)
		if e.Stop != "" {
			fmt.Fprintf(&b, "# to end it: %s\n", strings.ReplaceAll(e.Stop, "\n", "\n#   "))
		}
	}
	return []launch.File{{Name: j.Name + ".sh", Data: b.Bytes()}}, nil
}

// Start implements [launch.Launcher].
func (l *launcher) Start(ctx context.Context, j launch.Job) (launch.Handle, error) {
	entries, err := l.entries(&j)
	if err != nil {
		return nil, err
	}
	if err := readable(&j); err != nil {
		return nil, err
	}
	folder, err := process.Create(l.Dir, j.Name, "command")
	if err != nil {
		return nil, err
	}
	var plans []process.Plan
	for _, e := range entries {
		p := process.Plan{Entry: e.Entry, Argv: process.Shell(e.start), Env: env(j.Env)}
		p.Stdin = func() (io.ReadCloser, error) { return archive(&j, e.Role) }
		plans = append(plans, p)
	}
	if l.templates["feeder"] == nil {
		if err := unpack(&j, folder); err != nil {
			return nil, errors.Join(err, folder.Remove())
		}
		for i := range plans {
			if plans[i].Role == launch.Feeder {
				plans[i].Argv, plans[i].Stdin, plans[i].Sweep = l.here(&j, plans[i].Index, folder), nil, true
			}
		}
	}
	h, err := process.Start(ctx, folder, j.Name, plans)
	if err != nil {
		return nil, err
	}
	return h, nil
}

// here is the command of a feeder that runs on this machine.
func (l *launcher) here(j *launch.Job, i int, folder process.Folder) []string {
	layout := layoutOf(j)
	layout.Spec, layout.Secrets = folder.Path(layout.Spec), folder.Path(layout.Secrets)
	if j.Spec.Path != "" {
		layout.Spec = j.Spec.Path
	}
	self, err := os.Executable()
	if err != nil {
		self = binary(j)
	}
	return append([]string{self}, j.FeederCommand(i, layout).Args...)
}

// Detaches implements [launch.Detacher]: processes that others run do not end with this one.
func (l *launcher) Detaches() bool {
	return l.templates["status"] != nil && l.templates["feeder"] != nil
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

// entry is a process with its start command.
type entry struct {
	process.Entry
	start string
}

// entries runs the templates.
func (l *launcher) entries(j *launch.Job) (list []entry, err error) {
	if err := check(j); err != nil {
		return nil, err
	}
	var wrong []error
	for _, c := range j.Commands(layoutOf(j)) {
		d := l.data(j, c)
		e := entry{Entry: process.Entry{Name: c.Name, Role: c.Role, Index: c.Index}}
		start := string(c.Role)
		if c.Role == launch.Feeder && l.templates[start] == nil { // it runs here: nobody else need be asked about it
			e.start = launch.Join(append([]string{d.Binary}, c.Args...))
			list = append(list, e)
			continue
		}
		for name, to := range map[string]*string{start: &e.start, "stop": &e.Stop, "status": &e.Status, "logs": &e.Logs} {
			t := l.templates[name]
			if t == nil {
				continue
			}
			var b strings.Builder
			if err := t.Execute(&b, d); err != nil {
				wrong = append(wrong, fmt.Errorf("launch: command: template of %s for %s: %w", name, c.Name, err))
			}
			*to = strings.TrimSpace(b.String())
		}
		list = append(list, e)
	}
	return list, errors.Join(wrong...)
}

func (l *launcher) data(j *launch.Job, c launch.Command) Data {
	g := j.Workers
	if c.Role == launch.Feeder {
		g = j.Feeders
	}
	d := Data{
		Job: j.Name, Name: c.Name, Role: string(c.Role), Index: c.Index, Count: g.Count, ID: launch.Name(j.Name+"-"+c.Name, 40),
		Binary: binary(j), Args: c.Args, Resources: g.Resources, Labels: j.Labels, Vars: l.Vars,
	}
	if len(l.Hosts) > 0 {
		d.Host = l.Hosts[c.Index%len(l.Hosts)]
	}
	return d
}

func check(j *launch.Job) error {
	wrong := []error{j.Validate()}
	if j.Cron != "" {
		wrong = append(wrong, errors.New("launch: command: no schedules; expected no cron"))
	}
	if j.Bus.Embedded && (j.Bus.URL == "" || j.Bus.Listen == "") {
		wrong = append(wrong, errors.New("launch: command: bus: expected the URL by which workers reach the first feeder, and where it listens (--bus-listen), or a bus of your own (--bus)"))
	}
	if host, _, err := net.SplitHostPort(j.Bus.Listen); err == nil && j.Bus.Embedded && !loopback(host) && !j.Bus.Plain && len(j.Bus.ServeCert) == 0 {
		wrong = append(wrong, fmt.Errorf("launch: command: bus: on %s everything would pass unencrypted; expected a certificate (--bus-serve-cert, --bus-serve-key), or --bus-plain to say that it may", j.Bus.Listen))
	}
	return errors.Join(wrong...)
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func binary(j *launch.Job) string {
	if j.Binary != "" {
		return j.Binary
	}
	return "iago"
}

// layoutOf is how the archive is laid out.
func layoutOf(j *launch.Job) launch.Layout {
	return launch.Layout{Spec: "spec/" + j.Spec.Name, Secrets: "bus", Bus: j.Bus.URL, Listen: j.Bus.Listen}
}

func env(set map[string]string) (list []string) {
	for k, v := range set {
		list = append(list, k+"="+v)
	}
	slices.Sort(list)
	return list
}
