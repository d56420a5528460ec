package test

import (
	"runtime"
	"sync"
	"testing"

	"github.com/iagoloadgen/iago/internal/poller"
)

// pollers are the ways to watch connections that can be had on this machine: stories about the network are told once for each.
var pollers = sync.OnceValue(func() (names []string) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for _, name := range poller.Names() {
		if p, _, err := poller.New(name); err == nil {
			p.Shut()
			names = append(names, name)
		}
	}
	return names
})

// A system lets us have its own poller; only io_uring may be forbidden, as it is in many containers.
func TestPollersCanBeHad(t *testing.T) {
	have := map[string]bool{}
	for _, name := range pollers() {
		have[name] = true
	}
	for _, name := range poller.Names() {
		if !have[name] && name != "io_uring" {
			t.Errorf("%s cannot be had", name)
		}
	}
	t.Logf("can be had: %v", pollers())
}
