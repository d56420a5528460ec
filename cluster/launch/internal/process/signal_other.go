//go:build !unix

package process

import "os"

// signalGroup ends the process; there are neither groups nor a way to ask.
func signalGroup(pid int, _ bool) {
	if p, err := os.FindProcess(pid); err == nil {
		_ = p.Kill() // an error says that it has ended
	}
}

// ending is how a process ended.
func ending(s *os.ProcessState) (exit int, reason string) {
	if s.ExitCode() == 0 {
		return 0, ""
	}
	return s.ExitCode(), s.String()
}
