package local_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/iagoloadgen/iago/cluster/launch"
)

// TestMemoryLimit: what takes more than it may is ended, and its control group, if there was one, is removed.
func TestMemoryLimit(t *testing.T) {
	python := `exec /usr/bin/python3 -c '
import sys
print("begun", flush=True)
sys.stdin.readline()
b = bytearray(400 << 20)
for i in range(0, len(b), 4096): b[i] = 1
print("took it all")'`
	j := jobOf("hungry", script(t, `[ "$1" = feed ] && exit 0; echo limit $GOMEMLIMIT; `+python))
	j.Workers.Resources = launch.Resources{MemoryLimit: 100 << 20}
	h := start(t, newLauncher(t, "dir="+t.TempDir()), j)
	if text := log(t, h, "worker-0"); !strings.HasPrefix(text, "limit 94371840\nbegun\n") || strings.Contains(text, "took it all") {
		t.Errorf("log: %q", text)
	}
	if _, err := h.Wait(t.Context()); err != nil {
		t.Error(err)
	}
	list, err := h.Status(t.Context())
	if err != nil || list[1].State != launch.Failed {
		t.Errorf("%+v, %v; expected that the worker failed", list, err)
	}
	for _, pattern := range []string{"/sys/fs/cgroup/memory/iago-[0-9]*-worker-0", "/sys/fs/cgroup/iago-[0-9]*-worker-0", "/sys/fs/cgroup/memory/*/*/iago-[0-9]*-worker-0"} {
		if left, err := filepath.Glob(pattern); err != nil || len(left) > 0 {
			t.Errorf("control groups left: %v, %v", left, err)
		}
	}
}

func TestNiceAndProcessors(t *testing.T) {
	text := `cut -d' ' -f19 /proc/self/stat; grep Cpus_allowed_list /proc/self/status; echo $GOMAXPROCS`
	j := jobOf("placed", script(t, text))
	j.Workers.Count = 3
	j.Workers.Resources = launch.Resources{CPULimit: 1}
	h := start(t, newLauncher(t, "dir="+t.TempDir(), "nice=5", "spread=true"), j)
	self, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		t.Fatal(err)
	}
	mine := strings.Fields(string(self)[strings.LastIndexByte(string(self), ')')+2:])[16]
	if got := strings.Split(log(t, h, "feeder-0"), "\n"); got[0] != mine || got[2] != "" {
		t.Errorf("feeder: %q, expected niceness %s", got, mine)
	}
	seen := map[string]bool{}
	for _, w := range []string{"worker-0", "worker-1", "worker-2"} {
		got := strings.Split(log(t, h, w), "\n")
		if got[0] == mine || got[2] != "1" || strings.ContainsAny(got[1], ",-") {
			t.Errorf("%s: %q, expected another niceness than %s, and one processor", w, got, mine)
		}
		seen[got[1]] = true
	}
	if len(seen) > 3 {
		t.Errorf("processors: %v", seen)
	}
}
