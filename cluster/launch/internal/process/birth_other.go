//go:build !linux

package process

import (
	"os/exec"
	"strconv"
	"strings"
)

// birth tells when the process with that number was born, in ps's words; "" if there is none, or only a zombie.
func birth(pid int) string {
	out, err := exec.Command("ps", "-o", "stat=,lstart=", "-p", strconv.Itoa(pid)).Output()
	state, when, ok := strings.Cut(strings.TrimSpace(string(out)), " ")
	if err != nil || !ok || strings.HasPrefix(state, "Z") {
		return ""
	}
	return strings.TrimSpace(when)
}

// boot is not told apart: births have their date.
func boot() string { return "" }
