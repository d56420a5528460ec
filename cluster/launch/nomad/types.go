package nomad

import (
	"math"
	"time"

	"github.com/iagoloadgen/iago/cluster/launch"
)

// What is written, in the words of Nomad's API (job specification in JSON); durations are nanoseconds there.

type job struct {
	ID, Name, Type    string
	Region, Namespace string            `json:",omitempty"`
	Datacenters       []string          `json:",omitempty"`
	Meta              map[string]string `json:",omitempty"`
	TaskGroups        []*group
}

type group struct {
	Name             string
	Count            int
	Constraints      []*constraint `json:",omitempty"`
	Spreads          []*spread     `json:",omitempty"`
	RestartPolicy    *restart
	ReschedulePolicy *reschedule `json:",omitempty"`
	Tasks            []*task
}

type constraint struct{ LTarget, RTarget, Operand string }

type spread struct {
	Attribute string
	Weight    int8
}

type restart struct {
	Attempts        int
	Interval, Delay time.Duration
	Mode            string
}

type reschedule struct {
	Attempts  int
	Unlimited bool
}

type task struct {
	Name, Driver string
	Config       map[string]any
	Env          map[string]string `json:",omitempty"`
	Templates    []*tmpl           `json:",omitempty"`
	Resources    *resources        `json:",omitempty"`
	KillTimeout  time.Duration
}

type tmpl struct {
	EmbeddedTmpl, DestPath, Perms, ChangeMode, LeftDelim, RightDelim string
}

type resources struct {
	Cores       int `json:",omitempty"`
	MemoryMB    int `json:",omitempty"`
	MemoryMaxMB int `json:",omitempty"`
}

// resourcesOf gives whole cores, which Nomad sets aside, and MiB. Nomad's other measure of CPU is MHz of a machine that is not known here.
func resourcesOf(r launch.Resources) *resources {
	if r == (launch.Resources{}) {
		return nil
	}
	mib := func(bytes int64) int { return int((bytes + 1<<20 - 1) >> 20) }
	out := &resources{Cores: int(math.Ceil(max(r.CPU, r.CPULimit))), MemoryMB: mib(r.Memory), MemoryMaxMB: mib(r.MemoryLimit)}
	if out.MemoryMB == 0 {
		out.MemoryMB, out.MemoryMaxMB = out.MemoryMaxMB, 0
	}
	return out
}
