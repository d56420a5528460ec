package nomad_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/iagoloadgen/iago/cluster/launch"
	"github.com/iagoloadgen/iago/cluster/launch/launchtest"
	_ "github.com/iagoloadgen/iago/cluster/launch/nomad"
)

func newLauncher(t testing.TB, settings ...string) launch.Launcher {
	t.Helper()
	d, err := launch.ByName("nomad")
	if err != nil {
		t.Fatal(err)
	}
	l, err := d.New(nil, settings...)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// rendered is what the tests look at; test/manifests reads the whole by Nomad's own types.
type rendered struct {
	Job struct {
		TaskGroups []struct {
			Name  string
			Tasks []struct {
				Config    struct{ Args []string }
				Templates []struct{ EmbeddedTmpl, DestPath, LeftDelim, RightDelim string }
			}
		}
	}
}

func read(t testing.TB, files []launch.File) (r rendered) {
	t.Helper()
	if err := json.Unmarshal(files[0].Data, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestContract(t *testing.T) {
	launchtest.Run(t, launchtest.Config{
		New:        func(t testing.TB) launch.Launcher { return newLauncher(t, "image=iago:test") },
		RenderOnly: true,
		Rendered: func(t testing.TB, files []launch.File) (args [][]string) {
			for _, g := range read(t, files).Job.TaskGroups {
				args = append(args, g.Tasks[0].Config.Args)
			}
			return args
		},
	})
}

// TestFilesAreTakenAsTheyStand: nothing in a file is taken for a template's action.
func TestFilesAreTakenAsTheyStand(t *testing.T) {
	text := "headers: {X: '{{key}} [[[ [[[[ ]]]'}"
	j := launch.Job{Name: "a", Spec: launch.File{Data: []byte(text)}, Bus: launch.Bus{URL: "nats://bus:4222"}}
	j.Complete()
	files, err := newLauncher(t, "driver=raw_exec").Render(j)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := read(t, files).Job.TaskGroups[0].Tasks[0].Templates[0]
	if tmpl.EmbeddedTmpl != text || strings.Contains(text, tmpl.LeftDelim) || tmpl.DestPath != "secrets/spec/spec.yaml" {
		t.Errorf("%+v", tmpl)
	}
}

func TestRefused(t *testing.T) {
	d, err := launch.ByName("nomad")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ setting, want string }{
		{"driver=docker", "image: expected"}, {"driver=qemu", "driver: expected"}, {"spread=all", "spread: expected"}, {"retries=-1", "retries"},
	} {
		if _, err := d.New(nil, tt.setting); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, expected %q", tt.setting, err, tt.want)
		}
	}
	for name, tt := range map[string]struct {
		change func(*launch.Job)
		want   string
	}{
		"embedded bus":  {func(j *launch.Job) { j.Bus = launch.Bus{}; j.Complete() }, "--bus"},
		"schedule":      {func(j *launch.Job) { j.Cron = "* * * * *" }, "cron"},
		"interpolation": {func(j *launch.Job) { j.Workers.Args = []string{"${HOME}"} }, "${HOME}"},
		"binary file":   {func(j *launch.Job) { j.Files = []launch.File{{Name: "x.gz", Data: []byte{0x1f, 0x8b, 0xff}}} }, "expected text"},
		"large file":    {func(j *launch.Job) { j.Files = []launch.File{{Name: "x", Data: make([]byte, 2<<20)}} }, "absolute path"},
	} {
		j := launch.Job{Name: "a", Spec: launch.File{Data: []byte("x")}, Bus: launch.Bus{URL: "nats://bus:4222"}}
		j.Complete()
		tt.change(&j)
		if _, err := newLauncher(t, "driver=exec").Render(j); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, expected %q", name, err, tt.want)
		}
	}
}
