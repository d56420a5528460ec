package test

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/report"
)

// run is `iago run` in a process of its own.
type run struct {
	*child
	dir string // run directory
}

// outcome is what a run leaves.
type outcome struct {
	*report.Summary
	dir      string
	status   int
	out, err string
	took     time.Duration
}

// startRun starts `iago run` with a run directory of the test's own.
func startRun(t testing.TB, args ...string) *run {
	t.Helper()
	return startRunAs(t, nil, args...)
}

// startRunAs does so through another command, such as bash with a script that ends in `exec "$@"`, and lets prepare
// change the process before it starts.
func startRunAs(t testing.TB, prepare func(*exec.Cmd), args ...string) *run {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "run")
	c := exec.Command(binary(t), append([]string{"run", "--quiet", "--out", dir}, args...)...)
	c.Dir = t.TempDir()
	if prepare != nil {
		prepare(c)
	}
	return &run{child: start(t, c), dir: dir}
}

// through makes the command run as the arguments of a bash script, which finds it in "$@".
func through(script string) func(*exec.Cmd) {
	return func(c *exec.Cmd) {
		c.Args = append([]string{"bash", "-c", script, "bash", c.Path}, c.Args[1:]...)
		c.Path, c.Err = exec.LookPath("bash")
	}
}

// iago runs `iago run` to its end and checks what must hold of every run.
func iago(t testing.TB, limit time.Duration, args ...string) *outcome {
	t.Helper()
	return startRun(t, args...).finish(t, limit)
}

// finish waits for the run's end, reads its summary, and checks what must hold of every run.
func (r *run) finish(t testing.TB, limit time.Duration) *outcome {
	t.Helper()
	o := r.wait(t, limit)
	raw, err := os.ReadFile(filepath.Join(o.dir, "summary.json"))
	if err != nil {
		t.Fatalf("%v ended with status %d and left no summary: %v\n%s%s", r.cmd.Args, o.status, err, o.out, o.err)
	}
	o.read(t, raw)
	checkStatus(t, o)
	checkDirectory(t, o)
	return o
}

// wait waits for the run's end, whatever it leaves.
func (r *run) wait(t testing.TB, limit time.Duration) *outcome {
	t.Helper()
	if err := r.await(limit + patience); err != nil {
		_ = r.cmd.Process.Signal(syscall.SIGQUIT) // tells where its goroutines are
		_ = r.await(5 * time.Second)
		t.Fatalf("%v\n%s", err, r.err.String())
	}
	return &outcome{dir: r.dir, status: r.status(), out: r.out.String(), err: r.err.String(), took: r.ended.Sub(r.began)}
}

// read takes a summary's text and checks it against the contract.
func (o *outcome) read(t testing.TB, raw []byte) {
	t.Helper()
	o.Summary = new(report.Summary)
	if err := json.Unmarshal(raw, o.Summary); err != nil {
		t.Fatalf("summary.json: %v\n%s", err, raw)
	}
	if t.Failed() {
		return
	}
	checkContract(t, raw)
	if err := report.Verify(o.Summary); err != nil {
		t.Error(err)
	}
	checkVerdict(t, o.Summary)
	if t.Failed() {
		t.Logf("summary.json: %s", raw)
	}
}

// under says that the run ended within its schedule, one time-out and the 2 s that the tests allow for all else.
func (o *outcome) under(t testing.TB, schedule, timeout time.Duration) {
	t.Helper()
	if most := schedule + timeout + 2*time.Second; time.Duration(o.Run.ElapsedNS) > most {
		t.Errorf("the run took %v, more than its schedule, its time-out and 2 s", time.Duration(o.Run.ElapsedNS))
	}
}

// kept says that the run's status is 0, or 4 because this machine was too busy: a busy machine is no mistake of Iago's.
func (o *outcome) kept(t testing.TB) {
	t.Helper()
	if o.status != 0 && o.Verdict.Schedule != report.ScheduleSlipped {
		t.Errorf("status %d, verdict %q\n%s%s", o.status, o.Verdict.Schedule, o.out, o.err)
	}
	if o.status == 4 {
		t.Logf("this machine is busy: %s", o.Verdict.Reasons[0])
	}
}

// lines reads a file of JSON objects, one a line.
func lines[T any](t testing.TB, path string) (list []T) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		var v T
		if err := json.Unmarshal(s.Bytes(), &v); err != nil {
			t.Fatalf("%s: %v: %s", path, err, s.Bytes())
		}
		list = append(list, v)
	}
	return list
}

// command runs iago with the given arguments and returns what it prints; any status but 0 is a mistake.
func command(t testing.TB, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c := exec.CommandContext(ctx, binary(t), args...)
	var stderr strings.Builder
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil {
		t.Fatalf("iago %v: %v: %s", args, err, stderr.String())
	}
	return string(out)
}
