package process

import (
	"bytes"
	"fmt"
	"os"
	"strings"
)

// birth tells when the process with that number was born, in clock ticks since the machine was (proc(5), field 22 of stat); "" if there
// is none, or only a zombie.
func birth(pid int) string {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	_, rest, ok := bytes.Cut(b[bytes.LastIndexByte(b, ')')+1:], []byte(" ")) // a name may have blanks and brackets
	fields := strings.Fields(string(rest))
	if !ok || len(fields) < 20 || fields[0] == "Z" || fields[0] == "X" {
		return ""
	}
	return fields[19]
}

// boot names the time since the machine was started.
func boot() string {
	b, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}
