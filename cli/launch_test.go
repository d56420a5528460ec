package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/iagoloadgen/iago/cluster/launch"
	_ "github.com/iagoloadgen/iago/cluster/launch/kubernetes"
	_ "github.com/iagoloadgen/iago/cluster/launch/local"
	_ "github.com/iagoloadgen/iago/transport/http1"
)

// launchIn runs the command and returns what it says and its status.
func launchIn(t *testing.T, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	var out, errs bytes.Buffer
	c := newLaunch(streams{strings.NewReader(""), &out, &errs})
	c.SetArgs(args)
	c.SilenceErrors, c.SilenceUsage = true, true
	c.SetOut(&out)
	err := c.ExecuteContext(t.Context())
	if err != nil {
		status = 2
		if e, ok := err.(*exitError); ok { //nolint:errorlint // as Main gets it
			status = e.status
		}
		errs.WriteString(err.Error())
	}
	return out.String(), errs.String(), status
}

// specIn writes a spec with a record file, and a program that stands for iago.
func specIn(t *testing.T, program string) (spec, binary string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"shop.yaml": "target: http://127.0.0.1:1\nrecords: sub/paths.txt\n", "sub/paths.txt": "/a\n", "iago": "#!/bin/sh\n" + program + "\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "shop.yaml"), filepath.Join(dir, "iago")
}

func TestLaunchLocal(t *testing.T) {
	spec, binary := specIn(t, `echo "this is $*"; [ "$1" = worker ] || { [ -s "$2" ] && exit 3; }`)
	state := t.TempDir()
	out, errs, status := launchIn(t, spec, "--yes", "--binary", binary, "--workers", "2", "--job", "night", "--allow-exec", "--on-option", "dir="+state)
	if status != 3 || !strings.Contains(errs, "job night is started") {
		t.Errorf("status %d, expected the feeder's 3: %s", status, errs)
	}
	for _, want := range []string{"feeder-0   | this is feed " + spec + " --yes --job night --workers 2", "worker-1   | this is worker --job night --name worker-1 ", "--allow-exec"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in\n%s", want, out)
		}
	}
	if left, err := os.ReadDir(state); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if _, errs, status := launchIn(t, "--kill", "night", "--yes", "--on-option", "dir="+state); status != 1 || !strings.Contains(errs, "no such job") {
		t.Errorf("killed what is not there: %d, %s", status, errs)
	}
}

func TestLaunchRender(t *testing.T) {
	spec, _ := specIn(t, "")
	out, errs, status := launchIn(t, spec, "--on", "kubernetes", "--on-option", "image=iago:1", "--render", "--cron", "0 3 * * *", "--memory", "64MiB", "--label", "team=shop")
	if status != 0 || !strings.Contains(out, "kind: CronJob") || !strings.Contains(out, `memory: "67108864"`) || !strings.Contains(out, "path: sub/paths.txt") || !strings.Contains(out, "team: shop") {
		t.Errorf("%d %s %s", status, errs, out)
	}
	out, _, _ = launchIn(t, "--help")
	if !strings.Contains(out, "pull_policy") || !strings.Contains(out, "(default IfNotPresent)") {
		t.Errorf("options are missing in the help:\n%s", out)
	}
}

func TestLaunchRefused(t *testing.T) {
	spec, _ := specIn(t, "")
	for _, tt := range []struct{ args, want string }{
		{"SPEC", "Say --yes"},
		{"SPEC --yes --detach", "end with the launching one"},
		{"SPEC --on nowhere", "there are: "},
		{"SPEC --on kubernetes --yes", "image: expected"},
		{"SPEC --on-option nice=x", "expected a number"},
		{"SPEC --on-options nobody.yaml", "nobody.yaml"},
		{"SPEC --workers 0", "one at least"},
		{"SPEC --memory much", "--memory"},
		{"SPEC --bus-token-file nobody", "nobody"},
		{"SPEC --bus nats://me:pw@bus:4222", "--bus-creds"},
		{"http://127.0.0.1:1", "a spec file is needed"},
		{"", "expected one spec file"},
		{"SPEC --kill x", "expected one spec file"},
		{"--kill x", "Say --yes"},
	} {
		args := strings.Fields(strings.ReplaceAll(tt.args, "SPEC", spec))
		if _, errs, status := launchIn(t, args...); status != 2 || !strings.Contains(errs, tt.want) {
			t.Errorf("%s: status %d, %q; expected %q", tt.args, status, errs, tt.want)
		}
	}
}

// TestLaunchAbsolute: a file that the spec names by an absolute path is not carried.
func TestLaunchAbsolute(t *testing.T) {
	spec, _ := specIn(t, "")
	records := filepath.Join(filepath.Dir(spec), "sub", "paths.txt")
	if err := os.WriteFile(spec, []byte("target: http://127.0.0.1:1\nrecords: "+records+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, errs, status := launchIn(t, spec, "--on", "kubernetes", "--on-option", "image=iago:1", "--render")
	if status != 0 || strings.Contains(out, "file-1") {
		t.Errorf("%d %s\n%s", status, errs, out)
	}
}

// away is a job that has ended, but for a worker on a machine that does not answer: its log has no end.
type away struct{ launch.Handle }

func (away) Status(context.Context) ([]launch.Process, error) {
	return []launch.Process{{Name: "feeder-0", Role: launch.Feeder, State: launch.Done}, {Name: "worker-0", Role: launch.Worker, State: launch.Unknown}}, nil
}

func (away) Wait(context.Context) (int, error) { return 3, nil }

func (away) Logs(ctx context.Context, process string, _ bool) (io.ReadCloser, error) {
	r, w := io.Pipe()
	go func() {
		_, _ = fmt.Fprintln(w, "hello")
		if process == "worker-0" {
			<-ctx.Done()
		}
		w.CloseWithError(ctx.Err())
	}()
	return r, nil
}

func (away) Cleanup(context.Context) error {
	return fmt.Errorf("worker-0 on node-2: %w", launch.ErrUnreachable)
}

// TestLaunchMachineLost: the job's end is the end, with its status, and who may be running still is told.
func TestLaunchMachineLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out, errs bytes.Buffer
		began := time.Now()
		err := new(launchFlags).attend(t.Context(), streams{nil, &out, &errs}, nil, away{}, "night")
		if e, ok := err.(*exitError); !ok || e.status != 3 || time.Since(began) > lastWords { //nolint:errorlint // as Main gets it
			t.Errorf("%v after %v, expected status 3 after %v", err, time.Since(began), lastWords)
		}
		if want := "worker-0 on node-2: processes on machines"; !strings.Contains(errs.String(), want) || strings.Count(out.String(), "hello") != 2 {
			t.Errorf("it says %q and %q", out.String(), errs.String())
		}
	})
}
