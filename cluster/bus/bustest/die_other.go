//go:build !linux

package bustest

import "syscall"

// dieWithTest does nothing here: a server outlives a test that is killed.
func dieWithTest() *syscall.SysProcAttr { return nil }
