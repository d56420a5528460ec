package bustest

import "syscall"

// dieWithTest has a server end when the test's process dies, however it does.
func dieWithTest() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
