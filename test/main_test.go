package test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/iagoloadgen/iago/cli"
	_ "github.com/iagoloadgen/iago/standard"
)

// TestMain makes this test's own binary the iago of script files, so that they cover what it covers.
func TestMain(m *testing.M) {
	os.Setenv("GORACE", withoutSleep)
	testscript.Main(suite{m}, map[string]func(){
		"iago": func() { os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) },
	})
}

// withoutSleep keeps the race detector from waiting a second at the end of every process. A race that it finds ends the process with
// status 66.
const withoutSleep = "atexit_sleep_ms=0"

// suite removes what the tests have built.
type suite struct{ m *testing.M }

func (s suite) Run() int {
	defer func() {
		if built != "" {
			_ = os.RemoveAll(filepath.Dir(built))
		}
	}()
	return s.m.Run()
}

var (
	buildOnce sync.Once
	built     string
	errBuild  error
)

// binary is iago as `make build` makes it, but for the version: built once, when first asked for. Under -short it is this test's own
// binary, so that it has the race detector if this one has.
func binary(t testing.TB) string {
	t.Helper()
	if testing.Short() {
		path, err := exec.LookPath("iago")
		if err != nil {
			t.Fatal(err)
		}
		return path
	}
	buildOnce.Do(func() {
		dir, err := os.MkdirTemp("", "iago-test-")
		if err != nil {
			errBuild = err
			return
		}
		built = filepath.Join(dir, "iago")
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
		defer cancel()
		c := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", built, "./cmd/iago")
		c.Dir, c.Env = root, append(os.Environ(), "CGO_ENABLED=0")
		if out, err := c.CombinedOutput(); err != nil {
			errBuild = fmt.Errorf("%w: %s", err, out)
		}
	})
	if errBuild != nil {
		t.Fatalf("building iago: %v", errBuild)
	}
	return built
}

// root is the module's folder.
const root = ".."

// long skips a story under -short, which goes with the race detector and is run again and again.
func long(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("runs child processes for many seconds; without -short it runs")
	}
}
