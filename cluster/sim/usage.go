package sim

import (
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/iagoloadgen/iago/internal/host"
)

// Usage is what a process has used.
type Usage struct {
	CPU  time.Duration
	RSS  int64 // bytes, now
	Heap int64 // bytes in use by Go after a collection or not, now
}

// usage is this process's.
func usage() Usage {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	used := host.Used()
	return Usage{CPU: used.User + used.System, RSS: resident(), Heap: int64(m.HeapAlloc)}
}

// resident is the memory that the process has now; 0 where the system does not tell.
func resident() int64 {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	f := strings.Fields(string(b))
	if len(f) < 2 {
		return 0
	}
	pages, _ := strconv.ParseInt(f[1], 10, 64)
	return pages * int64(os.Getpagesize())
}
