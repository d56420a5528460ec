package cli

import (
	"os"

	"golang.org/x/term"
)

func isTTY(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }

// columns is the width of the terminal that f is; 80 when it does not tell.
func columns(f *os.File) int {
	if w, _, err := term.GetSize(int(f.Fd())); err == nil && w > 0 {
		return w
	}
	return 80
}
