package test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// TestExamplesThatAreModules builds the examples that are modules of their own and runs their tests, as one would who has copied them; and the
// tests that are modules because of what they need.
func TestExamplesThatAreModules(t *testing.T) {
	long(t)
	mods, err := filepath.Glob(filepath.Join(root, "examples", "*", "go.mod"))
	if err != nil || len(mods) == 0 {
		t.Fatalf("%d examples are modules: %v", len(mods), err)
	}
	for _, m := range append(mods, filepath.Join(root, "test", "manifests", "go.mod")) {
		dir := filepath.Dir(m)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
			defer cancel()
			for _, args := range [][]string{{"vet", "./..."}, {"test", "./..."}} {
				c := exec.CommandContext(ctx, "go", args...)
				c.Dir, c.Env = dir, append(os.Environ(), "GOFLAGS=-mod=readonly")
				if out, err := c.CombinedOutput(); err != nil {
					t.Fatalf("go %s in %s: %v\n%s\nIf a dependency has changed: go mod tidy there.", args[0], dir, err, out)
				}
			}
		})
	}
}
