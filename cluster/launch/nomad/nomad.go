// Package nomad renders a job for HashiCorp Nomad: JSON for `nomad job run -json`. Its form is checked against Nomad's API types; it has not
// been run on a Nomad, so it does not start anything by itself.
package nomad

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/iagoloadgen/iago/cluster/launch"
)

func init() {
	launch.Register(launch.Def{
		Name: "nomad", Summary: "a job file for Nomad (--render only; not tested against a real one)",
		Options: func() launch.Options {
			return &Options{Driver: "docker", Datacenters: []string{"*"}, Spread: "even", Retries: 3, Grace: 40 * time.Second}
		},
	})
}

// Options are the launcher's options.
type Options struct {
	Image       string        `yaml:"image"       help:"image with iago in it; needed by the docker and podman drivers"`
	Driver      string        `yaml:"driver"      help:"task driver: docker, podman, exec or raw_exec"`
	Namespace   string        `yaml:"namespace"   help:"namespace"`
	Region      string        `yaml:"region"      help:"region"`
	Datacenters []string      `yaml:"datacenters" help:"data centers"`
	Spread      string        `yaml:"spread"      help:"workers on nodes: even, one-per-host or none"`
	Retries     int           `yaml:"retries"     help:"how often a worker that fails is started again"`
	Grace       time.Duration `yaml:"grace"       help:"how long a process that is killed may take to end by itself"`
}

// NewLauncher implements [launch.Options].
func (o *Options) NewLauncher() (launch.Launcher, error) {
	var wrong []error
	drivers := []string{"docker", "podman", "exec", "raw_exec"}
	if !slices.Contains(drivers, o.Driver) {
		wrong = append(wrong, fmt.Errorf("driver: expected one of %s, got %q", strings.Join(drivers, ", "), o.Driver))
	}
	if o.containers() && o.Image == "" {
		wrong = append(wrong, errors.New("image: expected an image that has iago in it"))
	}
	if !slices.Contains([]string{"even", "one-per-host", "none"}, o.Spread) {
		wrong = append(wrong, fmt.Errorf("spread: expected one of even, one-per-host, none, got %q", o.Spread))
	}
	if o.Retries < 0 || o.Grace < 0 {
		wrong = append(wrong, errors.New("retries, grace: expected nothing negative"))
	}
	if err := errors.Join(wrong...); err != nil {
		return nil, err
	}
	return &launcher{*o}, nil
}

func (o *Options) containers() bool { return o.Driver == "docker" || o.Driver == "podman" }

type launcher struct{ Options }

// Render implements [launch.Launcher].
func (l *launcher) Render(j launch.Job) ([]launch.File, error) {
	feeder, err := l.feeders(&j)
	if err != nil {
		return nil, err
	}
	worker, err := l.workers(&j)
	if err != nil {
		return nil, err
	}
	name := launch.Name(j.Name, 60)
	spec := map[string]any{"Job": &job{
		ID: name, Name: name, Type: "batch", Region: l.Region, Namespace: l.Namespace, Datacenters: l.Datacenters, Meta: j.Labels,
		TaskGroups: []*group{feeder, worker},
	}}
	b, err := json.MarshalIndent(spec, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("launch: nomad: %w", err)
	}
	return []launch.File{{Name: name + ".json", Data: append(b, '\n')}}, nil
}

func check(j *launch.Job) error {
	wrong := []error{j.Validate()}
	if j.Bus.URL == "" || j.Bus.Embedded {
		wrong = append(wrong, errors.New("launch: nomad: bus: expected the URL of a bus that runs already (--bus)"))
	}
	if j.Cron != "" {
		wrong = append(wrong, errors.New("launch: nomad: no schedules; expected no cron"))
	}
	for _, a := range slices.Concat(j.Feeders.Args, j.Workers.Args) {
		if strings.Contains(a, "${") {
			wrong = append(wrong, fmt.Errorf("launch: nomad: argument %q: Nomad would put something in the place of ${…}", a))
		}
	}
	return errors.Join(wrong...)
}

const secrets = "${NOMAD_SECRETS_DIR}" // a folder in memory that only the task sees

func (l *launcher) feeders(j *launch.Job) (*group, error) {
	if err := check(j); err != nil {
		return nil, err
	}
	files, err := j.Carried()
	if err != nil {
		return nil, err
	}
	for i := range files {
		files[i].Name = "spec/" + files[i].Name
	}
	layout := launch.Layout{Spec: secrets + "/spec/" + j.Spec.Name, Secrets: secrets + "/bus", Bus: j.Bus.URL}
	g, err := l.group(j, j.Feeders, j.FeederCommand(0, layout), append(files, busFiles(j, launch.Feeder)...))
	if err != nil {
		return nil, err
	}
	g.RestartPolicy = &restart{Interval: time.Hour, Delay: 5 * time.Second, Mode: "fail"}
	g.ReschedulePolicy = &reschedule{}
	return g, nil
}

func (l *launcher) workers(j *launch.Job) (*group, error) {
	layout := launch.Layout{Secrets: secrets + "/bus", Bus: j.Bus.URL, Worker: "worker-${NOMAD_ALLOC_INDEX}-${NOMAD_SHORT_ALLOC_ID}"}
	g, err := l.group(j, j.Workers, j.WorkerCommand(0, layout), busFiles(j, launch.Worker))
	if err != nil {
		return nil, err
	}
	g.RestartPolicy = &restart{Attempts: l.Retries, Interval: time.Hour, Delay: 5 * time.Second, Mode: "fail"}
	switch l.Spread {
	case "even":
		g.Spreads = []*spread{{Attribute: "${node.unique.id}", Weight: 100}}
	case "one-per-host":
		g.Constraints = []*constraint{{Operand: "distinct_hosts", RTarget: "true"}}
	}
	return g, nil
}

func busFiles(j *launch.Job, r launch.Role) []launch.File {
	files := j.Bus.Files(r)
	for i := range files {
		files[i].Name = "bus/" + files[i].Name
	}
	return files
}

// group is a group of like tasks, with files in the task's folder of secrets.
func (l *launcher) group(j *launch.Job, g launch.Group, c launch.Command, files []launch.File) (*group, error) {
	t := &task{
		Name: string(c.Role), Driver: l.Driver, Config: map[string]any{"args": c.Args}, Env: j.Env, KillTimeout: l.Grace, Resources: resourcesOf(g.Resources),
	}
	if l.containers() {
		t.Config["image"] = l.Image
	}
	switch {
	case j.Binary != "":
		t.Config["command"] = j.Binary
	case !l.containers():
		t.Config["command"] = "iago"
	}
	const most = 1 << 20 // the folder's size
	for _, f := range files {
		b, err := f.Content(most)
		if err != nil {
			return nil, fmt.Errorf("%w; put large records where the tasks run, and name them by an absolute path", err)
		}
		if !utf8.Valid(b) {
			return nil, fmt.Errorf("launch: nomad: file %s: expected text: a job file cannot carry other bytes", f.Name)
		}
		left, right := delimiters(string(b))
		t.Templates = append(t.Templates, &tmpl{
			EmbeddedTmpl: string(b), DestPath: "secrets/" + f.Name, Perms: "0444", ChangeMode: "noop", LeftDelim: left, RightDelim: right,
		})
	}
	return &group{Name: string(c.Role), Count: g.Count, Tasks: []*task{t}}, nil
}

// delimiters are marks of template actions that a text does not have: it is to be written as it stands.
func delimiters(text string) (left, right string) {
	left, right = "[[[", "]]]"
	for strings.Contains(text, left) {
		left, right = left+"[", right+"]"
	}
	return left, right
}

var errRenders = fmt.Errorf("launch: nomad: %w: only --render; then: nomad job run -json FILE", errors.ErrUnsupported)

// Start implements [launch.Launcher] by refusing, as do the others.
func (l *launcher) Start(context.Context, launch.Job) (launch.Handle, error) { return nil, errRenders }

// Attach implements [launch.Launcher].
func (l *launcher) Attach(context.Context, string) (launch.Handle, error) { return nil, errRenders }

// Kill implements [launch.Launcher].
func (l *launcher) Kill(context.Context, string) error { return errRenders }
