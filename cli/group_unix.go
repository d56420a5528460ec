//go:build unix

package cli

import "syscall"

// ownGroup keeps a terminal's signals from a child: its parent tells it when to end.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
