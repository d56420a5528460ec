//go:build linux

package kubernetes

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// TestMain also is the program that TestKilled kills.
func TestMain(m *testing.M) {
	if os.Getenv(victim) != "" {
		holdForever()
	}
	goleak.VerifyTestMain(tests{m})
}

// long leaves a test out under -short.
func long(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("makes namespaces and runs a cluster, as root, for minutes; without -short it runs")
	}
}
