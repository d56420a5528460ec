package cluster

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// end kills the process and all that it has started, and waits for the end. Its children are known by their environment, whatever became of
// their parents, their groups and sessions.
func (p *Proc) end() {
	p.t.Helper()
	_ = p.cmd.Process.Kill() // it may have ended
	<-p.done
	for limit := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		left := marked(p.mark)
		if len(left) == 0 {
			return
		}
		if time.Now().After(limit) {
			p.t.Errorf("cluster: processes %v, started by %v, do not end", left, p)
			return
		}
		for _, pid := range left {
			kill(pid, func(m string) bool { return m == p.mark })
		}
	}
}

// sweep kills what test binaries that died have left running: their processes die with them, but not the children of those.
func sweep() {
	for _, pid := range processes(orphaned) {
		kill(pid, orphaned)
	}
}

// orphaned tells whether a mark is that of a test binary that is dead.
func orphaned(mark string) bool {
	name, ours := strings.CutPrefix(mark, variable)
	return ours && dead(name)
}

// dead tells whether a name, "PID-…", is that of a test binary that is dead.
func dead(name string) bool {
	number, _, _ := strings.Cut(name, "-")
	pid, err := strconv.Atoi(number)
	return err == nil && errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)
}

// marked lists the processes with a mark.
func marked(mark string) []int { return processes(func(m string) bool { return m == mark }) }

// processes lists those with a variable in their environment that is looked for. Zombies have none.
func processes(wanted func(variable string) bool) (pids []int) {
	list, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	for _, e := range list {
		if pid, err := strconv.Atoi(e.Name()); err == nil && has(pid, wanted) {
			pids = append(pids, pid)
		}
	}
	return pids
}

func has(pid int, wanted func(variable string) bool) bool {
	env, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	if err != nil {
		return false // it has ended, or is another user's
	}
	return slices.ContainsFunc(strings.Split(string(env), "\x00"), wanted)
}

// kill kills a process that is wanted. It holds the process while it looks, so that it cannot hit another with the same id.
func kill(pid int, wanted func(variable string) bool) {
	p, err := os.FindProcess(pid)
	if err != nil {
		return
	}
	defer func() { _ = p.Release() }()
	if has(pid, wanted) {
		_ = p.Signal(syscall.SIGKILL) // if it has just ended, so much the better
	}
}
