package process

import (
	"os/exec"
	"strings"
	"testing"
)

// TestPlainMemoryLimit: without control groups the data segment is bounded.
func TestPlainMemoryLimit(t *testing.T) {
	c := exec.Command("/bin/sh", "-c", "read go; ulimit -d")
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	c.Stdout = &out
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	l := &limits{memory: 64 << 20, plain: true}
	if err := l.started(c.Process.Pid); err != nil {
		t.Error(err)
	}
	in.Close()
	if err := c.Wait(); err != nil || strings.TrimSpace(out.String()) != "65536" {
		t.Errorf("limit %q KiB, %v; expected 65536", &out, err)
	}
}
