package host

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Used reads the process' own usage.
func Used() Usage {
	var r unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &r) != nil {
		return Usage{}
	}
	return Usage{User: time.Duration(r.Utime.Nano()), System: time.Duration(r.Stime.Nano()), MaxRSS: r.Maxrss * 1024}
}

// Ticks are the machine's processor time since it started, in the kernel's ticks.
type Ticks struct{ Total, Steal uint64 }

// CPUTicks reads /proc/stat; ok is false where there is none.
func CPUTicks() (t Ticks, ok bool) {
	b, err := os.ReadFile("/proc/stat")
	if err != nil {
		return t, false
	}
	return parseStat(b)
}

// parseStat reads the first line: "cpu user nice system idle iowait irq softirq steal guest guest_nice" (proc(5)).
func parseStat(b []byte) (t Ticks, ok bool) {
	line, _, _ := bytes.Cut(b, []byte("\n"))
	f := strings.Fields(string(line))
	if len(f) < 9 || f[0] != "cpu" {
		return t, false
	}
	for i, s := range f[1:9] { // guest time is in user time already
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			return Ticks{}, false
		}
		t.Total += n
		if i == 7 {
			t.Steal = n
		}
	}
	return t, true
}

// Descriptors is how many file descriptors the process may have open (its soft limit, which Go raises to the hard one at start), and
// how many it has open now.
func Descriptors() (limit, open int, ok bool) {
	var r unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &r) != nil {
		return 0, 0, false
	}
	limit = int(min(r.Cur, 1<<30))
	d, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return limit, 0, true
	}
	return limit, len(d) - 1, true
}

// Ports is the range of local ports for outgoing connections.
func Ports() (low, high int, ok bool) {
	b, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range")
	if err != nil {
		return 0, 0, false
	}
	n, err := fmt.Sscan(string(b), &low, &high)
	return low, high, err == nil && n == 2
}

// Governors counts the processors by frequency governor; empty where frequencies are not the system's to set.
func Governors() map[string]int {
	files, _ := filepath.Glob("/sys/devices/system/cpu/cpu[0-9]*/cpufreq/scaling_governor")
	out := map[string]int{}
	for _, f := range files {
		if b, err := os.ReadFile(f); err == nil {
			out[strings.TrimSpace(string(b))]++
		}
	}
	return out
}

// ClockSource names what the kernel tells time by; "" when unknown.
func ClockSource() string {
	b, _ := os.ReadFile("/sys/devices/system/clocksource/clocksource0/current_clocksource")
	return strings.TrimSpace(string(b))
}

// Kernel is the kernel's release.
func Kernel() string {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return ""
	}
	return unix.ByteSliceToString(u.Release[:])
}

// Sleep sleeps as an event loop does: in the kernel, with a timer slack of 1 ns.
func Sleep(d time.Duration) {
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0)
	ts := unix.NsecToTimespec(int64(d))
	_ = unix.Nanosleep(&ts, nil)
}
