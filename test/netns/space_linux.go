package netns

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	prefix  = "iago-"
	folder  = "/run/netns" // where `ip netns` keeps namespaces
	patient = 10 * time.Second
)

// run runs a short command and tells what it said if it fails.
func run(input string, argv ...string) error {
	_, err := output(input, argv...)
	return err
}

func output(input string, argv ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patient)
	defer cancel()
	c := exec.CommandContext(ctx, argv[0], argv[1:]...)
	c.Stdin = strings.NewReader(input)
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	if err := c.Run(); err != nil {
		return "", fmt.Errorf("netns: %s: %w: %s", strings.Join(argv, " "), err, bytes.TrimSpace(stderr.Bytes()))
	}
	return stdout.String(), nil
}

// within calls f on a thread that is in the namespace meanwhile.
func within(space string, f func() error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	home, err := os.Open("/proc/thread-self/ns/net")
	if err != nil {
		return fmt.Errorf("netns: the present namespace: %w", err)
	}
	defer home.Close()
	there, err := os.Open(filepath.Join(folder, space))
	if err != nil {
		return fmt.Errorf("netns: namespace: %w", err)
	}
	defer there.Close()
	if err := unix.Setns(int(there.Fd()), unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("netns: entering %s: %w", space, err)
	}
	defer func() {
		if err := unix.Setns(int(home.Fd()), unix.CLONE_NEWNET); err != nil {
			panic(fmt.Sprintf("netns: no way back from %s: %v", space, err)) // whatever runs on this thread next would be on the wrong host
		}
	}()
	return f()
}

// sweep removes the namespaces of processes whose id is told to be gone.
func sweep(gone func(pid int) bool) error {
	list, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("netns: %w", err)
	}
	for _, e := range list {
		rest, ours := strings.CutPrefix(e.Name(), prefix)
		number, _, _ := strings.Cut(rest, "-")
		if pid, err := strconv.Atoi(number); ours && err == nil && gone(pid) {
			if err := removeSpace(e.Name()); err != nil {
				return err
			}
		}
	}
	return nil
}

func dead(pid int) bool { return errors.Is(unix.Kill(pid, 0), unix.ESRCH) }

// removeSpace kills what runs in a namespace, waits for its end and removes the namespace. One that is gone is no mistake: another
// process may be sweeping too.
func removeSpace(space string) error {
	for end := time.Now().Add(patient); ; time.Sleep(5 * time.Millisecond) {
		left := inside(space)
		if len(left) == 0 {
			break
		}
		if time.Now().After(end) {
			return fmt.Errorf("netns: processes %v in %s do not end", left, space)
		}
		for _, pid := range left {
			killIn(space, pid)
		}
	}
	err := run("", "ip", "netns", "del", space)
	if _, there := os.Lstat(filepath.Join(folder, space)); errors.Is(there, fs.ErrNotExist) {
		return nil
	}
	return err
}

// inside lists the processes in a namespace, this one apart. Zombies are in none.
func inside(space string) (pids []int) {
	list, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	for _, e := range list {
		if pid, err := strconv.Atoi(e.Name()); err == nil && pid != os.Getpid() && isIn(space, pid) {
			pids = append(pids, pid)
		}
	}
	return pids
}

func isIn(space string, pid int) bool {
	there, err := os.Stat(filepath.Join(folder, space))
	if err != nil {
		return false
	}
	its, err := os.Stat(fmt.Sprintf("/proc/%d/ns/net", pid))
	return err == nil && os.SameFile(there, its)
}

// killIn kills a process if it is in the namespace. It holds the process while it looks, so that it cannot hit another with the same id.
func killIn(space string, pid int) {
	p, err := os.FindProcess(pid)
	if err != nil {
		return
	}
	defer func() { _ = p.Release() }()
	if isIn(space, pid) {
		_ = p.Signal(syscall.SIGKILL) // if it has just ended, so much the better
	}
}
