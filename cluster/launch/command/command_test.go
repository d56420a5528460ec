package command_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"go.uber.org/goleak"

	_ "github.com/iagoloadgen/iago/cluster/launch/command"

	"github.com/iagoloadgen/iago/cluster/launch"
	"github.com/iagoloadgen/iago/cluster/launch/launchtest"
)

func TestMain(m *testing.M) {
	if launchtest.IsStub(os.Args) {
		os.Exit(launchtest.Stub(os.Args, os.Stdout))
	}
	goleak.VerifyTestMain(m)
}

func newLauncher(t testing.TB, file []byte, settings ...string) launch.Launcher {
	t.Helper()
	d, err := launch.ByName("command")
	if err != nil {
		t.Fatal(err)
	}
	l, err := d.New(file, settings...)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func example(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "..", "examples", "launch-command", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func useStub(j *launch.Job) { j.Binary = os.Args[0] }

// empty makes sure that nothing was left in folders.
func empty(t *testing.T, dirs ...string) {
	t.Helper()
	for _, dir := range dirs {
		left, err := os.ReadDir(dir)
		if err != nil || len(left) > 0 {
			t.Errorf("left in %s: %v, %v", dir, left, err)
		}
	}
}

// sshStub stands for ssh: every host is a folder, and nothing of this environment gets there.
const sshStub = `#!/bin/sh
while [ "${1#-}" != "$1" ]; do shift 2; done
host=$1; shift
mkdir -p "MACHINES/$host" && cd "MACHINES/$host" || exit 255
exec env -i PATH="$PATH" HOME="$PWD" STUB_ENV="$STUB_ENV" GORACE="$GORACE" sh -c "$*"
`

func TestSSH(t *testing.T) {
	dir, machines, bin := t.TempDir(), t.TempDir(), t.TempDir()
	text := strings.ReplaceAll(sshStub, "MACHINES", machines)
	if err := os.WriteFile(filepath.Join(bin, "ssh"), []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	launchtest.Run(t, launchtest.Config{
		New: func(t testing.TB) launch.Launcher {
			return newLauncher(t, example(t.(*testing.T), "ssh.yaml"), "dir="+dir, "grace=10s", "hosts=[one, two]")
		},
		Change: useStub,
	})
	empty(t, dir, filepath.Join(machines, "one"), filepath.Join(machines, "two"))
}

// TestHere runs processes by the simplest of templates, feeders too.
func TestHere(t *testing.T) {
	dir, files := t.TempDir(), t.TempDir()
	start := `umask 077; mkdir FILES/{{.ID}} && cd FILES/{{.ID}} && tar -xf - && exec {{shellquote .Binary}} {{shellquote .Args}}`
	start = strings.ReplaceAll(start, "FILES", files)
	launchtest.Run(t, launchtest.Config{
		New: func(t testing.TB) launch.Launcher {
			for _, left := range must(filepath.Glob(files + "/*")) {
				os.RemoveAll(left)
			}
			return newLauncher(t, nil, "dir="+dir, "grace=10s", "worker="+start, "feeder="+start)
		},
		Change: useStub,
	})
	empty(t, dir)
}

func must(list []string, _ error) []string { return list }

// marathon stands for the three requests of Marathon's that the recipe makes.
type marathon struct {
	mu   sync.Mutex
	apps map[string]*exec.Cmd
}

func (m *marathon) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m.mu.Lock()
	defer m.mu.Unlock()
	id := strings.TrimPrefix(r.URL.Path, "/v2/apps/")
	c := m.apps[id]
	switch {
	case r.Method == http.MethodPut:
		var app struct {
			ID, Cmd        string
			Instances, Mem int
			CPUs           float64
		}
		if err := json.NewDecoder(r.Body).Decode(&app); err != nil || app.ID != id || app.Instances != 1 || app.Mem != 512 || app.CPUs != 1 {
			http.Error(w, fmt.Sprint("unexpected: ", app, err), http.StatusUnprocessableEntity)
			return
		}
		c = exec.Command("/bin/sh", "-c", app.Cmd)
		c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		c.Env = append(os.Environ(), "STUB_ENV=env-that-nobody-may-see", "GORACE=atexit_sleep_ms=0")
		if err := c.Start(); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		m.apps[id] = c
	case c == nil:
		http.NotFound(w, r)
	case r.Method == http.MethodDelete:
		syscall.Kill(-c.Process.Pid, syscall.SIGKILL)
		c.Wait()
		delete(m.apps, id)
	}
}

func TestMarathon(t *testing.T) {
	m := &marathon{apps: map[string]*exec.Cmd{}}
	server := httptest.NewServer(m)
	defer server.Close()
	dir, folder := t.TempDir(), t.TempDir()
	launchtest.Run(t, launchtest.Config{
		New: func(t testing.TB) launch.Launcher {
			return newLauncher(t, example(t.(*testing.T), "marathon.yaml"), "dir="+dir, "grace=10s", fmt.Sprintf("vars={marathon: %q, folder: %s}", server.URL, folder))
		},
		Change: useStub,
	})
	empty(t, dir, folder)
	if len(m.apps) > 0 {
		t.Errorf("apps left: %v", m.apps)
	}
}

func TestSlurmIsRendered(t *testing.T) {
	j := launch.Job{Name: "night", Spec: launch.File{Data: []byte("x")}, Bus: launch.Bus{URL: "nats://bus:4222"}}
	j.Complete()
	j.Workers.Resources.CPULimit = 2
	files, err := newLauncher(t, example(t, "slurm.yaml")).Render(j)
	if err != nil {
		t.Fatal(err)
	}
	if text := string(files[0].Data); !strings.Contains(text, "exec srun --job-name=night-worker-0 --nodes=1 --ntasks=1 --exclusive --cpus-per-task=2 sh -c '") {
		t.Error(text)
	}
}

func TestRefused(t *testing.T) {
	d, err := launch.ByName("command")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ settings, want string }{
		{"feeder=x", "worker: expected a template"},
		{"worker={{.Nobody", "worker: template:"},
		{"worker=x status=y", "stop: expected a template beside status"},
		{"worker=x grace=-1s", "grace:"},
	} {
		if _, err := d.New(nil, strings.Fields(tt.settings)...); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, expected %q", tt.settings, err, tt.want)
		}
	}
	j := launch.Job{Name: "a", Spec: launch.File{Data: []byte("x")}}
	j.Complete()
	if _, err := newLauncher(t, nil, "worker=x").Render(j); err == nil || !strings.Contains(err.Error(), "by which workers reach") {
		t.Errorf("an embedded bus without an address: %v", err)
	}
	j.Bus = launch.Bus{URL: "nats://bus:4222"}
	if _, err := newLauncher(t, nil, "worker={{.Vars.nobody}}").Render(j); err == nil || !strings.Contains(err.Error(), "nobody") {
		t.Errorf("a variable that is not there: %v", err)
	}
	j.Files = []launch.File{{Name: "../outside", Data: []byte("x")}}
	if _, err := newLauncher(t, nil, "worker=x", "dir="+t.TempDir()).Start(t.Context(), j); err == nil || !strings.Contains(err.Error(), "outside") {
		t.Errorf("a file outside: %v", err)
	}
}

// TestStartCommandFails: somebody who was asked and refuses is quoted.
func TestStartCommandFails(t *testing.T) {
	dir := t.TempDir()
	j := launch.Job{Name: "a", Spec: launch.File{Data: []byte("x")}, Bus: launch.Bus{URL: "nats://bus:4222"}}
	j.Complete()
	l := newLauncher(t, nil, "dir="+dir, "worker=echo no room; exit 3", "feeder=true", "status=false", "stop=true")
	if _, err := l.Start(t.Context(), j); err == nil || !strings.Contains(err.Error(), "no room") {
		t.Errorf("started: %v", err)
	}
	empty(t, dir)
}
