//go:build !unix

package exec

import (
	"os"
	osexec "os/exec"
)

// ownGroup does nothing: there are no process groups as Unix has them.
func ownGroup(*osexec.Cmd) {}

// signalGroup ends the program; there is no way to ask it to.
func signalGroup(leader *os.Process, _ bool) {
	_ = leader.Kill() // an error says that it has ended
}
