//go:build !linux

package process

import (
	"fmt"
	"os/exec"
	"runtime"
)

type limits struct{ groups []string }

// confine refuses what cannot be had here. Memory is bounded by the Go runtime's own soft limit alone.
func confine(_ *exec.Cmd, p Plan) (*limits, error) {
	if len(p.Limits.CPUs) > 0 || p.Limits.Nice != 0 {
		return nil, fmt.Errorf("processors and niceness cannot be set on %s", runtime.GOOS)
	}
	return &limits{}, nil
}

func (l *limits) started(int) error { return nil }
func (l *limits) remove()           {}

func sweep(int)             {}
func removeGroups([]string) {}

// CPUs are not known here.
func CPUs() []int { return nil }
