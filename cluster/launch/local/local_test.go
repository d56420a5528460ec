package local_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/iagoloadgen/iago/cluster/launch"
	"github.com/iagoloadgen/iago/cluster/launch/launchtest"
	_ "github.com/iagoloadgen/iago/cluster/launch/local"
)

func TestMain(m *testing.M) {
	if launchtest.IsStub(os.Args) {
		os.Exit(launchtest.Stub(os.Args, os.Stdout))
	}
	goleak.VerifyTestMain(m)
}

func newLauncher(t testing.TB, settings ...string) launch.Launcher {
	t.Helper()
	d, err := launch.ByName("local")
	if err != nil {
		t.Fatal(err)
	}
	l, err := d.New(nil, settings...)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestContract(t *testing.T) {
	dir := t.TempDir()
	launchtest.Run(t, launchtest.Config{
		New: func(t testing.TB) launch.Launcher { return newLauncher(t, "dir="+dir, "grace=10s") },
	})
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
