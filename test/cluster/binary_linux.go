package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// command is the name of the binary. A test binary of that name is iago.
const command = "iago"

// binaries are where the binary is made.
var binaries struct {
	folder string // empty outside of Run
	once   sync.Once
	path   string
	err    error
}

// Run runs the tests of a package, from its TestMain, and returns the exit status. iago is the command's main: under -short the test
// binary itself is run as iago, so that it has the race detector if the tests have it.
func Run(m interface{ Run() int }, iago func() int) int {
	if filepath.Base(os.Args[0]) == command {
		return iago()
	}
	sweepFolders()
	folder, err := os.MkdirTemp("", fmt.Sprintf("%s%d-", folderPrefix, os.Getpid()))
	if err != nil {
		fmt.Fprintln(os.Stderr, "cluster:", err)
		return 1
	}
	binaries.folder = folder
	status := m.Run()
	if err := os.RemoveAll(folder); err != nil && status == 0 {
		fmt.Fprintln(os.Stderr, "cluster:", err)
		return 1
	}
	return status
}

// folderPrefix begins the name of the folder of a test binary; its process id follows.
const folderPrefix = "iago-cluster-"

// sweepFolders removes those of test binaries that died.
func sweepFolders() {
	list, err := filepath.Glob(filepath.Join(os.TempDir(), folderPrefix+"*-*"))
	if err != nil {
		return
	}
	for _, dir := range list {
		if dead(strings.TrimPrefix(filepath.Base(dir), folderPrefix)) {
			_ = os.RemoveAll(dir) // another binary may be at it too
		}
	}
}

// Binary is the path of iago: the test binary itself under -short, else cmd/iago as it is built for use. It is made once, when first asked
// for. It may be called from any goroutine.
func Binary(t testing.TB) string {
	t.Helper()
	if binaries.folder == "" {
		t.Fatal("cluster: Binary outside of Run: call cluster.Run in the package's TestMain")
	}
	binaries.once.Do(func() {
		binaries.path = filepath.Join(binaries.folder, command)
		if testing.Short() {
			binaries.err = another(binaries.path)
		} else {
			binaries.err = build(binaries.path)
		}
	})
	if binaries.err != nil {
		t.Fatal(binaries.err)
	}
	return binaries.path
}

// another makes the test binary appear under another path. It is no symbolic link, so that a process that starts itself anew starts iago.
func another(path string) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("cluster: this binary: %w", err)
	}
	if os.Link(self, path) == nil {
		return nil
	}
	from, err := os.Open(self) // on another file system
	if err != nil {
		return fmt.Errorf("cluster: this binary: %w", err)
	}
	defer from.Close()
	to, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		return fmt.Errorf("cluster: %w", err)
	}
	_, err = io.Copy(to, from)
	if err = errors.Join(err, to.Close()); err != nil {
		return fmt.Errorf("cluster: copying this binary: %w", err)
	}
	return nil
}

func build(path string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	mod, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return fmt.Errorf("cluster: go env GOMOD: %w", err)
	}
	c := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", path, "./cmd/iago")
	c.Dir, c.Env = filepath.Dir(strings.TrimSpace(string(mod))), append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("cluster: building iago: %w: %s", err, out)
	}
	return nil
}
