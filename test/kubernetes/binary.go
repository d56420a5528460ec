//go:build linux

package kubernetes

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// programs are the names that the binary of the nested module goes by.
var programs = []string{"etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kubectl"}

// program is one of them.
func (c *Cluster) program(name string) string { return filepath.Join(c.keeper.dir, "bin", name) }

// programs builds the binary, unless it is there, and gives it its names.
func (c *Cluster) programs(ctx context.Context) error {
	binary, err := kubernetes(ctx)
	if err != nil {
		return err
	}
	if err := os.Mkdir(filepath.Join(c.keeper.dir, "bin"), 0o755); err != nil {
		return err
	}
	for _, p := range programs {
		if err := os.Symlink(binary, c.program(p)); err != nil {
			return err
		}
	}
	return nil
}

// source is this package's folder.
func source() (string, error) {
	_, file, _, _ := runtime.Caller(0)
	if !filepath.IsAbs(file) {
		return "", errors.New("this test was built with -trimpath and so does not know where the repository is")
	}
	return filepath.Dir(file), nil
}

// kubernetes is the path of the binary. Whoever builds it the first time waits long, so it is said before.
func kubernetes(ctx context.Context) (string, error) {
	dir, err := source()
	if err != nil {
		return "", err
	}
	var out, complaints bytes.Buffer
	script := exec.CommandContext(ctx, filepath.Join(dir, "..", "..", "scripts", "kube.sh"))
	script.Stdout, script.Stderr, script.WaitDelay = &out, &complaints, time.Second
	script.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	script.Cancel = func() error { return syscall.Kill(-script.Process.Pid, syscall.SIGKILL) } // with the compilers
	if err := script.Run(); err != nil {
		return "", fmt.Errorf("building Kubernetes: %w: %sRun `make kube` beforehand: it has all the time that it needs", errors.Join(context.Cause(ctx), err), complaints.Bytes())
	}
	return strings.TrimSpace(out.String()), nil
}

// static builds a program of this repository for images, by the path of its package below this one.
func static(ctx context.Context, of, to string) error {
	dir, err := source()
	if err != nil {
		return err
	}
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", to, of)
	build.Dir, build.Env = dir, append(os.Environ(), "CGO_ENABLED=0", "GOTOOLCHAIN=local")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("building %s: %w: %s", of, err, out)
	}
	return nil
}
