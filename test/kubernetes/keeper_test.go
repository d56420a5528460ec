//go:build linux

package kubernetes

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// victim is set for a process that makes a keeper and waits to be killed.
const victim = "IAGO_TEST_KEEPER"

// holdForever makes a keeper with control groups, a host and a process that goes on, and says where.
func holdForever() {
	k, err := newKeeper()
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
	c := &Cluster{keeper: k, hosts: hosts(Options{Nodes: 1})}
	ctx := context.Background()
	for _, step := range []func() error{
		func() error { return k.groups(c.Nodes()) },
		func() error { return c.wire(ctx) },
		func() error { return c.spawn("node-1", "sleep", "1000") },
	} {
		if err := step(); err != nil {
			fmt.Println("error:", err)
			os.Exit(1)
		}
	}
	fmt.Println(k.dir, k.first.Process.Pid)
	select {}
}

// TestKilled: a test that has no time to clean up leaves nothing either.
func TestKilled(t *testing.T) {
	long(t)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), victim+"=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	dir, pid, ok := strings.Cut(strings.TrimSpace(line), " ")
	if err != nil || dir == "error:" || !ok {
		t.Fatalf("the keeper says %q: %v", line, err)
	}
	if err := gone(dir, pid, 30*time.Second); err != nil {
		t.Error(err)
	}
}

// left is what is there of a cluster: its folder, its first process, control groups, and processes that work with its files.
func left(dir, pid string) (list []string, err error) {
	for _, pattern := range []string{dir, "/sys/fs/cgroup/*/" + filepath.Base(dir), "/proc/" + pid + "/ns"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			return nil, err
		}
		list = append(list, found...)
	}
	all, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		return nil, err
	}
	for _, file := range all {
		if line, err := os.ReadFile(file); err == nil && strings.Contains(string(line), dir) {
			list = append(list, strings.ReplaceAll(string(line), "\x00", " "))
		}
	}
	return list, nil
}
