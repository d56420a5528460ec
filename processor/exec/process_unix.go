//go:build unix

package exec

import (
	"os"
	osexec "os/exec"
	"syscall"
)

// ownGroup puts the program in a process group that bears its number.
func ownGroup(c *osexec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// signalGroup ends the group, or asks it to end. The leader must not have been waited for: until then the number is the group's.
func signalGroup(leader *os.Process, kill bool) {
	sig := syscall.SIGTERM
	if kill {
		sig = syscall.SIGKILL
	}
	_ = syscall.Kill(-leader.Pid, sig) // an error says that nobody is left
}
