package local_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/cluster/launch"
)

// script makes an executable that stands for iago.
func script(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "iago")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func jobOf(name, binary string) launch.Job {
	j := launch.Job{Name: name, Binary: binary, Spec: launch.File{Data: []byte("target: http://127.0.0.1:1\n")}}
	j.Complete()
	return j
}

// start starts a job that is killed at the test's end.
func start(t *testing.T, l launch.Launcher, j launch.Job) launch.Handle {
	t.Helper()
	h, err := l.Start(t.Context(), j)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Kill(context.Background(), j.Name); err != nil && !errors.Is(err, launch.ErrNoJob) {
			t.Error(err)
		}
	})
	return h
}

// log waits for a process's end and returns what it printed.
func log(t *testing.T, h launch.Handle, process string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	r, err := h.Logs(ctx, process, true)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// lines reads a process's log until it has so many lines.
func lines(t *testing.T, h launch.Handle, process string, n int) (list []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	r, err := h.Logs(ctx, process, true)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	s := bufio.NewScanner(r)
	for len(list) < n && s.Scan() {
		list = append(list, s.Text())
	}
	if len(list) < n {
		t.Fatalf("%s: %q, %v; expected %d lines", process, list, s.Err(), n)
	}
	return list
}

// gone waits until there is no process of that number but, at most, a zombie.
func gone(t *testing.T, pid string) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		b, err := os.ReadFile("/proc/" + pid + "/stat")
		if err != nil || strings.Contains(string(b), ") Z ") {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("process %s is still there: %s", pid, b)
		}
	}
}

func TestEmbeddedBusHasAPort(t *testing.T) {
	h := start(t, newLauncher(t, "dir="+t.TempDir()), jobOf("bus", script(t, `echo "$@"`)))
	feeder, worker := log(t, h, "feeder-0"), log(t, h, "worker-0")
	_, listen, _ := strings.Cut(feeder, "--bus embedded --bus-listen ")
	listen, _, _ = strings.Cut(listen, " ")
	if listen == "" || strings.HasSuffix(listen, ":0") || !strings.Contains(worker, "--bus nats://"+listen+" ") {
		t.Errorf("the feeder listens on %q, the worker is told\n%s", listen, worker)
	}
}

func TestSignals(t *testing.T) {
	l := newLauncher(t, "dir="+t.TempDir(), "grace=200ms")
	h := start(t, l, jobOf("deaf", script(t, `trap '' TERM; sleep 1000 & echo $$; echo $!; wait`)))
	pids := append(lines(t, h, "worker-0", 2), lines(t, h, "feeder-0", 2)...)
	if err := l.Kill(t.Context(), "deaf"); err != nil {
		t.Fatal(err)
	}
	for _, pid := range pids {
		gone(t, pid)
	}
	if status, err := h.Wait(t.Context()); err != nil || status != 128+9 {
		t.Errorf("exit status %d, %v; expected 137, that of a process that was killed", status, err)
	}
}

func TestWhatAProcessLeavesIsSwept(t *testing.T) {
	h := start(t, newLauncher(t, "dir="+t.TempDir()), jobOf("swept", script(t, `sleep 1000 & echo $!`)))
	gone(t, strings.TrimSpace(log(t, h, "worker-0")))
}

// TestParentDies starts a job in a process that is then killed.
func TestParentDies(t *testing.T) {
	dir := t.TempDir()
	c := exec.Command(os.Args[0], "-test.run=^TestParent$")
	c.Env = append(os.Environ(), "LAUNCH_PARENT="+dir, "LAUNCH_BINARY="+script(t, `echo $$; exec sleep 1000`))
	out, err := c.StdoutPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	s := bufio.NewScanner(out)
	var pids []string
	for len(pids) < 2 && s.Scan() {
		if pid, ok := strings.CutPrefix(s.Text(), "started "); ok {
			pids = append(pids, pid)
		}
	}
	if err := c.Process.Kill(); err != nil {
		t.Error(err)
	}
	_ = c.Wait() // it was killed
	if len(pids) < 2 {
		t.Fatal("the parent started nothing")
	}
	for _, pid := range pids {
		gone(t, pid)
	}
	l := newLauncher(t, "dir="+dir)
	h, err := l.Attach(t.Context(), "orphan")
	if err != nil {
		t.Fatal(err)
	}
	list, err := h.Status(t.Context())
	if err != nil || len(list) != 2 || list[0].State != launch.Unknown || list[0].Exit != -1 {
		t.Errorf("%+v, %v; expected that it is not known how they ended", list, err)
	}
	if _, err := h.Wait(t.Context()); err == nil {
		t.Error("an exit status is told that nobody saw")
	}
	if len(lines(t, h, "worker-0", 1)) != 1 {
		t.Error("the log is gone")
	}
	// Its name is free again.
	start(t, l, jobOf("orphan", script(t, "sleep 1000")))
}

// TestParent is the process that TestParentDies kills.
func TestParent(t *testing.T) {
	dir := os.Getenv("LAUNCH_PARENT")
	if dir == "" {
		return
	}
	h := start(t, newLauncher(t, "dir="+dir), jobOf("orphan", os.Getenv("LAUNCH_BINARY")))
	for _, p := range []string{"feeder-0", "worker-0"} {
		fmt.Println("started", lines(t, h, p, 1)[0])
	}
	select {}
}

// TestNumbersOfOthers: a process that has the number of one that ended is not taken for it.
func TestNumbersOfOthers(t *testing.T) {
	dir := t.TempDir()
	l := newLauncher(t, "dir="+dir, "grace=0s")
	other := exec.Command("sleep", "1000")
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		other.Process.Kill()
		other.Wait()
	}()
	time.Sleep(50 * time.Millisecond) // births are told apart by hundredths of a second
	h := start(t, l, jobOf("mixed-up", script(t, "echo $$")))
	mine := strings.TrimSpace(log(t, h, "worker-0"))
	record := filepath.Join(dir, "mixed-up", "job.json")
	if _, err := h.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(record)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(string(b), `"pid": `+mine+",", fmt.Sprintf(`"pid": %d,`, other.Process.Pid))
	text = strings.ReplaceAll(text, `"over": true`, `"over": false`)
	if text == string(b) {
		t.Fatalf("nothing to change in %s", b)
	}
	if err := os.WriteFile(record, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := l.Kill(t.Context(), "mixed-up"); err != nil {
		t.Fatal(err)
	}
	if err := other.Process.Signal(syscall.Signal(0)); err != nil {
		t.Errorf("somebody else's process was killed: %v", err)
	}
}

func TestStartFails(t *testing.T) {
	dir := t.TempDir()
	j := jobOf("broken", filepath.Join(dir, "no-such-program"))
	if _, err := newLauncher(t, "dir="+dir).Start(t.Context(), j); err == nil || !strings.Contains(err.Error(), "feeder-0") {
		t.Errorf("started: %v", err)
	}
	j.Cron = "* * * * *"
	if _, err := newLauncher(t, "dir="+dir).Start(t.Context(), j); err == nil || !strings.Contains(err.Error(), "cron") {
		t.Errorf("started on a schedule: %v", err)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if _, err := newLauncher(t, "dir="+dir).Start(ended, jobOf("late", "/bin/true")); !errors.Is(err, context.Canceled) {
		t.Errorf("started though nobody wants it any more: %v", err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestFilesAreSecret(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "jobs")
	start(t, newLauncher(t, "dir="+dir), jobOf("secret", script(t, "sleep 1000")))
	err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v: others can look into it", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestOptions(t *testing.T) {
	d, err := launch.ByName("local")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ setting, want string }{
		{"nice=30", "nice: expected 0 to 19"},
		{"grace=-1s", "grace:"},
		{"grace=soon", "a duration"},
		{"spread=perhaps", "true or false"},
		{"nise=3", `did you mean "nice"?`},
		{"nice", "key=value"},
	} {
		if _, err := d.New(nil, tt.setting); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, expected %q", tt.setting, err, tt.want)
		}
	}
	if _, err := d.New([]byte("grace: 5s\nnice: 3\ndirr: x\n")); err == nil || !strings.Contains(err.Error(), "dirr") {
		t.Errorf("unknown field in a file: %v", err)
	}
	if _, err := d.New([]byte("grace: 5s\nnice: 3\n"), "nice=4"); err != nil {
		t.Error(err)
	}
}
