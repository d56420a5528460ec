package test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// Out of descriptors: a slow target needs 100 connections, and the process may open 64 files. What cannot be sent waits, and the
// report says for what.
func TestOutOfDescriptors(t *testing.T) {
	long(t)
	t.Parallel()
	for _, way := range pollers() {
		g := startTarget(t, "--service", "constant:500ms")
		r := startRunAs(t, through(`ulimit -n 64; exec "$@"`), g.url, "-r", "200", "-d", "2s", "--timeout", "2s", "--poller", way)
		o := r.finish(t, 10*time.Second)
		o.under(t, 2*time.Second, 2*time.Second)
		n := o.Requests
		if n.Completed == 0 || o.Generator.DescriptorWaits == 0 || n.Unsent != o.UnsentBy["file descriptors"] {
			t.Errorf("%s: requests %+v, %d waited for a descriptor, unsent by %v, errors %v", way, n, o.Generator.DescriptorWaits, o.UnsentBy, o.Errors)
		}
		if n.Failed != n.TimedOut {
			t.Errorf("%s: errors %v; want of descriptors is no failure of the target's", way, o.Errors)
		}
		if o.Generator.Descriptors != 64 || o.Concurrency.Connections >= 64 {
			t.Errorf("%s: the limit is told as %d, %d connections were open", way, o.Generator.Descriptors, o.Concurrency.Connections)
		}
		if !slices.ContainsFunc(o.Verdict.Reasons, func(s string) bool {
			return strings.Contains(s, "file descriptors") && strings.Contains(s, "ulimit -n")
		}) {
			t.Errorf("%s: the reasons do not say so: %q", way, o.Verdict.Reasons)
		}
		if seen := g.stop(t); seen.Requests != n.Sent {
			t.Errorf("%s: the target saw %d; %d were sent", way, seen.Requests, n.Sent)
		}
	}
}

// onTinyDisk runs a command with $DISK a file system of 64 KiB. Where this process may not mount one, the run directory is
// taken away under the run: what it wants to write at the end fails likewise.
func onTinyDisk(t *testing.T) (script string) {
	const mount = `mount -t tmpfs -o size=64k tmpfs "$DISK" && exec "$@"`
	for _, unshare := range []string{"unshare --mount", "unshare --mount --map-root-user"} {
		if exec.CommandContext(t.Context(), "bash", "-c", unshare+" bash -c 'mount -t tmpfs -o size=64k tmpfs /mnt'").Run() == nil {
			return unshare + ` bash -c '` + mount + `' bash "$@"`
		}
	}
	t.Log("no file system can be mounted here; the run directory is taken away instead")
	return `(sleep 1; rm -rf "$DISK"/run) & exec "$@"`
}

// A disk that is full: the figures are not lost, and the status says that something is wrong.
func TestDiskIsFull(t *testing.T) {
	long(t)
	t.Parallel()
	g := startTarget(t)
	script, disk := onTinyDisk(t), t.TempDir()
	dir := filepath.Join(disk, "run")
	r := startRunAs(t, func(c *exec.Cmd) {
		through(script)(c)
		c.Env = append(os.Environ(), "DISK="+disk)
	}, g.url, "-r", "500", "-d", "3s", "--arrival", "uniform", "--out", dir)
	o := r.wait(t, 10*time.Second)
	if o.status != 1 {
		t.Errorf("status %d\n%s%s", o.status, o.out, o.err)
	}
	begin, end := strings.Index(o.err, "{\n"), strings.LastIndex(o.err, "\n}\n")
	if begin < 0 || end < begin {
		t.Fatalf("no summary on standard error:\n%s\nstandard output:\n%s", o.err, o.out)
	}
	o.read(t, []byte(o.err[begin:end+2]))
	if o.Requests.Scheduled != 1500 || o.Requests.Completed != 1500 {
		t.Errorf("requests %+v", o.Requests)
	}
	if said := o.err[end:]; !strings.Contains(said, "no space left on device") && !strings.Contains(said, "no such file or directory") {
		t.Errorf("the cause is not told: %s", said)
	}
	if !strings.Contains(o.out, "Answered") {
		t.Errorf("no summary for people:\n%s", o.out)
	}
}

// A place for the summary that takes nothing.
func TestSummaryCannotBeWritten(t *testing.T) {
	t.Parallel()
	g := startTarget(t)
	for place, said := range map[string]string{"/dev/full": "write /dev/full: no space left on device", "/proc/nowhere/summary.json": "mkdir /proc/nowhere: "} {
		o := startRun(t, g.url, "-n", "50", "-r", "500", "--summary", place).wait(t, 5*time.Second)
		if o.status != 1 || !strings.Contains(o.err, said) {
			t.Errorf("%s: status %d: %s", place, o.status, o.err)
		}
		if _, err := os.Stat(filepath.Join(o.dir, "summary.json")); err != nil {
			t.Errorf("%s: the run directory has no summary: %v", place, err)
		}
	}
}

// A run directory that cannot be made is found before anything is sent.
func TestRunDirectoryCannotBeMade(t *testing.T) {
	t.Parallel()
	g := startTarget(t)
	theirs := t.TempDir()
	if err := os.WriteFile(filepath.Join(theirs, "thesis.tex"), []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	for dir, said := range map[string]string{"/proc/nowhere/run": "mkdir /proc/nowhere: ", theirs: theirs + " holds other files (thesis.tex, for one)"} {
		o := startRun(t, g.url, "-n", "50", "--out", dir).wait(t, 5*time.Second)
		if o.status != 1 || !strings.Contains(o.err, said) {
			t.Errorf("%s: status %d: %s", dir, o.status, o.err)
		}
	}
	if seen := g.stop(t); seen.Requests != 0 {
		t.Errorf("the target saw %d requests", seen.Requests)
	}
	if left, err := os.ReadDir(theirs); err != nil || len(left) != 1 {
		t.Errorf("somebody else's files: %v %v", left, err)
	}
}
