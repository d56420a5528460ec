package process

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// prepare gives the process a group of its own, and lets the kernel kill it if this one dies.
func prepare(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// sweep waits until the process has ended, and ends what is left of its group while its number is still its own.
func sweep(pid int) {
	for {
		err := unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if err != unix.EINTR {
			break
		}
	}
	signalGroup(pid, true)
}

// limits are the bounds of a process about to be started by this thread.
type limits struct {
	memory int64
	groups []string // control groups made for it, to be removed
	join   string   // version 1: file to write its number to
	plain  bool     // no control group to be had: a limit on its data segment
	group  *os.File // descriptor of a group of version 2
}

// confine prepares the bounds: of the thread for what a child inherits, of the command for the rest. Memory is bounded by a control
// group if this process may make one, version 2 or 1, else by RLIMIT_DATA, which counts private memory that can be written.
func confine(cmd *exec.Cmd, p Plan) (*limits, error) {
	l := &limits{memory: p.Limits.Memory}
	if len(p.Limits.CPUs) > 0 {
		var set unix.CPUSet
		for _, c := range p.Limits.CPUs {
			set.Set(c)
		}
		if err := unix.SchedSetaffinity(0, &set); err != nil {
			return nil, fmt.Errorf("processors %v: %w", p.Limits.CPUs, err)
		}
	}
	if p.Limits.Nice != 0 {
		now, err := unix.Getpriority(unix.PRIO_PROCESS, 0) // 20 - niceness: system calls return nothing negative
		if err == nil {
			err = unix.Setpriority(unix.PRIO_PROCESS, 0, 20-now+p.Limits.Nice)
		}
		if err != nil {
			return nil, fmt.Errorf("nice %d: %w", p.Limits.Nice, err)
		}
	}
	if l.memory <= 0 {
		return l, nil
	}
	name := fmt.Sprintf("iago-%d-%s", os.Getpid(), p.Name)
	if dir := ownGroup(""); dir != "" && l.make(filepath.Join(dir, name), "memory.max") {
		if f, err := os.Open(l.groups[0]); err == nil {
			l.group = f
			cmd.SysProcAttr.UseCgroupFD, cmd.SysProcAttr.CgroupFD = true, int(f.Fd())
			return l, nil
		}
		l.remove()
	}
	if dir := ownGroup("memory"); dir != "" && l.make(filepath.Join(dir, name), "memory.limit_in_bytes") {
		l.join = filepath.Join(l.groups[0], "cgroup.procs")
		return l, nil
	}
	l.plain = true
	return l, nil
}

// make makes a control group with a limit, if this process may.
func (l *limits) make(dir, file string) bool {
	if os.Mkdir(dir, 0o755) != nil {
		return false
	}
	if os.WriteFile(filepath.Join(dir, file), []byte(strconv.FormatInt(l.memory, 10)), 0) != nil {
		_ = os.Remove(dir) // it was made a moment ago and is empty
		return false
	}
	l.groups = append(l.groups, dir)
	return true
}

// started bounds the process that was just started.
func (l *limits) started(pid int) error {
	if l.group != nil {
		l.group.Close()
	}
	switch {
	case l.join != "":
		if err := os.WriteFile(l.join, []byte(strconv.Itoa(pid)), 0); err != nil {
			return fmt.Errorf("memory limit: %w", err)
		}
	case l.plain:
		r := unix.Rlimit{Cur: uint64(l.memory), Max: uint64(l.memory)}
		if err := unix.Prlimit(pid, unix.RLIMIT_DATA, &r, nil); err != nil {
			return fmt.Errorf("memory limit: %w", err)
		}
	}
	return nil
}

func (l *limits) remove() {
	if l.group != nil {
		l.group.Close()
	}
	removeGroups(l.groups)
	l.groups = nil
}

// removeGroups removes control groups that have no process any more.
func removeGroups(dirs []string) {
	for _, d := range dirs {
		_ = os.Remove(d) // one that is in use, or gone, stays as it is
	}
}

// ownGroup is the folder of this process's control group: version 2, or the hierarchy of a controller of version 1 (cgroups(7)).
func ownGroup(controller string) string {
	groups, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(groups)) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) == 3 && parts[1] == controller {
			if mount := groupMount(controller); mount != "" {
				return filepath.Join(mount, parts[2])
			}
		}
	}
	return ""
}

// groupMount is where the hierarchy is mounted (proc(5), mountinfo).
func groupMount(controller string) string {
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(mounts)) {
		before, after, ok := strings.Cut(strings.TrimSpace(line), " - ")
		place, kind := strings.Fields(before), strings.Fields(after)
		if !ok || len(place) < 5 || len(kind) < 3 {
			continue
		}
		v2 := controller == "" && kind[0] == "cgroup2"
		v1 := controller != "" && kind[0] == "cgroup" && has(kind[2], controller)
		if v1 || v2 {
			return place[4]
		}
	}
	return ""
}

// has tells whether a list with commas has a word.
func has(list, word string) bool {
	for w := range strings.SplitSeq(list, ",") {
		if w == word {
			return true
		}
	}
	return false
}

// CPUs are the processors that this process may use.
func CPUs() (list []int) {
	var set unix.CPUSet
	if unix.SchedGetaffinity(0, &set) != nil {
		return nil
	}
	for i := range len(set) * 64 {
		if set.IsSet(i) {
			list = append(list, i)
		}
	}
	return list
}

// prepareTool gives a short-lived command a group of its own. The kernel is not asked to kill it with the thread that starts it.
func prepareTool(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
