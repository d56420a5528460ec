//go:build unix

package process

import (
	"os"
	"syscall"
)

// signalGroup asks the group of that number to end, or ends it.
func signalGroup(pid int, kill bool) {
	sig := syscall.SIGTERM
	if kill {
		sig = syscall.SIGKILL
	}
	_ = syscall.Kill(-pid, sig) // an error says that nobody is left
}

// ending is how a process ended.
func ending(s *os.ProcessState) (exit int, reason string) {
	if w, ok := s.Sys().(syscall.WaitStatus); ok && w.Signaled() {
		return 128 + int(w.Signal()), s.String()
	}
	if s.ExitCode() == 0 {
		return 0, ""
	}
	return s.ExitCode(), s.String()
}
